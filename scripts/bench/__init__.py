"""The benchmark, ``make bench``: each measure in a process of its own.

Its figures are in docs/appendices/benchmark.md.
"""
