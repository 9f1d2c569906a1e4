"""``python -m scripts.soak.worker GO SETTINGS ARGUMENTS``: a job that waits for the file GO.

It opens its session before it waits, so that faults affect the job and not the start of Java.
SETTINGS: JSON with Spark properties in addition to the packaged ones.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from pyspark.sql import SparkSession

from modelwatch import cli
from modelwatch.io.session.java import find_java_home
from modelwatch.io.session.spark_session import open_session
from modelwatch.io.session.stack import stack_settings

READY = "the session is open"


def main() -> int:
    os.environ["JAVA_HOME"] = str(find_java_home(os.environ))
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.appName("modelwatch").master(os.environ["MASTER"])
    for key, value in {**stack_settings(), **json.loads(sys.argv[2])}.items():
        builder = builder.config(key, value)
    builder.getOrCreate()
    open_session("modelwatch")
    print(READY, file=sys.stderr, flush=True)
    go = Path(sys.argv[1])
    while not go.exists():
        time.sleep(0.01)
    return cli.main(sys.argv[3:])


if __name__ == "__main__":
    sys.exit(main())
