"""How often the verdicts cry wolf, and what they find: measured on the functions that production
runs, without Spark, beside Evidently and NannyML."""
