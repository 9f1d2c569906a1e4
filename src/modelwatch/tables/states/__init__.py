"""Stored states: sums over the rows of a day."""
