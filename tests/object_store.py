"""A server of the interface of S3 on the loopback, and what reads and writes there."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from xml.etree import ElementTree

import pyspark
from deltalake import DeltaTable
from scripts.locked_environment import python_of

from modelwatch.io.session.stack import stack_settings

BUCKET = "lake"
PACKAGES, EXCLUDES = "spark.jars.packages", "spark.jars.excludes"
_KEYS = "{http://s3.amazonaws.com/doc/2006-03-01/}Key"
_START_SECONDS = 120


@dataclass(frozen=True)
class ObjectStore:
    """A bucket of a server at a port of this machine."""

    port: int

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def spark_settings(self) -> dict[str, str]:
        """The packaged settings of Spark, with what a session needs to reach ``s3a://lake``."""
        (client,) = Path(pyspark.__file__).parent.glob("jars/hadoop-client-api-*.jar")
        connector = f"org.apache.hadoop:hadoop-aws:{client.stem.rpartition('-')[2]}"
        stack = stack_settings()
        # The connector is not of what the packaged stack leaves out because Spark has it.
        kept = [one for one in stack[EXCLUDES].split(",") if one != "org.apache.hadoop:*"]
        return {
            **stack,
            PACKAGES: f"{stack[PACKAGES]},{connector}",
            EXCLUDES: ",".join(kept),
            "spark.ui.enabled": "false",
            "spark.hadoop.fs.s3a.endpoint": self.endpoint,
            "spark.hadoop.fs.s3a.endpoint.region": "us-east-1",
            "spark.hadoop.fs.s3a.path.style.access": "true",
            "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
            "spark.hadoop.fs.s3a.access.key": "test",
            "spark.hadoop.fs.s3a.secret.key": "test",
        }

    def table(self, name: str) -> DeltaTable:
        """The Delta table of a name in the bucket."""
        options = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        return DeltaTable(f"s3://{BUCKET}/{name}", storage_options=options)

    def upload(self, folder: Path) -> None:
        """Put a folder with all of its files into the bucket."""
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                self.put(file.relative_to(folder.parent).as_posix(), file.read_bytes())

    def put(self, key: str, content: bytes) -> None:
        """Put an object into the bucket."""
        self._put(f"{BUCKET}/{key}", content)

    def keys(self, prefix: str) -> list[str]:
        """The names of the objects that begin so, up to 1,000."""
        address = f"{self.endpoint}/{BUCKET}?list-type=2&prefix={prefix}"
        with urllib.request.urlopen(address) as answer:
            return [str(key.text) for key in ElementTree.fromstring(answer.read()).iter(_KEYS)]

    def _put(self, name: str, content: bytes) -> None:
        # Of the kind that urllib assumes, the server would parse the bytes as a form.
        headers = {"Content-Type": "application/octet-stream"}
        request = urllib.request.Request(f"{self.endpoint}/{name}", content, headers, method="PUT")
        urllib.request.urlopen(request).close()


@contextmanager
def object_store(log: Path) -> Iterator[ObjectStore]:
    """A server with an empty bucket, which ends with the block; its log goes to a file."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        store = ObjectStore(free.getsockname()[1])
    server = python_of("deployment").parent / "moto_server"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    with log.open("wb") as written:
        process = subprocess.Popen(
            [server, "--host", "127.0.0.1", "--port", str(store.port)],
            stdout=written,
            stderr=subprocess.STDOUT,
            env=environment,
        )
    try:
        _wait_until_open(store, process, log)
        store._put(BUCKET, b"")
        yield store
    finally:
        process.terminate()
        process.wait()


def _wait_until_open(store: ObjectStore, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            urllib.request.urlopen(store.endpoint).close()
        except URLError:
            assert process.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < until, log.read_text(encoding="utf-8")
            time.sleep(0.1)
        else:
            return
