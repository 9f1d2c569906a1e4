"""Statistics, metrics, tests and intervals against independent implementations, at random."""
