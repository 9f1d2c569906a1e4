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

from modelwatch.stats.arrays import AnyArray, Floats
from modelwatch.stats.special import normal_tail
from modelwatch.stats.verdicts.judgement import Judgement, judged
from modelwatch.stats.verdicts.multiplicity import Correction
from modelwatch.tables import TABLES
from modelwatch.tables.arrow import arrow_schema

COMPARISON_FAMILY = ("window", "window_start", "segmentation", "role")
TABLE = TABLES["verdicts"]
VERDICT_COLUMNS = TABLE.own_names
SCHEMA = arrow_schema(TABLE, *VERDICT_COLUMNS)
WHATEVER_ROWS = ("volume", "labels")
"""Sources of figures that are judged however few the rows are: the number of rows itself, and
shares of rows that are judged with the chance of so many rows."""


@dataclass(frozen=True)
class Strictness:
    """How figures become verdicts: false discovery rate of a window, fewest rows, correction."""

    level: float
    min_rows: int
    correction: Correction


def comparison_families(records: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
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
    return tuple(part.column(name)[0].as_py() for name in COMPARISON_FAMILY)


def comparison_judgement(family: pa.Table, strictness: Strictness) -> Judgement:
    """The verdicts of one comparison family."""
    return judged(
        _floats(family, "value"),
        _floats(family, "threshold"),
        p_values(family),
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


def p_values(family: pa.Table) -> Floats:
    """The p-values of metric values, from those given or their errors."""
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


def column_values(family: pa.Table, name: str) -> AnyArray | pa.Array:
    """A column as it came, but for NaN, which is null in a table."""
    kind = SCHEMA.field(name).type
    if kind == pa.float64():
        return _floats(family, name)
    return family.column(name).combine_chunks().cast(kind)


def _objects(family: pa.Table, name: str) -> AnyArray:
    return np.array([*family.column(name).to_pylist(), None], dtype=object)[:-1]
