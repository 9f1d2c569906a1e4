"""``python -m modelwatch``: the same as the command ``modelwatch``."""

from __future__ import annotations

import sys

from modelwatch.cli import main

if __name__ == "__main__":
    sys.exit(main())
