"""The JVM of a new Spark session, started without output on the terminal."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from contextlib import suppress

from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkRuntimeError
from pyspark.java_gateway import launch_gateway

from modelwatch.io.session.processes import descendants, processes
from modelwatch.io.session.spark_log import new_log
from modelwatch.log import LOG
from modelwatch.model.errors import SessionError


def start_gateway(settings: Mapping[str, str]) -> None:
    """Start the JVM of this process with some Spark settings, unless it is running or was
    submitted.

    Its output, including that of Ivy, Spark, and Python workers, goes to a log file. SessionError
    says why it does not start, and names the log.
    """
    if SparkContext._gateway is not None or "PYSPARK_GATEWAY_PORT" in os.environ:
        return
    LOG.info("resolving Spark packages and starting Spark")
    log, before = new_log(), _children()
    with log.path.open("ab") as output:
        try:
            gateway = launch_gateway(  # type: ignore[no-untyped-call]
                SparkConf(loadDefaults=False).setAll(list(settings.items())),
                {"stdout": output, "stderr": output},
            )
        except (PySparkRuntimeError, OSError) as error:
            log.retained = True
            reason = str(error) if isinstance(error, OSError) else log.reason()
            message = f"Spark did not start: {reason} (its log: {log.path})"
            raise SessionError(message) from error
        except KeyboardInterrupt:
            # A JVM that is still starting does not notice that its parent has exited.
            for child in _children() - before:
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            raise
    SparkContext._ensure_initialized(gateway=gateway)


def _children() -> set[int]:
    """The processes that this process has started, and their descendants."""
    return {*descendants(processes() or {}, [os.getpid()])} - {os.getpid()}
