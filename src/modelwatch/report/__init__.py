"""Pages and pictures from the result tables."""
