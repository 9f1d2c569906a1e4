r"""Spark job of data contracts: propose, diff, check, export and import.

spark-submit --properties-file conf/spark-defaults.conf jobs/contract.py \
    check --contract conf/contracts/flights.yaml --config conf/flights.yaml
"""

from __future__ import annotations

import sys

from modelwatch.cli import main

if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(main(["contract", *arguments]))
