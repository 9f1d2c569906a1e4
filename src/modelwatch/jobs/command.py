r"""Spark job that takes any command of ``modelwatch``.

spark-submit --properties-file "$(modelwatch conf-path properties)" \
    "$(modelwatch conf-path job)" run --config conf/payments.yaml
"""

from __future__ import annotations

import sys

from modelwatch.cli import main

if __name__ == "__main__":
    sys.exit(main())
