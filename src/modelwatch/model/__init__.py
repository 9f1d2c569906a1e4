"""The model of a monitor: configuration, days, windows, features, constraints and plans."""
