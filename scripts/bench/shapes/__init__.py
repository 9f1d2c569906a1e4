"""Growth of time, memory, and output: the entire job on tables of many shapes."""
