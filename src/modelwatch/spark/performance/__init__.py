"""Performance of a model, measured with labels."""
