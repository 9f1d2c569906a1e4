"""Current results over JDBC, through a Thrift server that knows nothing of modelwatch."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pyspark
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from modelwatch.io.session.stack import stack_settings
from shop import Shop, day

HOME = Path(pyspark.__file__).parent
SECONDS_TO_START = 120


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@contextmanager
def thrift_server(folder: Path, jars: str) -> Iterator[str]:
    """A Thrift server of pip's Spark with Delta, and the address at which JDBC finds it.

    ``jars``: files of Delta, separated by commas. Sessions of the server do not see classes of
    packages that it resolves itself.
    """
    port = free_port()
    classes = os.pathsep.join(urlsplit(jar).path for jar in jars.split(","))
    settings = {
        **{k: v for k, v in stack_settings().items() if k != "spark.jars.packages"},
        "spark.driver.extraClassPath": classes,
        "spark.master": "local[1]",
        "spark.driver.memory": "1g",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.hadoop.javax.jdo.option.ConnectionURL": (
            f"jdbc:derby:;databaseName={folder / 'metastore'};create=true"
        ),
        "spark.hadoop.hive.server2.thrift.port": str(port),
        "spark.hadoop.hive.server2.thrift.bind.host": "127.0.0.1",
    }
    words = [word for key, value in settings.items() for word in ("--conf", f"{key}={value}")]
    log = folder / "server.log"
    with log.open("wb") as written:
        server = subprocess.Popen(
            [
                str(HOME / "bin" / "spark-submit"),
                "--class",
                "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2",
                *words,
                "spark-internal",
            ],
            stdout=written,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, "SPARK_HOME": str(HOME)},
        )
    try:
        end = time.monotonic() + SECONDS_TO_START
        while not is_listening(port):
            assert server.poll() is None and time.monotonic() < end, log.read_text()[-4000:]
            time.sleep(0.5)
        yield f"jdbc:hive2://127.0.0.1:{port}/default"
    finally:
        server.terminate()
        server.wait(timeout=60)


def is_listening(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def beeline(address: str, query: str) -> list[list[str]]:
    """Rows of a query, as text."""
    done = subprocess.run(
        [
            str(HOME / "bin" / "beeline"),
            "-u",
            address,
            "--silent=true",
            "--outputformat=tsv2",
            "--showHeader=false",
            "-e",
            query,
        ],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env={**os.environ, "SPARK_HOME": str(HOME)},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    # Beeline may print its prompt before an answer.
    answers = re.sub(r"^\d: jdbc:\S+> ", "", done.stdout, flags=re.M)
    rows = [line.split("\t") for line in answers.splitlines() if line.strip()]
    return [row for row in rows if not re.match(r"(SLF4J|Connect|Beeline|Picked up)", row[0])]


@pytest.mark.slow
def test_a_jdbc_client_reads_what_the_views_show(spark: SparkSession, tmp_path: Path) -> None:
    shop = Shop(spark, tmp_path)
    shop.config["output"]["publish"] = True
    shop.open(day(1), day(2), day(3))
    shop.run()
    asked = (
        "SELECT feature, statistic, window_name, window_start, row_count FROM {} "
        "WHERE segmentation = 'all' AND feature_b IS NULL "
        "ORDER BY feature, statistic, window_name, window_start, reference, model_version"
    )
    published = shop.output / "published" / "drift_current"
    folder = tmp_path / "server"
    folder.mkdir()
    with thrift_server(folder, spark.conf.get("spark.jars") or "") as address:
        found = beeline(address, asked.format(f"delta.`{published}`"))
    expected = shop.ask(asked.format("drift_current"))
    assert found == [[str(value) for value in row] for row in expected]
    assert 0 < len(found) <= DeltaTable(str(published)).to_pyarrow_table().num_rows
