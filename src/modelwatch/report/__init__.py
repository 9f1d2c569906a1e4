"""HTML pages and charts from the result tables."""
