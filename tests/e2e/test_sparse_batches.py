"""Models that are scored every two weeks, and labels of months: emergencies of few batches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from bookings import bookings, bookings_config, day
from modelwatch.model.diagnosis.onset import day_words
from modelwatch.pipelines.runs.monitor import RunReport
from shop import Shop, labels_section

pytestmark = pytest.mark.slow
BATCHES, GAP = 12, 14
MONTHS, DUE = 14, 40


@dataclass
class MonitoredRun:
    """A run, and the incidents that are open after it."""

    report: RunReport
    incidents: list[Any]


def wording(shop: Shop, as_of: date) -> MonitoredRun:
    report = shop.run(as_of=as_of)
    return MonitoredRun(report, shop.ask("SELECT * FROM open_incidents ORDER BY rank"))


@pytest.fixture(scope="module")
def fortnightly(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, MonitoredRun]:
    """Twelve batches of 400 rows, one of 20 rows, and no more."""
    folder = tmp_path_factory.mktemp("fortnightly")
    days = [day(1 + GAP * n) for n in range(BATCHES + 1)]
    references = [{"name": "start", "days": f"{days[0]}..{days[7]}"}]
    shop = Shop(spark, folder, bookings_config(folder, windows=["day"], references=references))
    shop.add("inputs", bookings(days[:-1], rows=400))
    found = {"well": wording(shop, days[-2] + timedelta(days=GAP))}
    shop.add("inputs", bookings(days[-1:], rows=20))
    found["collapsed"] = wording(shop, days[-1] + timedelta(days=1))
    found["overdue"] = wording(shop, days[-1] + timedelta(days=GAP + 3))
    return found


def test_batches_that_come_every_two_weeks_are_well(fortnightly: dict[str, MonitoredRun]) -> None:
    assert fortnightly["well"].report.exit_code == 0
    assert fortnightly["well"].incidents == []


def test_a_small_batch_is_an_incident(fortnightly: dict[str, MonitoredRun]) -> None:
    (incident,) = fortnightly["collapsed"].incidents
    assert fortnightly["collapsed"].report.exit_code == 1
    assert (incident.subject, incident.metric, incident.severity) == ("inputs", "rows", "fail")


def test_a_batch_that_did_not_come_is_an_incident(fortnightly: dict[str, MonitoredRun]) -> None:
    overdue = fortnightly["overdue"]
    assert overdue.report.exit_code == 1
    assert "1 expected day without rows since (every Monday" not in overdue.report.text
    assert "1 expected day without rows since (every 14 days)" in overdue.report.text
    (incident,) = overdue.incidents
    assert f"no rows on {day_words(day(1 + GAP * (BATCHES + 1)))}" in incident.sentence


def months(folder: Path, shop: Shop) -> date:
    """Four days of bookings a month; of the last four months only a fifth of the labels came."""
    last = day(1)
    for month in range(MONTHS):
        year, number = divmod(month, 12)
        for of in (date(2025 + year, number + 1, n) for n in (2, 9, 16, 23)):
            rows = bookings([of], rows=150)
            shop.add("inputs", rows)
            random = np.random.default_rng(of.toordinal())
            score = np.asarray(rows["score"])
            came = random.random(150) < (0.2 if month >= MONTHS - 4 else 0.8)
            label = (random.random(150) < score).astype(int)
            labels = {
                "id": [f"{of:%Y%m%d}-{n}" for n in np.flatnonzero(came)],
                "day": pa.array([of] * int(came.sum()), pa.date32()),
                "label": pa.array(label[came]),
                "known": pa.array([of + timedelta(days=20)] * int(came.sum()), pa.date32()),
            }
            shop.add("labels", pa.table(labels))
            last = of
    return last


def test_labels_of_months_that_stop_coming_are_an_incident(
    spark: SparkSession, tmp_path: Path
) -> None:
    sections: dict[str, Any] = {
        "labels": labels_section(str(tmp_path / "labels"), DUE),
        "performance": {"task": "binary", "score": "score", "decision": {"threshold": 0.4}},
        "incidents": {"history_days": 100},
    }
    references = [{"name": "start", "days": "2025-01-01..2025-05-31"}]
    config = bookings_config(tmp_path, windows=["month"], references=references, **sections)
    shop = Shop(spark, tmp_path, config)
    last = months(tmp_path, shop)
    found = wording(shop, last + timedelta(days=DUE + 10))
    coverage = [one for one in found.incidents if one.metric == "coverage"]
    assert len(coverage) == 1
    assert (coverage[0].severity, coverage[0].window_name) == ("fail", "month")
