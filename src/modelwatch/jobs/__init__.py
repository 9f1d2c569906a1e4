"""The entry point for spark-submit; `modelwatch conf-path job` prints its path."""
