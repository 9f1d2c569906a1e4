"""Measure false alarms and detected faults, with the functions of a run and without Spark, and
compare them with Evidently and NannyML."""
