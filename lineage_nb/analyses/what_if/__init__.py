"""What would be freed and who would miss it."""
