"""A server of Spark Connect in a process of its own, for clients without a JVM.

``python connect_server.py SETTINGS`` starts one on a free port of this machine, prints the port,
and ends with its standard input. SETTINGS are those of its Spark, as JSON.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bare_python import bare_python

PLUGIN = "org.apache.spark.sql.connect.SparkConnectPlugin"
PORT = "spark.connect.grpc.binding.port"


@contextmanager
def connect_server(settings: Mapping[str, str], log: Path) -> Iterator[str]:
    """The address of a server, which ends with the block; its output goes to a file.

    Its Python workers do not have the package.
    """
    environment = {k: v for k, v in os.environ.items() if k not in ("SPARK_REMOTE", "PYTHONPATH")}
    bin_folder = log.with_suffix(".bin")
    bin_folder.mkdir()
    environment["PYSPARK_PYTHON"] = str(bare_python(bin_folder, sys.executable))
    with log.open("wb") as errors:
        server = subprocess.Popen(
            [sys.executable, __file__, json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
        )
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            port = server.stdout.readline().strip().decode()
            assert port.isdigit(), log.read_text(encoding="utf-8")[-3000:]
            yield f"sc://127.0.0.1:{port}"
        finally:
            server.stdin.close()
            try:
                server.wait(60)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def main(settings: Mapping[str, str]) -> None:
    """Serve until the standard input ends."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("modelwatch tests of Spark Connect")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    for key, value in {**settings, "spark.plugins": PLUGIN, PORT: port}.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    print(port, flush=True)
    sys.stdin.read()
    session.stop()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
