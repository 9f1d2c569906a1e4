"""Both engines evaluate every kind of constraint alike, and the native one needs nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter
from pyspark.sql import DataFrame, SparkSession

from modelwatch.constraints import ConstraintRow, constraint_results, results
from modelwatch.constraints.kinds import KINDS
from modelwatch.constraints.results import chosen_engine
from modelwatch.model.contracts.constraint import Constraint, EngineChoice
from modelwatch.model.errors import SessionError
from modelwatch.model.sources.tables import TableAddress

FIRST = date(2024, 1, 1)
DAYS = [FIRST + timedelta(days=i) for i in range(8)]
ROWS_OF_DAY = (0, 1, 2, 3, 40, 200, 200, 30)
"""The first day is empty; the last one has rows, and no value in them."""
LISTED = TableAddress(path="listed")
TEXTS = (
    "1",
    " -2 ",
    "2.5",
    ".5",
    "1e3",
    "1E+400",
    "true",
    "FALSE",
    "NaN",
    "",
    " ",
    "N12",
    "ñ😀",
    "x\ny",
)
HARD: dict[str, tuple[str, Sequence[Any]]] = {
    "f": ("double", (0.0, -0.0, 1.5, -2.0, 3.0, 0.1, math.nan, None)),
    "spread": ("double", (1e15, 1e15 + 1, -1e15, 3.25, None)),
    "infinite": ("double", (1.0, math.inf, -math.inf, math.nan, None)),
    "tiny": ("double", (5e-324, 1e-160, 2e-160, -1e-160)),
    "huge": ("double", (1e150, -1e150, 3e149, 1.7e308, None)),
    "narrow": ("float", (0.1, -0.0, 16777216.0, 3.4e38, math.nan, None)),
    "constant": ("double", (0.1, None)),
    "a.b": ("int", (1, 2, 3, -(2**31), 2**31 - 1, None)),
    "c`d": ("bigint", (0, 1, 2**53, 2**53 + 1, -(2**63), 2**63 - 1, None)),
    'it\'s "x"': ("tinyint", (-128, 127, 0, None)),
    "größe 名": (
        "decimal(38,18)",
        (Decimal("0.1"), Decimal("-0.100000000000000001"), Decimal(10**19), Decimal(7), None),
    ),
    "wide": ("decimal(38,0)", (Decimal(10**37), Decimal(-(10**37)), Decimal(7), None)),
    "select": ("string", (*TEXTS, None)),
    "flag": ("boolean", (True, False, None)),
    "on": ("date", (date(1, 1, 1), date(2024, 2, 29), date(9999, 12, 31), None)),
    "at": ("timestamp", (datetime(1970, 1, 1), datetime(2024, 2, 29, 12, 0, 0, 1), None)),
    "seats": ("array<int>", ([], [1, None], None)),
}
"""By column, its type and the values that its rows are drawn from."""
NUMBERS = [name for name, (of_type, _) in HARD.items() if of_type not in (
    "string", "boolean", "date", "timestamp", "array<int>"
)]  # fmt: skip


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def keys_of_every_kind() -> Iterator[dict[str, Any]]:
    yield {"kind": "rows", "lower": 1.0}
    yield {"kind": "rows", "lower": 1.0, "where": "flag"}
    for name, (of_type, _) in HARD.items():
        yield {"kind": "completeness", "column": name}
        yield {"kind": "completeness", "column": name, "where": "f > 0"}
        yield {"kind": "uniqueness", "columns": (name,)}
        yield {"kind": "data_type", "column": name, "type": "integral"}
        yield {"kind": "predicate", "sql": f"{quoted(name)} IS NULL OR f > 1"}
        if of_type == "string":
            for read_as in ("fractional", "numeric", "boolean", "string"):
                yield {"kind": "data_type", "column": name, "type": read_as}
            yield {"kind": "pattern", "column": name, "regex": r"^\s*[0-9]+$"}
            yield {"kind": "domain", "column": name, "values": ("1", "", "ñ😀")}
    for name in NUMBERS:
        yield {"kind": "mean", "column": name, "lower": 0.0}
        yield {"kind": "sd", "column": name, "lower": 0.0}
        yield {"kind": "mean", "column": name, "lower": 0.0, "where": "flag"}
        yield {"kind": "range", "column": name, "lower": 0.0}
        yield {"kind": "range", "column": name, "lower": -0.1, "upper": 1e30}
        yield {"kind": "range", "column": name, "lower": -1e300, "upper": Decimal(10) ** 40}
        yield {"kind": "domain", "column": name, "values": (0, 0.1, 2**53 + 1, 10**37)}
        if name != "f":
            yield {"kind": "correlation", "columns": ("f", name), "lower": -1.0}
    yield {"kind": "domain", "column": "flag", "values": (True,)}
    yield {"kind": "domain", "column": "on", "values": (date(2024, 2, 29),)}
    yield {"kind": "uniqueness", "columns": ("f", "select", "a.b"), "where": "flag"}
    for name in ("f", "a.b", "c`d", "größe 名", "wide", "narrow"):
        for other in ("wide", "größe 名"):
            known = {"table": LISTED, "column": other}
            yield {"kind": "foreign_set", "column": name, "set": known}


def constraints() -> list[Any]:
    adapter: TypeAdapter[Any] = TypeAdapter(Constraint)
    return [
        adapter.validate_python({"name": f"{i} {keys['kind']}", **keys})
        for i, keys in enumerate(keys_of_every_kind())
    ]


@pytest.fixture(scope="module")
def rows(spark: SparkSession) -> DataFrame:
    drawn = Random(20240229)
    held = []
    for day, count in zip(DAYS, ROWS_OF_DAY, strict=True):
        for _ in range(count):
            values = [drawn.choice(values) for _, values in HARD.values()]
            held.append((day, *(values if day != DAYS[-1] else [None] * len(HARD))))
    columns = ", ".join(f"{quoted(name)} {of_type}" for name, (of_type, _) in HARD.items())
    return spark.createDataFrame(held, f"__day date, {columns}").repartition(3).localCheckpoint()


@pytest.fixture(scope="module")
def listed(spark: SparkSession) -> DataFrame:
    held = [(Decimal(7), Decimal(7)), (Decimal(10**37), Decimal("0.1")), (None, None)]
    return spark.createDataFrame(held, "wide decimal(38,0), `größe 名` decimal(38,18)")


def evaluated(rows: DataFrame, listed: DataFrame, engine: EngineChoice) -> list[ConstraintRow]:
    frames = {"inputs": rows}
    return constraint_results(frames, constraints(), DAYS, {LISTED: listed}, engine=engine)


@pytest.fixture(scope="module")
def native(rows: DataFrame, listed: DataFrame) -> list[ConstraintRow]:
    return evaluated(rows, listed, "native")


def without_digits(found: Sequence[ConstraintRow]) -> list[ConstraintRow]:
    return [
        replace(row, engine=None, observed=None if row.observed is None else 0.0) for row in found
    ]


def far_apart(ones: Sequence[ConstraintRow], others: Sequence[ConstraintRow]) -> list[Any]:
    """Values that differ in the first nine digits."""
    return [
        (one.constraint, one.column, one.day, one.observed, other.observed)
        for one, other in zip(ones, others, strict=True)
        if one.observed is not None
        and one.observed != pytest.approx(other.observed, rel=1e-9, abs=1e-9)
    ]


def test_the_table_has_every_kind() -> None:
    assert {keys["kind"] for keys in keys_of_every_kind()} == set(KINDS)


@pytest.mark.deequ
def test_both_engines_agree_on_every_kind(
    rows: DataFrame, listed: DataFrame, native: list[ConstraintRow]
) -> None:
    deequ = evaluated(rows, listed, "deequ")
    assert {row.engine for row in native} == {"native"}
    assert {row.engine for row in deequ} == {"deequ"}
    extreme = {
        row.constraint for row in native if row.kind == "correlation" and row.column == "f, tiny"
    }
    ours, theirs = (
        [row for row in found if row.constraint not in extreme] for found in (native, deequ)
    )
    unlike = [
        (a.constraint, a.column, a.day, a.observed, b.observed, a.reason, b.reason)
        for a, b in zip(without_digits(ours), without_digits(theirs), strict=True)
        if a != b
    ]
    assert not unlike
    assert not far_apart(ours, theirs)


def test_the_native_engine_gives_the_same_in_ansi_mode_and_without(
    spark: SparkSession, rows: DataFrame, listed: DataFrame, native: list[ConstraintRow]
) -> None:
    before = spark.conf.get("spark.sql.ansi.enabled")
    spark.conf.set("spark.sql.ansi.enabled", "false" if before == "true" else "true")
    try:
        found = evaluated(rows, listed, "native")
    finally:
        spark.conf.set("spark.sql.ansi.enabled", before)
    assert without_digits(found) == without_digits(native)
    assert not far_apart(found, native)


@pytest.mark.deequ
def test_the_native_correlation_holds_where_the_product_of_variances_does_not(
    spark: SparkSession,
) -> None:
    """Deequ multiplies the sums of squares, which overflow, and observes no correlation."""
    drawn = ((1, 2.5), (2, 2), (4, 3), (3, 7))
    held = [(FIRST, one * 1e150, other * 1e150) for one, other in drawn]
    pair = spark.createDataFrame(held, "__day date, a double, b double")
    keys = {"name": "n", "kind": "correlation", "columns": ("a", "b"), "lower": -1.0}
    promise: Any = TypeAdapter(Constraint).validate_python(keys)

    def observed(engine: EngineChoice) -> float | None:
        (row,) = constraint_results({"inputs": pair}, [promise], [FIRST], engine=engine)
        return row.observed

    assert observed("native") == pytest.approx(np.corrcoef(*zip(*drawn, strict=True))[0, 1])
    assert observed("deequ") == 0.0


@pytest.mark.deequ
def test_auto_is_deequ_where_it_can_be_used(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert chosen_engine(spark, "auto").name == "deequ"
    monkeypatch.setattr(results, "deequ_obstacle", lambda spark: "there is no JVM")
    chosen = chosen_engine(spark, "auto")
    assert (chosen.name, chosen.reason) == ("native", "there is no JVM")
    with pytest.raises(SessionError, match=r"no JVM\. Choose `auto` or `native`"):
        chosen_engine(spark, "deequ")
