"""Checks of days against a contract: volume by weekday, freshness, schema, and their report."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from modelwatch.cli.contracts import diff_text
from modelwatch.constraints import ConstraintRow
from modelwatch.evaluation.contracts.facts import facts_of
from modelwatch.evaluation.states.count_vectors import packed_counts
from modelwatch.evaluation.states.groups import StateGroup
from modelwatch.model.contracts.contract import ContractFile
from modelwatch.model.contracts.reading import parse_contract
from modelwatch.pipelines.contracts.check import (
    freshness_rows,
    late_days,
    schema_rows,
    with_volume_verdicts,
)
from modelwatch.stats.states.binning import Binning
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.distinct import hash_of_text
from modelwatch.stats.states.numeric import NumericStates
from samples import categorical_binning, categorical_states, numeric_binning, numeric_states

MONDAY = date(2013, 2, 4)
CONTRACT = parse_contract(
    "contract: c\nversion: 1\ncolumns: {x: {type: int}}\n"
    "rows: {freshness_days: 2, volume: {monday: [10, 20], tuesday: [null, 5]}, severity: warn}\n"
)
COUNTED = ConstraintRow(
    day=MONDAY,
    constraint="contract.c.volume",
    kind="rows",
    column=None,
    where=None,
    severity="warn",
    lower=0.0,
    upper=None,
    observed=7.0,
    verdict="pass",
    reason=None,
    rows=7,
)


def test_rows_are_checked_against_their_weekday() -> None:
    days = [replace(COUNTED, day=MONDAY + timedelta(days=n)) for n in range(3)]
    found = with_volume_verdicts(days, [CONTRACT])
    assert [(row.day, row.verdict, row.lower, row.upper) for row in found] == [
        (MONDAY, "warn", 10.0, 20.0),
        (MONDAY + timedelta(days=1), "warn", None, 5.0),
    ]
    assert {row.kind for row in found} == {"volume"}


def test_rows_of_no_day_are_checked_against_no_weekday() -> None:
    assert with_volume_verdicts([COUNTED], [CONTRACT], whole=True) == []


def test_other_constraints_stay_as_they_are() -> None:
    other = replace(COUNTED, constraint="volume")
    assert with_volume_verdicts([other], [CONTRACT]) == [other]


@pytest.mark.parametrize(("behind", "verdict"), [(0, "pass"), (2, "pass"), (3, "warn")])
def test_freshness_is_of_the_as_of_day_s_eve(behind: int, verdict: str) -> None:
    as_of = MONDAY + timedelta(days=1 + behind)
    [row] = freshness_rows(CONTRACT, MONDAY, as_of, [MONDAY])
    assert (row.observed, row.upper, row.verdict) == (behind, 2.0, verdict)


def test_a_run_that_does_not_see_the_newest_day_says_nothing_of_freshness() -> None:
    assert freshness_rows(CONTRACT, MONDAY, date(2013, 3, 1), [date(2013, 2, 1)]) == []
    assert freshness_rows(CONTRACT, None, date(2013, 3, 1), [MONDAY]) == []


def test_the_stricter_constraint_of_freshness_counts() -> None:
    file = ContractFile("c.yaml", "", CONTRACT)
    assert late_days([file], 16) == 2
    assert late_days([file], 1) == 1
    assert late_days([], 16) == 16


def test_the_schema_is_judged_once_a_day() -> None:
    rows = schema_rows(CONTRACT, {"x": "string"}, [MONDAY, MONDAY + timedelta(days=1)])
    assert [row.day.day for row in rows] == [4, 5]
    assert rows[0].verdict == "fail"
    assert rows[0].reason == "'x' is string, not int"
    assert schema_rows(CONTRACT, {"X": "int"}, [MONDAY])[0].verdict == "pass"


def test_columns_of_severity_warn_warn() -> None:
    contract = parse_contract("contract: c\nversion: 1\ncolumns: {x: {severity: warn}}\n")
    assert schema_rows(contract, {}, [MONDAY])[0].verdict == "warn"


def test_a_check_shows_the_worst_day_of_each_clause() -> None:
    low = replace(COUNTED, lower=10.0, verdict="fail")
    rows = [
        low,
        replace(low, day=MONDAY + timedelta(days=7), observed=2.0),
        replace(low, day=MONDAY + timedelta(days=14), observed=12.0, verdict="pass"),
        replace(low, constraint="contract.c.x.range", verdict="pass"),
    ]
    text = diff_text(CONTRACT, "var/x", 3, rows)
    assert text.startswith("var/x, version 3, against c, version 1: 1 fail, 1 pass\n")
    assert "fail     volume     2  2013-02-04         2     10" in text
    assert "x.range" not in text
    assert "x.range" in diff_text(CONTRACT, "var/x", 3, rows, every=True)


def group(
    stack: NumericStates | CategoricalStates, days: list[int], values: list[str]
) -> StateGroup:
    numeric = isinstance(stack, NumericStates)
    sketch = np.sort(np.array([hash_of_text(v) for v in set(values)], dtype="<u8")).tobytes()
    n = len(stack)
    table = pa.table(
        {
            **packed_counts(list(stack.counts), [False] * n),
            "sums": pa.array(stack.sums.tolist() if numeric else [None] * n, pa.list_(pa.int64())),
            "minimum": pa.array(stack.minimum if numeric else [None] * n, pa.float64()),
            "maximum": pa.array(stack.maximum if numeric else [None] * n, pa.float64()),
            "distinct_sketch": pa.array([sketch] * n, pa.binary()),
            "unseen": pa.array(
                [[]] * n,
                pa.list_(pa.struct([("value", pa.string()), ("rows", pa.int64())])),
            ),
            "length_sum": pa.array(
                [0 if numeric else int(v) for v in getattr(stack, "length_sum", [0] * n)]
            ),
            "length_min": pa.array([None] * n if numeric else stack.length_min, pa.float64()),
            "length_max": pa.array([None] * n if numeric else stack.length_max, pa.float64()),
        }
    )
    whole = np.array(["v1"] * n, dtype=object)
    return StateGroup("inputs", "", "x", "all", "all", np.array(days), whole, whole, table)


def facts(stack: NumericStates | CategoricalStates, days: list[int], binning: Binning) -> dict:
    return facts_of(group(stack, days, ["a", "b"]), binning)


def test_numbers_show_their_ends_without_special_values() -> None:
    rows = [[-999.0, 3.0, None, 8.0], [4.0, float("nan"), 9.0, -999.0], [5.0]]
    binning = numeric_binning([v for day in rows for v in day if v is not None], 200, [-999.0])
    found = facts(numeric_states(binning, rows), [1, 1, 2], binning)
    assert found["by_day"] == [[8, 2], [1, 0]]
    assert found["distinct"] == 2.0
    assert (found["lowest"], found["highest"]) == (3.0, 9.0)
    assert (found["second_lowest"], found["second_highest"]) == (4.0, 8.0)
    assert found["special_values"] == [-999.0]


def test_a_column_without_a_number_shows_none() -> None:
    binning = numeric_binning([1.0, 2.0])
    found = facts(numeric_states(binning, [[None, None]]), [1], binning)
    assert "lowest" not in found
    assert found["by_day"] == [[2, 2]]


def test_texts_show_their_values_where_all_are_known() -> None:
    rows = [["a", "bb", None], ["a", "ccc"]]
    binning = categorical_binning(["a", "bb", "ccc", "gone"])
    found = facts(categorical_states(binning, rows), [1, 2], binning)
    assert found["values"] == {"a": 2, "bb": 1, "ccc": 1}
    assert found["length"] == [1, 3]
    new = categorical_states(binning, [*rows, ["unseen"]])
    assert "values" not in facts(new, [1, 2, 3], binning)
