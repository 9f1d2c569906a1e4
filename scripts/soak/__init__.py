"""Faults of production, on purpose: kills, full disks, broken tables, sizes. ``make soak``."""
