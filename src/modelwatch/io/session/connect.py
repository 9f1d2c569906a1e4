"""A new Spark session over Spark Connect: of a server that runs, or of one on this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from modelwatch.io.session.stack import stack_settings
from modelwatch.log import LOG
from modelwatch.model.errors import SessionError

_REMOTE = "SPARK_REMOTE"
"""Variable of the environment with the address of a server, or `local[N]` to start one."""
_ENABLED = "SPARK_CONNECT_MODE_ENABLED"
"""Variable that a platform sets where sessions are of Spark Connect, whatever their address."""
_LOCAL = "local"


def is_connect_wanted(environment: Mapping[str, str]) -> bool:
    """Whether new sessions are those of Spark Connect."""
    return bool(environment.get(_REMOTE)) or _ENABLED in environment


def connected_session(app_name: str) -> SparkSession:
    """A session of the server at SPARK_REMOTE, an address such as ``sc://host:15002``.

    ``local[N]`` starts a server in a Java of this process, on the packaged stack. SessionError if
    there is no server, or if it does not start.
    """
    remote = os.environ.get(_REMOTE, "")
    builder = SparkSession.builder.appName(app_name)
    if remote.startswith(_LOCAL):
        _prepare_java()
        LOG.info("resolving Spark packages and starting Spark with a server of Spark Connect")
        for key, value in stack_settings().items():
            builder = builder.config(key, value)
    try:
        session = builder.getOrCreate()
        # Creating the session does not contact the server; the first query does.
        _ = session.version
    except (PySparkException, ImportError, OSError) as error:
        raise SessionError(
            f"there is no session of Spark Connect at {remote!r}: {error}. Check the address in "
            f"{_REMOTE}, and that the extra `spark-4` is installed"
        ) from error
    return session


def _prepare_java() -> None:
    """Set what the server and its Python workers need to start on this machine."""
    from modelwatch.io.session.java import find_java_home

    os.environ["JAVA_HOME"] = str(find_java_home(os.environ))
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
