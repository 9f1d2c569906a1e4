"""Outlying rows and values."""
