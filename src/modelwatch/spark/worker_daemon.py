"""The process from which Spark forks Python workers, with the modules of their tasks imported.

Spark starts it with ``python -m`` (``spark.python.daemon.module``) instead of its own.
"""

from __future__ import annotations

import gc
from importlib import import_module

from pyspark.daemon import manager

MODULE = "modelwatch.spark.worker_daemon"
"""Name of this module, which is ``__main__`` when it is started."""
TASKS = (
    "contracts.facts",
    "drift.evaluated_windows",
    "onboarding.joined_facts",
    "onboarding.sample_facts",
    "outliers.outliers",
    "performance.evaluated_windows",
    "states.aggregation",
    "states.rolled",
    "verdicts.judgement",
)
"""Modules of this package that send functions to Python workers."""
READERS = ("sources.file_rows",)
"""Modules whose functions run in the tasks of others."""


def serve() -> None:
    """Fork a worker whenever Spark requests one, until Spark ends."""
    for name in (*TASKS, *READERS):
        import_module(f"modelwatch.spark.{name}")
    # A worker collects garbage after each task, which would visit all imported objects and copy the
    # memory that it shares.
    gc.collect()
    gc.freeze()
    manager()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    serve()
