"""Maintenance of the output tables."""
