"""The timelines of a feature: PSI, and each other statistic that was above its threshold."""

from __future__ import annotations

from dataclasses import replace

from modelwatch.report.features import features_of
from modelwatch.report.histograms import Histogram
from report_results import results


def test_a_statistic_above_its_threshold_has_a_timeline_of_its_own() -> None:
    found = {one.name: one for one in features_of(results(features=3))}
    assert [shown.title for shown in found["feature"].others] == [
        "Change of the mean, in standard deviations"
    ]
    assert found["feature1"].others == ()


def test_a_timeline_of_drift_has_its_threshold_and_what_single_days_vary_by() -> None:
    (one, *_) = features_of(results(features=1))
    assert one.drift is not None
    assert one.drift.threshold == 0.2
    assert one.drift.chance is not None
    assert 0 < one.drift.chance < one.drift.threshold


def test_special_values_stand_beside_nulls() -> None:
    given = results(features=1)
    rows = given.of("profile_series")
    special = [{**row, "metric": "special_share"} for row in rows if row["metric"] == "null_share"]
    both = replace(given, rows={**given.rows, "profile_series": [*rows, *special]})
    (one,) = features_of(both)
    assert one.missing is not None
    assert one.missing.title == "Share of nulls and special values"


def test_the_values_of_a_column_of_dates_are_dates() -> None:
    given = results(features=1)
    rows = [{**row, "text": "2024-02-07"} for row in given.of("profile_series")]
    (one,) = features_of(replace(given, rows={**given.rows, "profile_series": rows}))
    assert one.values is not None
    assert [line.unit for line in one.values.lines] == ["day"]
    assert isinstance(one.distribution, Histogram)
    assert one.distribution.unit == "day"
