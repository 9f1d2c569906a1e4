"""Size of Evidently's page of data drift, for as many columns as the reports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scripts.bench.case import Case

COLUMNS = (25, 200)
_ROWS = 5_000


def page_sizes(case: Case) -> Callable[[], dict[str, Any]]:
    """The work: a page of data drift by number of columns, one fifth of them categorical."""
    import numpy
    import pandas
    from evidently import Report
    from evidently.presets import DataDriftPreset

    def rows(columns: int, seed: int) -> pandas.DataFrame:
        random = numpy.random.default_rng(seed)
        names = ["red", "green", "blue"]
        return pandas.DataFrame(
            {
                f"x{at}": random.choice(names, _ROWS) if at % 5 == 4 else random.normal(size=_ROWS)
                for at in range(columns)
            }
        )

    def made() -> dict[str, Any]:
        found = {}
        for columns in COLUMNS:
            shown = Report([DataDriftPreset()]).run(rows(columns, 1), rows(columns, 2))
            with TemporaryDirectory() as folder:
                page = Path(folder, "page.html")
                shown.save_html(str(page))
                found[f"{columns:,} columns"] = {"kB": page.stat().st_size / 1000}
        return found

    return made
