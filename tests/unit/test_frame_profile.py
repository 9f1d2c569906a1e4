"""The profile of a frame, compared with numpy's."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import modelwatch
from modelwatch.api.arrow_frames import FrameError

RANDOM = np.random.default_rng(7)
AMOUNT = np.where(RANDOM.random(70_000) < 0.1, np.nan, RANDOM.normal(50, 12, 70_000))


def test_metrics_of_a_number_are_those_of_numpy() -> None:
    found = modelwatch.profile(pd.DataFrame({"amount": AMOUNT})).of("amount")
    assert found["rows"] == 70_000
    assert found["nulls"] == np.isnan(AMOUNT).sum()
    assert found["mean"] == pytest.approx(np.nanmean(AMOUNT), rel=1e-12)
    assert found["sd"] == pytest.approx(np.nanstd(AMOUNT), rel=1e-4)
    assert (found["min"], found["max"]) == (np.nanmin(AMOUNT), np.nanmax(AMOUNT))
    # A quantile is exact within its bin, of which there are about 200.
    assert found["q50"] == pytest.approx(np.nanmedian(AMOUNT), abs=0.2)


def test_special_values_are_no_quantities() -> None:
    frame = {"age": [20.0, 40.0, -999.0]}
    found = modelwatch.profile(frame, special_values={"age": [-999]}).of("age")
    assert (found["mean"], found["min"]) == (30.0, 20.0)
    assert found["special_share"] == pytest.approx(1 / 3)


def test_categories_are_counted() -> None:
    found = modelwatch.profile({"country": ["CH", "CH", None, "FR"]}).of("country")
    assert (found["distinct"], found["mode_share"], found["null_share"]) == (2.0, 2 / 3, 0.25)


def test_a_date_is_told_as_a_date() -> None:
    found = modelwatch.profile({"born": [date(2020, 1, 1), date(2020, 3, 1)]}).of("born")
    assert (found["min"], found["max"]) == ("2020-01-01", "2020-03-01")


def test_a_frame_without_rows_has_reasons() -> None:
    result = modelwatch.profile(pa.table({"a": pa.array([], pa.float64())}))
    rows = {row["metric"]: row for row in result.to_arrow().to_pylist()}
    assert rows["mean"]["value"] is None
    assert rows["mean"]["reason"]


def test_columns_that_are_not_profiled_have_a_reason() -> None:
    result = modelwatch.profile({"a": [1.0], "b": [[1]]})
    assert result.not_profiled == {"b": "type list<item: int64>"}
    with pytest.raises(FrameError, match="no profile of 'b'"):
        result.of("b")


def test_a_result_is_a_table_in_any_form() -> None:
    result = modelwatch.profile({"a": [1.0, 2.0]})
    assert result.to_pandas().set_index("metric").loc["mean", "value"] == 1.5
    assert pa.table(result).num_rows == len(result) == len(result.to_arrow())


def test_what_a_notebook_shows_is_escaped() -> None:
    shown = modelwatch.profile({"<b>&": ["<script>", "x"]})._repr_html_()
    assert "&lt;b&gt;&amp;" in shown
    assert "<script>" not in shown
    assert "<b>&" not in shown
