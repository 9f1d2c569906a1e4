"""States and statistics: numbers in, numbers out, numpy only."""
