"""States in, metrics out: numpy and Arrow, without Spark."""
