"""Rows and values that lie far out."""
