"""Start a Spark standalone cluster on this machine: a master and two workers, on loopback.

    python scripts/cluster.py spark-submit ... jobs/monitor.py --config conf/flights.yaml

runs a command with the address of the cluster in MASTER, which spark-submit reads, and returns the
exit code of the command. Without a command, the cluster runs until Ctrl-C. The cluster always stops
with this process, even if it is killed, because the daemons end when the pipe to them closes.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from modelwatch.io.session.java import find_java_home

HOST = "127.0.0.1"
SECONDS_TO_START = 60
SECONDS_TO_STOP = 10
_STANDS = "Starting Spark master at (spark://[^ ]+:[0-9]+)"
_JOINED = "Successfully registered with master (spark://.*)"

# Runs a daemon until it ends or our end of the pipe at its input closes.
_GUARD = """
exec 3<&0 </dev/null
"$@" 3<&- &
daemon=$!
{ read -r _ <&3; kill "$daemon" 2>/dev/null; } &
exec 3<&-
wait "$daemon"
"""


class ClusterError(RuntimeError):
    """The cluster did not start; the message contains the end of the log of the daemon."""


@dataclass(frozen=True)
class Daemon:
    """A master or a worker, and its log file."""

    process: subprocess.Popen[bytes]
    log: Path

    def wait_for(self, pattern: str) -> str:
        """Wait until a pattern occurs in the log; return its first group."""
        end = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < end:
            found = re.search(pattern, self.text)
            if found:
                return found.group(1)
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise ClusterError(f"{self.log.stem} did not start:\n{self.text[-2000:]}")

    @property
    def text(self) -> str:
        """The log so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")


@contextmanager
def standalone_cluster(
    folder: Path, workers: int = 2, cores: int = 1, memory: str = "1g"
) -> Iterator[str]:
    """Address of a running cluster, `spark://127.0.0.1:PORT`; stopped at the end of the block.

    ``cores`` and ``memory`` are of each worker. Logs and the executors' folders are in ``folder``.
    """
    environment = _environment(os.environ, folder)
    # Port 0 selects a free port, for the daemons and for their web pages.
    ports = ("--host", HOST, "--port", "0", "--webui-port", "0")
    with ExitStack() as daemons:
        master = daemons.enter_context(_daemon(folder, "master", ("Master", *ports), environment))
        address = master.wait_for(_STANDS)
        started = []
        for number in range(1, workers + 1):
            name = f"worker-{number}"
            sizes = ("--cores", str(cores), "--memory", memory, "--work-dir", str(folder / name))
            arguments = ("Worker", *ports, *sizes, address)
            started.append(daemons.enter_context(_daemon(folder, name, arguments, environment)))
        for worker in started:
            worker.wait_for(_JOINED)
        yield address


def _environment(given: Mapping[str, str], folder: Path) -> dict[str, str]:
    import pyspark

    environment = {
        **given,
        "SPARK_HOME": str(Path(pyspark.__file__).parent),
        "JAVA_HOME": str(find_java_home(given)),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_DAEMON_MEMORY": "256m",
        # Settings of another cluster in the environment must not affect this one.
        "SPARK_CONF_DIR": str(folder),
    }
    # Executors inherit the environment of workers, but must receive their code from the driver.
    environment.pop("PYTHONPATH", None)
    return environment


@contextmanager
def _daemon(
    folder: Path, name: str, arguments: Sequence[str], environment: Mapping[str, str]
) -> Iterator[Daemon]:
    kind, *rest = arguments
    spark_class = Path(environment["SPARK_HOME"]) / "bin" / "spark-class"
    command = [str(spark_class), f"org.apache.spark.deploy.{kind.lower()}.{kind}", *rest]
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["bash", "-c", _GUARD, "guard", *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment,
            # Ctrl-C ends the command first; the daemons are ended by this program.
            start_new_session=True,
        )
    try:
        yield Daemon(process, log)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            # Each daemon has its own process session, which contains its executors.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--workers", type=int, default=2, help="number of workers (2)")
    parser.add_argument("--cores", type=int, default=1, help="cores of each worker (1)")
    parser.add_argument("--memory", default="1g", help="memory of each worker (1g)")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="run with MASTER set")
    arguments = parser.parse_args(argv)
    # `kill` passes through the blocks that stop the daemons, as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        with (
            tempfile.TemporaryDirectory(prefix="spark-cluster-") as folder,
            standalone_cluster(
                Path(folder), arguments.workers, arguments.cores, arguments.memory
            ) as address,
        ):
            print(f"master at {address}, {arguments.workers} workers", file=sys.stderr)
            if not arguments.command:
                print("Ctrl-C stops it", file=sys.stderr)
                signal.pause()
            environment = {**os.environ, "MASTER": address}
            return subprocess.run(arguments.command, env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except (ClusterError, OSError) as error:
        print(f"cluster: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
