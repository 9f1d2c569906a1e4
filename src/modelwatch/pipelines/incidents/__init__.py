"""Incidents: failures with a common cause."""
