"""Whether a model must be trained again."""
