"""Soak test, ``make soak``: kills, full disks, damaged tables, and extreme sizes."""
