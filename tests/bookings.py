"""A hotel's bookings with the score of a model beside them: a made-up world for whole runs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

FIRST = date(2025, 1, 6)  # a Monday


def day(number: int) -> date:
    """A day of the hotel, from 1."""
    return FIRST + timedelta(days=number - 1)


def bookings(
    days: Iterable[date], rows: int = 200, *, nulls: float = 0.02, moved: float = 0.0
) -> pa.Table:
    """Bookings of some days; ``nulls``: share without a price; ``moved``: nights, in days."""
    of = list(days)
    parts = [_bookings(one, rows, nulls, moved) for one in of]
    return pa.concat_tables(parts)


def _bookings(of: date, rows: int, nulls: float, moved: float) -> pa.Table:
    random = np.random.default_rng(of.toordinal())
    price = np.round(random.gamma(4.0, 30.0, rows), 2)
    known = random.random(rows) >= nulls
    return pa.table(
        {
            "booking": [f"{of:%Y%m%d}-{n}" for n in range(rows)],
            "day": pa.array([of] * rows, pa.date32()),
            "price": pa.array(price, mask=~known),
            "nights": pa.array(random.normal(5.0, 1.0, rows) + moved),
            "score": pa.array(random.beta(2.0, 5.0, rows)),
        }
    )


def bookings_config(folder: Path, **sections: Any) -> dict[str, Any]:
    """A configuration over the table ``inputs`` of a folder, as a mapping."""
    return {
        "monitor": "bookings",
        "output": {"path": str(folder / "monitor")},
        "inputs": {
            "table": {"path": str(folder / "inputs")},
            "id": "booking",
            "day": {"column": "day"},
        },
        "predictions": {"score": "score"},
        "windows": ["day", "week"],
        "references": [{"name": "start", "days": f"{day(1)}..{day(14)}"}],
        "binning": {"bins": 10},
        **sections,
    }
