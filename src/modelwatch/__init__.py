"""Watches machine-learning models in production, as a batch job on Apache Spark."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("modelwatch")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0+source"
