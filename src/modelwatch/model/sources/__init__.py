"""Source tables: location, freshness, and completeness."""
