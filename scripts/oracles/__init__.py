"""Compare statistics, metrics, tests, and intervals with other implementations on random data."""
