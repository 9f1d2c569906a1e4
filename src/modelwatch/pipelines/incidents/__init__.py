"""Incidents: failures of one cause."""
