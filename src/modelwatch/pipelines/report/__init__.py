"""The report: its queries and its pages."""
