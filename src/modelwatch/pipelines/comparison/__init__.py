"""Promotion of challengers."""
