"""SQL text → typed column lineage. Alone imports sqlglot, and knows nothing of snapshots."""
