"""Verdicts: metric values that exceed a threshold by more than chance."""
