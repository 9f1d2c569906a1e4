r"""Spark job over the quarantine of a monitor: list, explain, release and withdraw.

spark-submit --properties-file conf/spark-defaults.conf jobs/quarantine.py \
    --config conf/flights.yaml list
"""

from __future__ import annotations

import sys

from modelwatch.cli import main

if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(main(["quarantine", *arguments]))
