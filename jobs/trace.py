r"""Spark job: show one prediction as it was.

spark-submit --properties-file conf/spark-defaults.conf jobs/trace.py \
    --config conf/flights.yaml --id ID
"""

from __future__ import annotations

import sys

from modelwatch.cli import main

if __name__ == "__main__":
    sys.exit(main(["trace", *sys.argv[1:]]))
