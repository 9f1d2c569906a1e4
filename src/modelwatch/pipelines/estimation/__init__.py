"""Performance estimated before labels are known."""
