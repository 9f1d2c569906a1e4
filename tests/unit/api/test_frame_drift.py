"""Drift between frames: the statistics of their definitions, and verdicts on what matters."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import stats

import modelwatch
from modelwatch.api.arrow_frames import FrameError

RANDOM = np.random.default_rng(11)
ROWS = 4_000


def frame(shift: float = 0.0, unseen: str = "FR", rows: int = ROWS) -> pd.DataFrame:
    random = np.random.default_rng(int(shift * 10) + len(unseen))
    amount = random.normal(100 + shift, 10, rows)
    return pd.DataFrame(
        {
            "amount": amount,
            "fee": amount / 10 + random.normal(0, 0.1, rows),
            "age": random.integers(18, 80, rows),
            "country": random.choice(["CH", unseen], rows),
        }
    )


def test_statistics_are_those_of_their_definitions() -> None:
    before, after = frame(), frame(shift=5.0, unseen="IT")
    found = modelwatch.drift(before, after)
    mean_change = (after.amount.mean() - before.amount.mean()) / before.amount.std()
    assert found.of("amount")["mean_change_in_sd"] == pytest.approx(mean_change, rel=1e-6)
    assert found.of("country")["unseen_share_change"] == (after.country == "IT").mean()


def test_what_moves_drifts_and_what_stays_does_not() -> None:
    found = modelwatch.drift(frame(), frame(shift=20.0, unseen="IT"))
    assert {"amount", "fee", "country"} <= set(found.drifted)
    assert "age" not in found.drifted
    assert modelwatch.drift(frame(), frame(shift=0.1)).drifted == ()


def test_a_row_has_the_threshold_of_the_job_unless_it_is_given() -> None:
    given = {"psi": 0.9, "sd_log_ratio": None}
    rows = modelwatch.drift(frame(), frame(shift=5.0), thresholds=given).to_pandas()
    thresholds = rows.dropna(subset="threshold").groupby("statistic")["threshold"].first()
    assert (thresholds["psi"], thresholds["mean_change_in_sd"]) == (0.9, 0.5)
    assert "sd_log_ratio" not in thresholds
    with pytest.raises(FrameError, match=r"no statistic 'pssi'.*did you mean 'psi'"):
        modelwatch.drift(frame(), frame(), thresholds={"pssi": 1.0})


def test_a_column_that_leaves_its_relation_to_the_others_is_found() -> None:
    after = frame()
    after["fee"] = RANDOM.permutation(after["fee"].to_numpy())
    found = modelwatch.drift(frame(), after)
    assert found.of("fee")["relation_error_change"] > 0.3
    pairs = found.to_pandas().query("statistic == 'correlation_change' and feature_b == 'fee'")
    assert pairs.set_index("feature").loc["amount", "value"] < -0.9


def dated(days: int, level_sd: float, seed: int) -> pd.DataFrame:
    """Rows of days whose means differ by chance."""
    random = np.random.default_rng(seed)
    levels = random.normal(0, level_sd, days)
    return pd.DataFrame(
        {
            "day": np.repeat(
                [date(2024, 1, 1) + timedelta(seed * 100 + i) for i in range(days)], 500
            ),
            "x": np.concatenate([random.normal(level, 1, 500) for level in levels]),
        }
    )


def test_days_of_the_reference_say_what_is_chance() -> None:
    before, after = dated(28, 1.0, 1), dated(1, 1.0, 2)
    after["x"] += before["x"].mean() + 1.0 - after["x"].mean()
    plain = modelwatch.drift(before.drop(columns="day"), after.drop(columns="day"))
    aware = modelwatch.drift(before, after, day="day")
    plain_p, aware_p = (
        result.to_pandas().set_index("statistic").loc["mean_change_in_sd", "p_value"]
        for result in (plain, aware)
    )
    # One standard deviation of the levels of days is far for rows, and usual for days.
    assert plain_p < 0.01 < 0.1 < aware_p
    assert "day" not in set(aware.to_pandas()["feature"])


def test_columns_that_cannot_be_compared_have_a_reason() -> None:
    before = {"a": [1.0, 2.0], "b": ["x", "y"], "c": [1, 2], "only": [1, 2]}
    after = {"a": [1.0, 2.0], "b": [1, 2], "c": [[1], [2]], "new": [1, 2]}
    with pytest.warns(UserWarning, match="lacks columns of reference.*: only"):
        found = modelwatch.drift(before, after)
    assert found.not_compared == {
        "b": "categorical in reference, numeric in current",
        "c": "type list<item: int64> in current",
        "only": "current has no such column",
        "new": "reference has no such column",
    }


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ({"a": []}, {"a": [1.0]}, "reference has no rows"),
        ({"a": [1.0]}, {"b": [1.0]}, "share no column"),
    ],
)
def test_frames_without_a_comparison_are_refused(
    before: dict[str, list[float]], after: dict[str, list[float]], message: str
) -> None:
    with pytest.raises(FrameError, match=message):
        modelwatch.drift(before, after)


def test_few_rows_have_no_verdict() -> None:
    rows = modelwatch.drift(frame(), frame(shift=20.0, rows=50)).to_pandas()
    assert set(rows.dropna(subset="threshold")["verdict"]) == {"too_few_rows"}


def test_no_current_rows_are_no_data_and_a_warning() -> None:
    with pytest.warns(UserWarning, match="current has no rows"):
        rows = modelwatch.drift(frame(), frame().iloc[:0]).to_pandas()
    features = rows.dropna(subset=["threshold", "feature"])
    assert set(features["verdict"]) == {"no_data"}


def test_a_notebook_shows_the_worst_statistic_of_each_column() -> None:
    shown = modelwatch.drift(frame(), frame(shift=20.0))._repr_html_()
    assert "2 of 4 columns drifted" in shown
    assert shown.index("amount") < shown.index("age")


BIG = 1_750_000_000_000_000_000


def test_a_shift_of_nanoseconds_is_measured_in_their_own_spread() -> None:
    before = {"nanos": [BIG + k % 60 for k in range(600)]}
    after = {"nanos": [BIG + 2000 + k % 60 for k in range(600)]}
    found = modelwatch.drift(before, after)
    sd = np.std(np.arange(600) % 60, ddof=1)
    assert found.of("nanos")["mean_change_in_sd"] == pytest.approx(2000 / sd, rel=1e-6)
    same = modelwatch.drift(before, before)
    assert (same.of("nanos")["ks"], same.drifted) == (0.0, ())


def test_digits_that_doubles_lose_on_one_side_are_no_drift() -> None:
    longs = [BIG + k % 60 for k in range(600)]
    found = modelwatch.drift({"nanos": longs}, {"nanos": np.array(longs, dtype=np.float64)})
    assert (found.of("nanos")["ks"], found.drifted) == (0.0, ())


def test_a_special_value_is_one_on_both_sides_whatever_their_types() -> None:
    values = [-99.9] * 100 + list(np.linspace(20, 40, 500))
    before = {"x": pa.array(values, pa.float32())}
    found = modelwatch.drift(before, {"x": values}, special_values={"x": [-99.9]})
    assert found.of("x")["mean_change_in_sd"] == pytest.approx(0.0, abs=1e-6)
    assert found.of("x")["psi"] < 0.01


def test_stale_values_are_undefined_without_the_days_before() -> None:
    rows = modelwatch.drift(frame(), frame()).to_arrow().to_pylist()
    (row,) = (r for r in rows if (r["feature"], r["statistic"]) == ("amount", "stale_share"))
    assert row["value"] is None
    assert row["verdict"] == "undefined"
    assert row["reason"] == "requires earlier days than those of current"


def test_a_value_has_its_error_bound() -> None:
    before, after = frame(), frame(shift=5.0)
    rows = modelwatch.drift(before, after).to_arrow().to_pylist()
    found = {row["statistic"]: row for row in rows if row["feature"] == "amount"}
    exact = stats.ks_2samp(before.amount, after.amount).statistic
    assert found["null_share_change"]["error_bound"] == 0.0
    assert 0.0 <= exact - found["ks"]["value"] <= found["ks"]["error_bound"] + 1e-12


def test_categories_are_counted_one_by_one_up_to_the_default_of_the_job() -> None:
    words = [f"w{k}" for k in range(400)] * 5
    found = modelwatch.drift({"w": words}, {"w": words[:1000] + words[:200] * 5})
    table = np.stack(
        [
            np.bincount([int(w[1:]) for w in side], minlength=400)
            for side in (words[:1000] + words[:200] * 5, words)
        ]
    )
    assert found.of("w")["total_variation"] == pytest.approx(
        0.5 * np.abs(table[0] / table[0].sum() - table[1] / table[1].sum()).sum()
    )
