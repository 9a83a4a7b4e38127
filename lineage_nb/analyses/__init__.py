"""One question per module: data in, answer out."""
