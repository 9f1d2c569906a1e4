"""Archive the Java classes of a run, so that later sessions start faster.

    python -m scripts.class_archive .venv/spark.jsa

runs a small job on Delta tables with spark-submit. At its end, Java (13 or later) writes the loaded
classes. `scripts/environment.sh` passes the archive to Spark. A Java version that does not match
the archive ignores it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from modelwatch.io.session.java import find_java_home, java_major
from modelwatch.io.session.lines import installed_line

FIRST_JAVA = 13
JOB = Path(__file__).with_name("class_archive_job.py")


def main(archive: Path) -> int:
    """Write the archive; if this is impossible, print a message, and sessions start without it."""
    home = find_java_home(os.environ)
    major = java_major(home) or 0
    if major < FIRST_JAVA:
        print(f"Java {major} does not support class archives: sessions start more slowly.")
        return 0
    archive.unlink(missing_ok=True)
    print("Archiving the classes that Spark loads: takes half a minute, only once.", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [
                "spark-submit",
                "--properties-file",
                f"conf/{installed_line().settings}",
                str(JOB),
                folder,
            ],
            env={
                **os.environ,
                "JAVA_HOME": str(home),
                "SPARK_SUBMIT_OPTS": f"-XX:ArchiveClassesAtExit={archive.absolute()} -Xlog:disable",
            },
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    if done.returncode:
        print(done.stdout[-2000:])
    if done.returncode or not archive.exists():
        print("No archive was written: sessions start more slowly.")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
