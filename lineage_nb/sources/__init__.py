"""Bytes of a source → frames of the model and a report."""
