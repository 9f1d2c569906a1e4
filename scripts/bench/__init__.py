"""The benchmark, ``make bench``. Each measure runs in a separate process.

Its results are in docs/appendices/benchmark.md.
"""
