"""Answers and graphs as text, HTML, SVG, plots and pages."""
