"""The benchmark, ``make bench``: each measure in a process of its own; docs/performance.md."""
