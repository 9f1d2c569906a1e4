"""Stored states: what rows of a day add up to."""
