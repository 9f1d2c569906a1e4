"""Source tables: where they are and how fresh and complete they are."""
