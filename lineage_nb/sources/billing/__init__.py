"""Bills: FOCUS and AWS Cost and Usage Reports."""
