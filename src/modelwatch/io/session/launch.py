"""A new Spark session on the packaged stack: its JVM, jars, and settings."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession

from modelwatch.io.session.gateway import start_gateway
from modelwatch.io.session.jars import check_jars, locked_jars
from modelwatch.io.session.java import find_java_home, warning_of
from modelwatch.io.session.lines import installed_line
from modelwatch.io.session.shipping import wheel_of
from modelwatch.io.session.stack import stack_settings
from modelwatch.log import LOG
from modelwatch.package import PACKAGE_FOLDER
from modelwatch.spark.worker_daemon import MODULE

_KILL_DEPTH = "spark.executor.killOnFatalError.depth"
_DAEMON = "spark.python.daemon.module"
_QUICK_COMPILER = "-XX:TieredStopAtLevel=1"
"""Java options of a short session, which ends before the second compiler pays off."""


def launched_session(
    app_name: str, settings: Mapping[str, str], *, brief: bool = False
) -> SparkSession:
    """A new session on the packaged stack with further settings; ``brief`` as in ``open_session``.

    Under spark-submit, the JVM is running, and its settings take precedence. SessionError if there
    is no Java, if it does not start, or if a jar differs from the pinned one.
    """
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ
    if not submitted:
        os.environ["JAVA_HOME"] = str(find_java_home(os.environ))
        if brief:
            options = os.environ.get("SPARK_SUBMIT_OPTS", "")
            os.environ["SPARK_SUBMIT_OPTS"] = f"{options} {_QUICK_COMPILER}".strip()
    if not brief:
        _warn_of_java()
    if submitted:
        # SparkConf sees the properties of the JVM only after the connection is established.
        SparkContext._ensure_initialized()
    given = _known_settings() if submitted else {}
    line = installed_line()
    stack = stack_settings(line)
    wanted = _unless_given(given, {"spark.app.name": app_name, **stack, **settings})
    if not submitted and _workers_have_package(wanted["spark.master"]):
        wanted.setdefault(_DAEMON, MODULE)
    # The JVM resolves packages when it starts, and loads no class of them before there is a
    # session.
    start_gateway(wanted)
    check_jars(_known_settings(), stack, locked_jars(line), line.lock)
    builder = SparkSession.builder.appName(app_name)
    for key, value in wanted.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    _silence(session)
    return session


def _silence(session: SparkSession) -> None:
    """Keep the tracebacks of a broken connection from the terminal: the run says what died."""
    logging.getLogger("py4j").setLevel(logging.CRITICAL)
    server: Any = session.sparkContext._accumulatorServer
    server.handle_error = lambda request, address: LOG.debug("no accumulators", exc_info=True)


def _workers_have_package(master: str) -> bool:
    """Whether Python workers find the package at the same place as this process, before any task.

    Otherwise it may be in a file that Spark sends to them with their first task.
    """
    return master.startswith("local") and wheel_of(PACKAGE_FOLDER) is None


def _known_settings() -> dict[str, str]:
    return dict(SparkConf(loadDefaults=True).getAll())


def _unless_given(given: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """Default settings, with those of a session on one machine."""
    settings = {key: value for key, value in wanted.items() if key not in given}
    if "spark.master" not in given:
        settings["spark.master"] = os.environ.get("MASTER", "local[*]")
    if given.get("spark.master", "local").startswith("local"):
        if _KILL_DEPTH not in given:
            # In local mode, the driver is the executor: a task that runs out of memory fails with
            # its message instead of ending the JVM, which must still report it.
            settings[_KILL_DEPTH] = "0"
        # Tasks run on this machine, with the Python of the driver, regardless of PATH.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return settings


def _warn_of_java() -> None:
    wording = warning_of(Path(os.environ["JAVA_HOME"])) if os.environ.get("JAVA_HOME") else None
    if wording:
        LOG.warning("%s", wording)
