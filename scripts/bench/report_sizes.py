"""How many bytes the pages of a report take, and how long it takes to make them of given rows."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.bench.case import Case

from modelwatch.report.pages import pages_of

FEATURES = (25, 500, 2000)


def report_sizes(case: Case) -> Callable[[], dict[str, Any]]:
    """The work: reports of 90 days of made-up results, by number of features."""
    # The rows are those of the tests of the pages.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
    from report_results import results

    def made() -> dict[str, Any]:
        found = {}
        for features in FEATURES:
            given = results(features=features)
            began = time.monotonic()
            sizes = [len(text.encode()) for text in pages_of(given).values()]
            found[f"{features:,} features"] = {
                "pages": len(sizes),
                "kB": sum(sizes) / 1000,
                "largest page, kB": max(sizes) / 1000,
                "seconds": time.monotonic() - began,
            }
        return found

    return made
