"""Messages to people and where they go."""
