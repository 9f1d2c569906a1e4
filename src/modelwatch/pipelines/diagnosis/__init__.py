"""What kind of change an incident is, where it sits and when it began."""
