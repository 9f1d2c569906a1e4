"""The benchmark: ``make bench``. Each measure runs in a process of its own; see docs/performance.md."""
