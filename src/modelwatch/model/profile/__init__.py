"""Profiles of features."""
