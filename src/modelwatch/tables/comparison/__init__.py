"""Comparison of champion and challenger."""
