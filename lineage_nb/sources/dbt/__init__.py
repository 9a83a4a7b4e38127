"""dbt: manifest, catalog, run results, sources."""
