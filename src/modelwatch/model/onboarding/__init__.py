"""A first configuration from the tables."""
