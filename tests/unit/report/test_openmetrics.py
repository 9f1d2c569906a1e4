"""The state of a monitor in the text format that Prometheus reads."""

from __future__ import annotations

import re
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from modelwatch.io.text_files import replace_text
from modelwatch.model.report.openmetrics import MetricFamily, Sample, openmetrics_text
from modelwatch.pipelines.report.openmetrics import QUERIES, families_of

METRIC = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
NUMBER = r"[+-]?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|Inf)"
LINE = re.compile(
    rf"# (?:TYPE {METRIC} gauge|UNIT {METRIC} [a-z]+|HELP {METRIC} (?:[^\\\n]|\\[n\\\"])*)"
    rf"|{METRIC}(?:\{{{LABEL}(?:,{LABEL})*\}})? {NUMBER}"
)
"""A line of an exposition: OpenMetrics 1.0, section 5, for gauges without timestamps."""


def rows(**given: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    return {**{name: [] for name in QUERIES}, **given}


def lines(text: str) -> list[str]:
    whole = text.split("\n")
    assert whole[-2:] == ["# EOF", ""]
    return whole[:-2]


HOSTILE = 'a "b"\\c\nd{}='


def test_every_line_is_of_the_grammar_whatever_the_labels_hold() -> None:
    found = families_of(
        "shop",
        rows(
            last_run=[
                {
                    "started_at": datetime(2024, 5, 1, 5, 0, tzinfo=timezone.utc),
                    "finished_at": datetime(2024, 5, 1, 5, 1, 30, tzinfo=timezone.utc),
                    "outcome": "published",
                    "exit_code": 1,
                }
            ],
            newest=[{"day": date(2024, 4, 30)}],
            incidents=[{"severity": "fail", "needs_attention": "true", "incidents": 2}],
            effects=[
                {
                    "incident_id": "i1",
                    "severity": "fail",
                    "kind": "",
                    "subject": HOSTILE,
                    "effect": 1e-7,
                }
            ],
        ),
    )
    assert all(LINE.fullmatch(line) for line in lines(openmetrics_text(found)))


def test_a_family_is_described_before_its_samples() -> None:
    metric_family = MetricFamily(
        "wait_seconds", "Time.", (Sample(1.5, {"monitor": "m"}),), "seconds"
    )
    assert lines(openmetrics_text([metric_family])) == [
        "# TYPE modelwatch_wait_seconds gauge",
        "# UNIT modelwatch_wait_seconds seconds",
        "# HELP modelwatch_wait_seconds Time.",
        'modelwatch_wait_seconds{monitor="m"} 1.5',
    ]


def test_characters_that_end_a_label_are_escaped() -> None:
    text = openmetrics_text([MetricFamily("x", "X.", (Sample(1.0, {"of": HOSTILE}),))])
    assert 'modelwatch_x{of="a \\"b\\"\\\\c\\nd{}="} 1.0' in lines(text)


def test_values_without_a_number_are_left_out_and_so_are_empty_families() -> None:
    none = MetricFamily("x", "X.", (Sample(float("nan"), {}),))
    assert lines(openmetrics_text([none, MetricFamily("y", "Y.", ())])) == []


def test_a_sample_is_written_once() -> None:
    twice = MetricFamily("x", "X.", (Sample(1.0, {"a": "b"}), Sample(1.0, {"a": "b"})))
    assert len([line for line in lines(openmetrics_text([twice])) if line[0] != "#"]) == 1


def test_moments_and_days_are_seconds_since_1970() -> None:
    found = families_of("shop", rows(newest=[{"day": date(1970, 1, 3)}]))
    assert 'modelwatch_newest_day_timestamp_seconds{monitor="shop"} 172800.0' in lines(
        openmetrics_text(found)
    )


@pytest.mark.parametrize(("name", "unit"), [("1x", ""), ("a-b", ""), ("wait", "seconds")])
def test_a_name_that_prometheus_does_not_take_is_an_error(name: str, unit: str) -> None:
    with pytest.raises(ValueError, match="name"):
        MetricFamily(name, "X.", (), unit)


def test_a_description_has_nothing_to_escape() -> None:
    with pytest.raises(ValueError, match="escape"):
        MetricFamily("x", 'the "x"', ())


def test_a_file_is_replaced_in_one_step_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "metrics" / "shop.prom"
    replace_text(path, "old")
    opened = path.open(encoding="utf-8")
    replace_text(path, "new")
    with opened:
        assert opened.read() == "old"
    assert path.read_text(encoding="utf-8") == "new"
    assert [one.name for one in path.parent.iterdir()] == ["shop.prom"]


def test_the_collector_can_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "shop.prom"
    replace_text(path, "# EOF\n")
    assert path.stat().st_mode & 0o777 == 0o644
