"""Monitors of few rows: days that hold half of what a kind of window needs, else longer windows."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from bookings import bookings, bookings_config, day
from shop import Shop

pytestmark = pytest.mark.slow

SOUND_DAYS, DAYS = 28, 42


@pytest.mark.parametrize(
    ("rows", "window"),
    [
        (30, "week"),
        (80, "day"),
        (99, "day"),
    ],
)
def test_a_shift_of_two_standard_deviations_is_an_incident(
    spark: SparkSession, tmp_path: Path, rows: int, window: str
) -> None:
    shop = Shop(spark, tmp_path, bookings_config(tmp_path))
    shop.add("inputs", bookings([day(n) for n in range(1, SOUND_DAYS + 1)], rows))
    shop.add("inputs", bookings([day(n) for n in range(SOUND_DAYS + 1, DAYS + 1)], rows, moved=2.0))
    report = shop.run(as_of=day(DAYS + 1))
    assert report.exit_code == 1
    (incident,) = shop.ask("SELECT * FROM open_incidents")
    assert (incident.subject, incident.window_name, incident.severity) == ("nights", window, "fail")
