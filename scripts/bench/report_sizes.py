"""Bytes of the pages of a report, and the time to create and paint them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scripts.bench.case import Case
from scripts.bench.first_paint import browser, first_paint_ms

from modelwatch.report.pages import pages_of

FEATURES = (25, 500, 2000)


def report_sizes(case: Case) -> Callable[[], dict[str, Any]]:
    """The work: reports of 90 days of simulated results, by number of features.

    Measures the first paint of the largest page, if Chromium is installed.
    """
    # The rows come from the tests of the pages.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
    from report_results import results

    def made() -> dict[str, Any]:
        found = {}
        for features in FEATURES:
            given = results(features=features)
            began = time.monotonic()
            pages = pages_of(given)
            seconds = time.monotonic() - began
            sizes = {name: len(text.encode()) for name, text in pages.items()}
            largest = max(sizes, key=lambda name: sizes[name])
            found[f"{features:,} features"] = {
                "pages": len(sizes),
                "kB": sum(sizes.values()) / 1000,
                "largest page, kB": sizes[largest] / 1000,
                "seconds": seconds,
            }
            command = browser()
            if command is not None:
                with TemporaryDirectory() as folder:
                    page = Path(folder, largest)
                    page.write_text(pages[largest], encoding="utf-8")
                    painted = first_paint_ms(page, command)
                found[f"{features:,} features"]["first paint, ms"] = painted
        return found

    return made
