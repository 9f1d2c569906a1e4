"""Verdicts: which metric values are beyond a threshold and not chance."""
