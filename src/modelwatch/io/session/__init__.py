"""The Spark session and the process around it."""
