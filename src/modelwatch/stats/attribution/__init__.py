"""Causes and location of changes in performance."""
