"""``python -m scripts.jar_lock``: pin the jars of the installed Spark version by their hashes.

Ivy resolves ``spark.jars.packages`` from the properties file in ``conf/`` into a new folder, from
the configured repositories, and compares the files with the published checksums. The lock is
``conf/jars.lock`` for Spark 3.5, and ``conf/jars-4.lock`` for 4.1. Run this after a change of the
packages, and review the lock like any other.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from pyspark import SparkConf, SparkContext

from modelwatch.io.session.jars import local_jars, sha256_of
from modelwatch.io.session.java import find_java_home
from modelwatch.io.session.lines import installed_line
from modelwatch.io.session.stack import stack_settings

CONF = Path(__file__).parents[1] / "conf"


def main() -> int:
    """Write the lock."""
    file = CONF / installed_line().lock
    os.environ["JAVA_HOME"] = str(find_java_home(os.environ))
    with tempfile.TemporaryDirectory() as folder:
        settings = {**stack_settings(), "spark.jars.ivy": folder}
        conf = SparkConf(loadDefaults=False).setAll(list(settings.items()))
        SparkContext._ensure_initialized(conf=conf)
        resolved = local_jars(dict(SparkConf(loadDefaults=True).getAll()))
        lines = sorted(f"{sha256_of(jar)}  {jar.name}" for jar in resolved)
    header = [line for line in file.read_text(encoding="utf-8").splitlines() if line[:1] == "#"]
    by_name = sorted(lines, key=lambda line: line.split()[1])
    file.write_text("\n".join((*header, *by_name)) + "\n", encoding="utf-8")
    print(f"{len(lines)} jars in {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
