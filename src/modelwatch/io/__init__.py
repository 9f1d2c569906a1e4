"""All effects: the Spark session, reading sources, writing results, and views."""
