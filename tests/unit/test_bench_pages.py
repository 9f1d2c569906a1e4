"""What `make bench` reads of a browser's trace."""

from __future__ import annotations

import pytest
from scripts.bench.first_paint import painted_after


def test_the_first_paint_is_counted_from_the_start_of_the_navigation_to_the_page() -> None:
    def began(at: int, address: str) -> dict[str, object]:
        return {
            "name": "navigationStart",
            "ts": at,
            "args": {"data": {"documentLoaderURL": address}},
        }

    events = [
        began(1_000, "about:blank"),
        {"name": "firstPaint", "ts": 2_000, "args": {}},
        began(10_000, "file:///page.html"),
        {"name": "navigationStart", "ts": 11_000, "args": {}},
        {"name": "firstPaint", "ts": 260_000, "args": {}},
    ]
    assert painted_after(events, "file:///page.html") == 250.0
    with pytest.raises(StopIteration):
        painted_after(events, "file:///other.html")
