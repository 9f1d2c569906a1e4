"""Spark job: keep the output tables in order.

spark-submit --properties-file conf/spark-defaults.conf jobs/maintain.py --config conf/flights.yaml
"""

from __future__ import annotations

import sys

from modelwatch.cli import main

if __name__ == "__main__":
    sys.exit(main(["maintain", *sys.argv[1:]]))
