"""The process that Spark forks Python workers from, which has imported what their tasks need.

Spark starts it as ``python -m``, by ``spark.python.daemon.module``, in place of its own.
"""

from __future__ import annotations

import gc
from importlib import import_module

from pyspark.daemon import manager

MODULE = "modelwatch.spark.worker_daemon"
"""Name of this module, which is another one where it is started."""
TASKS = (
    "contracts.facts",
    "drift.evaluated_windows",
    "drift.repeated_days",
    "onboarding.joined_facts",
    "onboarding.sample_facts",
    "outliers.bounds",
    "outliers.outlying_rows",
    "performance.evaluated_windows",
    "states.aggregation",
    "states.monthly",
    "states.reference_bins",
    "states.rolled",
    "states.score_aggregation",
    "verdicts.day_facts",
    "verdicts.rows",
)
"""Modules beside this one that hand functions to Python workers."""


def serve() -> None:
    """Fork a worker whenever Spark asks for one, until Spark ends."""
    for name in TASKS:
        import_module(f"modelwatch.spark.{name}")
    # A worker collects garbage after each task: it would look at all that is imported, and copy
    # the memory that it shares.
    gc.collect()
    gc.freeze()
    manager()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    serve()
