"""All effects: the Spark session, reads of sources, writes of results, views."""
