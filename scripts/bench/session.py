"""The Spark session of a measure: the packaged properties on two cores."""

from __future__ import annotations

import os
import sys

from pyspark.sql import SparkSession
from scripts.bench.case import CORES


def opened_session(memory: str | None = None) -> SparkSession:
    """The session of the job in local mode; ``memory`` replaces the configured driver memory.

    Uses Spark Connect if SPARK_REMOTE is in the environment.
    """
    from modelwatch.io.session.connect import is_connect_wanted
    from modelwatch.io.session.java import find_java_home
    from modelwatch.io.session.spark_session import open_session
    from modelwatch.io.session.stack import stack_settings

    os.environ["JAVA_HOME"] = str(find_java_home(os.environ))
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    if is_connect_wanted(os.environ):
        return open_session("modelwatch benchmark")
    builder = SparkSession.builder.appName("modelwatch benchmark").master(f"local[{CORES}]")
    for key, value in stack_settings().items():
        builder = builder.config(key, value)
    builder = builder.config("spark.ui.enabled", "false")
    if memory:
        builder = builder.config("spark.driver.memory", memory)
    builder.getOrCreate()
    return open_session("modelwatch benchmark")
