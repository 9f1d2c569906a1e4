"""Commands in a session of their own: ``python in_object_store.py SETTINGS STEPS``.

SETTINGS are those of Spark beside the packaged ones, as JSON. STEPS is a list of steps, each a list
of commands at once, each a list of words. After each step, a line ``codes [...]`` has their exit
codes.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pyspark.sql import SparkSession

from modelwatch import cli
from modelwatch.io.session.java import find_java_home
from modelwatch.io.session.spark_session import open_session
from modelwatch.io.session.stack import stack_settings

PACKAGES, EXCLUDES = "spark.jars.packages", "spark.jars.excludes"


def opened(settings: Mapping[str, str]) -> SparkSession:
    """A session on the packaged stack and further packages and settings."""
    stack = stack_settings()
    joined = {PACKAGES: f"{stack[PACKAGES]},{settings[PACKAGES]}"}
    # The packaged stack leaves out what Spark has itself; the connector is not of that.
    kept = [one for one in stack[EXCLUDES].split(",") if not one.startswith("org.apache.hadoop:")]
    builder = SparkSession.builder.appName("modelwatch tests of object stores").master("local[2]")
    given = {**stack, **settings, **joined, EXCLUDES: ",".join(kept), "spark.ui.enabled": "false"}
    for key, value in given.items():
        builder = builder.config(key, value)
    builder.getOrCreate()
    return open_session("modelwatch tests of object stores")


def main(settings: Mapping[str, str], steps: list[list[list[str]]]) -> None:
    """Give the commands, and print their exit codes."""
    os.environ["JAVA_HOME"] = str(find_java_home(os.environ))
    session = opened(settings)
    jvm: Any = session._jvm

    def code(words: list[str]) -> int:
        # Each thread has an active session of its own.
        jvm.SparkSession.setActiveSession(session._jsparkSession)  # type: ignore[attr-defined]
        return cli.main(words)

    for commands in steps:
        with ThreadPoolExecutor(len(commands)) as at_once:
            codes = list(at_once.map(code, commands))
        print(f"\ncodes {json.dumps(codes)}", flush=True)
    session.stop()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), json.loads(sys.argv[2]))
