"""Spark job of a monitor: arguments, one call, exit code.

spark-submit --properties-file conf/spark-defaults.conf jobs/monitor.py --config conf/flights.yaml
"""

from __future__ import annotations

import sys

from modelwatch.cli import main

if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(main(["run", *arguments]))
