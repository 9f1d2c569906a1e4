"""The kind of change of an incident, its location, and its onset."""
