"""Verdicts on figures, corrected for the number of comparisons of their family.

What is asked of one table in a window is a family: inputs, predictions and labels apart, and of
each all traffic and every segmentation apart. What is asked of many features or segments does not
hide what is plain of the labels or of the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.spark.collected_rows import CollectedRows
from modelwatch.spark.python_tasks import in_python
from modelwatch.stats.arrays import AnyArray, Floats
from modelwatch.stats.judgement import Judgement, judged
from modelwatch.stats.multiplicity import Correction
from modelwatch.stats.special import normal_tail
from modelwatch.tables import TABLES
from modelwatch.tables.arrow import arrow_schema

FAMILY = ("window", "window_start", "segmentation", "role")
_TABLE = TABLES["verdicts"]
VERDICT_COLUMNS = _TABLE.own_names
_SCHEMA = arrow_schema(_TABLE, *VERDICT_COLUMNS)
WHATEVER_ROWS = ("volume", "labels")
"""Sources of figures that are judged however few the rows are: the number of rows itself, and
shares of rows that are judged with the chance of so many rows."""
_JUDGED = ("p_value", "adjusted_p", "comparisons", "effect", "verdict", "reason")
_TAKEN = tuple(name for name in VERDICT_COLUMNS if name not in _JUDGED)


@dataclass(frozen=True)
class Strictness:
    """How figures become verdicts: false discovery rate of a window, fewest rows, correction."""

    level: float
    min_rows: int
    correction: Correction


def verdict_rows(figures: DataFrame, strictness: Strictness) -> DataFrame:
    """A verdict on every figure, ``VERDICT_COLUMNS``; ``figures`` has the columns of FIGURES."""

    def verdicts(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = CollectedRows(_SCHEMA)
        for family in _families(records):
            found = _judged(family, strictness)
            rows.add(
                family.num_rows,
                **{name: _taken(family, name) for name in _TAKEN},
                p_value=_p_values(family),
                adjusted_p=found.adjusted_p,
                comparisons=np.full(family.num_rows, found.comparisons, dtype=np.int32),
                effect=found.effect,
                verdict=found.verdict,
                reason=found.reason,
            )
            yield from rows.full()
        yield from rows.rest()

    by_family = figures.repartition(*(F.col(name) for name in FAMILY))
    return in_python(
        by_family.sortWithinPartitions(*FAMILY), verdicts, _TABLE.ddl(*VERDICT_COLUMNS)
    )


def _families(records: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The figures of one window after another; a window may span batches."""
    held: list[pa.RecordBatch] = []
    for record in records:
        if not record.num_rows:
            continue
        keys = pc.binary_join_element_wise(
            record.column("window"),
            pc.cast(pc.cast(record.column("window_start"), pa.int32()), pa.string()),
            record.column("segmentation"),
            record.column("role"),
            "\0",
        )
        encoded = np.asarray(pc.dictionary_encode(keys).indices)
        starts = [0, *(np.flatnonzero(np.diff(encoded)) + 1), record.num_rows]
        for start, stop in pairwise(starts):
            part = record.slice(start, stop - start)
            if held and _key(held[0]) != _key(part):
                yield pa.Table.from_batches(held)
                held = []
            held.append(part)
    if held:
        yield pa.Table.from_batches(held)


def _key(part: pa.RecordBatch) -> tuple[object, ...]:
    return tuple(part.column(name)[0].as_py() for name in FAMILY)


def _judged(family: pa.Table, strictness: Strictness) -> Judgement:
    return judged(
        _floats(family, "value"),
        _floats(family, "threshold"),
        _p_values(family),
        _counts(family, "rows"),
        _counts(family, "reference_rows"),
        _objects(family, "reason"),
        level=strictness.level,
        min_rows=_fewest_rows(family, strictness.min_rows),
        correction=strictness.correction,
        worse_only=_floats(family, "worse").astype(np.int64),
    )


def _fewest_rows(family: pa.Table, min_rows: int) -> AnyArray:
    exempt = np.isin(_objects(family, "source").astype(str), WHATEVER_ROWS)
    return np.where(exempt, 0, min_rows)


def _p_values(family: pa.Table) -> Floats:
    known = _floats(family, "p_value")
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.abs(_floats(family, "value")) / _floats(family, "error")
    return np.where(np.isnan(known), np.minimum(2 * normal_tail(z), 1.0), known)


def _floats(family: pa.Table, name: str) -> Floats:
    column = pc.cast(family.column(name), pa.float64())
    found: Floats = np.asarray(pc.fill_null(column, float("nan")), dtype=np.float64)
    return found


def _counts(family: pa.Table, name: str) -> AnyArray:
    """Counts, with those that are not known far beyond every bound."""
    return np.asarray(pc.fill_null(family.column(name), 2**62), dtype=np.int64)


def _taken(family: pa.Table, name: str) -> AnyArray | pa.Array:
    """A column as it came, but for NaN, which is null in a table."""
    kind = _SCHEMA.field(name).type
    if kind == pa.float64():
        return _floats(family, name)
    return family.column(name).combine_chunks().cast(kind)


def _objects(family: pa.Table, name: str) -> AnyArray:
    return np.array([*family.column(name).to_pylist(), None], dtype=object)[:-1]
