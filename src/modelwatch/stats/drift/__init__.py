"""Drift of features between a window and its references."""
