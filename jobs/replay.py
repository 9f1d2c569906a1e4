r"""Spark job: compute a past run again, and compare every row.

spark-submit --properties-file conf/spark-defaults.conf jobs/replay.py \
    --config conf/flights.yaml --run ID
"""

from __future__ import annotations

import sys

from modelwatch.cli import main

if __name__ == "__main__":
    sys.exit(main(["replay", *sys.argv[1:]]))
