"""Performance of a model as labels show it."""
