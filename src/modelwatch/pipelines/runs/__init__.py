"""Runs: stages, end, and record."""
