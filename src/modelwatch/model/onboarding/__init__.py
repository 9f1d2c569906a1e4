"""Draft a configuration from tables."""
