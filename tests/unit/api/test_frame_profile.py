"""The profile of a frame, compared with numpy's."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

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


def test_a_date_is_reported_as_a_date() -> None:
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
    with pytest.raises(FrameError, match="no profile was computed for 'b'"):
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


BIG = 1_750_000_000_000_000_000
SD = np.std(np.arange(60.0), ddof=1)
LARGE = {
    "nanoseconds": (pa.array([BIG + k for k in range(60)]), str(BIG), 1.0),
    "greatest": (pa.array([2**63 - 1 - k for k in range(60)]), str(2**63 - 60), 1.0),
    "unsigned": (
        pa.array([2**64 - 1 - k for k in range(60)], pa.uint64()),
        str(2**64 - 60),
        1.0,
    ),
    "decimals": (
        pa.array([Decimal(10**22 + k).scaleb(-6) for k in range(60)], pa.decimal128(38, 6)),
        "10000000000000000",
        1e-6,
    ),
    "wide decimals": (
        pa.array([Decimal(10**22 + k).scaleb(-6) for k in range(60)], pa.decimal256(60, 6)),
        "10000000000000000",
        1e-6,
    ),
}


@pytest.mark.parametrize("name", LARGE)
def test_numbers_that_doubles_cannot_distinguish_keep_their_digits(name: str) -> None:
    column, least, unit = LARGE[name]
    found = modelwatch.profile({"x": column}).of("x")
    assert found["distinct"] == 60
    assert found["sd"] == pytest.approx(SD * unit, rel=1e-9, abs=0)
    assert found["mode_share"] == pytest.approx(1 / 60)
    assert found["min"] == least


def test_both_ends_of_the_longs_are_counted_apart() -> None:
    ends = pa.array([k - 2**63 if k % 2 else 2**63 - 1 - k for k in range(60)])
    found = modelwatch.profile({"x": ends}).of("x")
    assert found["distinct"] == 60
    assert found["sd"] == pytest.approx(2.0**63 * np.sqrt(60 / 59), rel=1e-9)


@pytest.mark.parametrize(
    "kind", [pa.float32(), pa.float64(), pa.decimal128(6, 1), pa.decimal128(38, 6)]
)
def test_a_special_value_meets_the_column_in_its_own_type(kind: pa.DataType) -> None:
    codes = [Decimal("-99.9") if k < 10 else Decimal("30.0") for k in range(60)]
    column = pa.array([float(code) for code in codes] if kind.bit_width < 128 else codes, kind)
    found = modelwatch.profile({"x": column}, special_values={"x": [-99.9]}).of("x")
    assert (found["mean"], found["special_share"]) == (30.0, pytest.approx(1 / 6))


def test_a_special_value_of_sixty_bits_is_distinguished_from_its_neighbors() -> None:
    column = pa.array([BIG + k for k in range(60)] + [BIG - 1] * 20)
    found = modelwatch.profile({"x": column}, special_values={"x": [BIG - 1]}).of("x")
    assert found["special_share"] == 0.25
    assert found["min"] == str(BIG)


def test_a_decimal_is_the_double_nearest_to_it() -> None:
    column = pa.array([Decimal("0.3"), Decimal("0.3")])
    assert modelwatch.profile({"x": column}).of("x")["min"] == 0.3


def test_numbers_that_do_not_fit_have_a_reason() -> None:
    frame = pa.table(
        {
            "digits": pa.array([Decimal(10**40)]),
            "seconds": pa.array([2**62], pa.timestamp("s")),
            "x": [1.0],
        }
    )
    assert modelwatch.profile(frame).not_profiled == {
        "digits": "decimals of more than 38 digits",
        "seconds": "times beyond those of a number of 64 bits in microseconds",
    }


def test_times_before_1970_are_rounded_down_to_microseconds() -> None:
    moments = pa.array([-1, -1001], pa.timestamp("ns"))
    found = modelwatch.profile({"t": moments}).of("t")
    assert found["max"] == "1969-12-31 23:59:59.999999"
