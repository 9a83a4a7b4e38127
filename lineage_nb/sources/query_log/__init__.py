"""Query histories of warehouses."""
