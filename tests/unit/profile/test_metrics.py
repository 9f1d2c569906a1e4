"""The profile of some windows says what their rows are."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pytest

from modelwatch.stats.profile.metrics import METRICS, PROFILE_MODULES, profile
from modelwatch.stats.states.distinct import hash_of_text, hashes_of_doubles, smallest
from samples import (
    categorical_binning,
    categorical_states,
    numeric_binning,
    numeric_states,
)

NAN, INF = float("nan"), float("inf")
ROWS = [None, NAN, INF, -INF, -999.0, -999.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0]
BINNING = numeric_binning([0.0, 1.0, 2.0, 3.0, 4.0], special=(-999.0,))
WORDS = categorical_binning(["a", "a", "a", "b", "b", "c"], max_values=2)
TEXTS = [None, "a", "a", "a", "b", "c", "zebra", "zebra", "yak"]


def numeric() -> dict[str, object]:
    return {k: v.value[0] for k, v in profile(numeric_states(BINNING, [ROWS])).items()}


def texts() -> dict[str, object]:
    return {k: v.text[0] for k, v in profile(categorical_states(WORDS, [TEXTS])).items()}


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("rows", 12),
        ("nulls", 1),
        ("null_share", 1 / 12),
        ("nans", 1),
        ("nan_share", 1 / 12),
        ("infinite", 2),
        ("zeros", 3),
        ("zero_share", 3 / 12),
        ("special_share", 2 / 12),
        ("min", 0.0),
        ("max", 3.0),
        ("mean", 1.0),
        ("q50", 0.0),
        ("q75", 2.0),
        ("mode_share", 3 / 11),
    ],
)
def test_a_numeric_profile_counts_what_is_there(key: str, expected: float) -> None:
    assert numeric()[key] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("rows", 9),
        ("nulls", 1),
        ("other_share", 1 / 9),
        ("unseen", 3),
        ("unseen_share", 3 / 9),
        ("length_min", 1),
        ("length_max", 5),
        ("length_mean", 18 / 8),
        ("mode_share", 3 / 8),
    ],
)
def test_a_categorical_profile_counts_what_is_there(key: str, expected: float) -> None:
    found = profile(categorical_states(WORDS, [TEXTS]))[key]
    assert found.value[0] == pytest.approx(expected)


def test_unseen_values_are_named_with_their_rows() -> None:
    found = json.loads(str(texts()["unseen_values"]))
    assert [(e["value"], e["rows"]) for e in found] == [("zebra", 2), ("yak", 1)]


def test_most_frequent_values_come_first() -> None:
    found = json.loads(str(texts()["most_frequent"]))
    assert [(e["value"], e["rows"]) for e in found] == [("a", 3), ("b", 1)]


def test_special_values_are_named_with_their_rows() -> None:
    found = profile(numeric_states(BINNING, [ROWS]))["special_values"].text[0]
    assert json.loads(found) == [{"value": -999.0, "rows": 2, "share": pytest.approx(2 / 12, 1e-5)}]


@pytest.mark.parametrize("kind", ["numeric", "categorical"])
def test_a_histogram_holds_every_row(kind: str) -> None:
    if kind == "numeric":
        states = numeric_states(BINNING, [ROWS, [10.0, -7.0, 0.5, 3.5]])
    else:
        states = categorical_states(WORDS, [TEXTS, ["a", None]])
    for at, text in enumerate(profile(states)["histogram"].text):
        assert sum(bar["rows"] for bar in json.loads(text)) == states.rows[at]


def test_a_bar_has_one_label_in_every_window() -> None:
    states = numeric_states(BINNING, [ROWS, [1.0, 2.0, 7.0]])
    labels: dict[int, str] = {}
    for text in profile(states)["histogram"].text:
        for bar in json.loads(text):
            assert labels.setdefault(bar["bar"], bar["label"]) == bar["label"]


def test_a_histogram_of_a_measurement_is_compact() -> None:
    random = np.random.default_rng(1)
    rows = random.lognormal(size=5000)
    states = numeric_states(numeric_binning(rows), [list(rows)])
    assert 8 <= len(json.loads(profile(states)["histogram"].text[0])) <= 40


def test_few_values_have_a_bar_each() -> None:
    hours = [float(h) for h in range(5, 24)]
    states = numeric_states(numeric_binning(hours * 3), [hours])
    bars = json.loads(profile(states)["histogram"].text[0])
    assert [bar["label"] for bar in bars] == [str(h) for h in range(5, 24)]


def test_distinct_is_read_from_sketches() -> None:
    sketch = smallest(hashes_of_doubles(np.array([0.0, -0.0, 1.0, 2.0])))
    found = profile(numeric_states(BINNING, [ROWS]), distinct=[sketch])["distinct"]
    assert found.value[0] == 3


def test_what_segments_do_not_keep_is_undefined_with_its_reason() -> None:
    states = categorical_states(WORDS, [TEXTS])
    segment = type(states)(
        states.binning,
        states.counts,
        ({},),
        np.zeros(1, dtype=np.int64),
        np.array([NAN]),
        np.array([NAN]),
    )
    found = profile(segment)
    for key in ("distinct", "length_min", "length_mean", "length_max", "unseen_values"):
        assert "not kept for segments" in found[key].reason[0]


def test_dates_are_rendered_as_dates() -> None:
    days = [float((dt.date(2013, 2, d) - dt.date(1970, 1, 1)).days) for d in (1, 8, 9)]
    found = profile(numeric_states(numeric_binning(days), [days]), unit="day")
    assert [found[key].text[0] for key in ("min", "q50", "max")] == [
        "2013-02-01",
        "2013-02-08",
        "2013-02-09",
    ]


def test_timestamps_are_rendered_in_utc() -> None:
    moments = [1_360_300_000_123_456.0, 1_360_300_000_999_999.0]
    found = profile(numeric_states(numeric_binning(moments), [moments]), unit="microsecond")
    assert found["min"].text[0] == "2013-02-08 05:06:40.123456"


def test_a_time_beyond_the_calendar_has_no_text() -> None:
    rows = [1e12]
    found = profile(numeric_states(numeric_binning(rows), [rows]), unit="day")
    assert found["max"].value[0] == 1e12
    assert found["max"].text[0] is None


@pytest.mark.parametrize("rows", [[], [None] * 5, [NAN] * 5, [-999.0] * 5, [INF] * 5, [1e300, 1.0]])
def test_every_metric_is_a_number_or_a_text_or_has_a_reason(rows: list[float | None]) -> None:
    for key, found in profile(numeric_states(BINNING, [rows])).items():
        has_value = np.isfinite(found.value[0]) or found.text[0] is not None
        assert has_value != (found.reason[0] is not None), key


@pytest.mark.parametrize("rows", [[], [None] * 5, ["new"] * 5, ["", ""]])
def test_every_categorical_metric_is_a_number_or_a_text_or_has_a_reason(rows) -> None:
    for key, found in profile(categorical_states(WORDS, [rows])).items():
        has_value = np.isfinite(found.value[0]) or found.text[0] is not None
        assert has_value != (found.reason[0] is not None), key


def test_only_the_metrics_asked_for_are_computed() -> None:
    assert list(profile(numeric_states(BINNING, [ROWS]), keys=["max", "rows"])) == ["max", "rows"]


def test_every_family_registers_metrics_that_are_its_own() -> None:
    modules = {known.compute.__module__ for known in METRICS.values()}
    assert modules == {module.__name__ for module in PROFILE_MODULES}


def test_hashes_of_texts_do_not_change() -> None:
    assert hash_of_text("modelwatch") == 14638755099877796252
