"""Verdicts on metric values, corrected for the number of comparisons in their family.

A family is one table in a window: inputs, predictions, and labels are separate, and so are all
traffic and each segmentation. Many features or segments thus do not hide what is obvious in the
labels or in the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.evaluation.batch_functions import BatchFunction
from modelwatch.evaluation.collected_rows import CollectedRows
from modelwatch.evaluation.sorted_rows import groups_of
from modelwatch.stats.arrays import AnyArray, Floats
from modelwatch.stats.special import normal_tail
from modelwatch.stats.verdicts.judgement import Judgement, judged
from modelwatch.stats.verdicts.multiplicity import Correction
from modelwatch.tables import TABLES
from modelwatch.tables.arrow import arrow_schema

COMPARISON_FAMILY = ("window_name", "window_start", "segmentation", "role")
VERDICTS_TABLE = TABLES["verdicts"]
VERDICT_COLUMNS = VERDICTS_TABLE.own_names
SCHEMA = arrow_schema(VERDICTS_TABLE, *VERDICT_COLUMNS)
WHATEVER_ROWS = ("volume", "labels")
"""Sources whose metrics are judged however few the rows are: the number of rows itself, and shares
of rows, whose chance accounts for the number of rows."""


@dataclass(frozen=True)
class Strictness:
    """How metric values become verdicts: false discovery rate of a window, minimum rows,
    correction."""

    level: float
    min_rows: int
    correction: Correction


_JUDGED = ("p_value", "adjusted_p", "comparisons", "effect", "verdict", "reason")
_TAKEN = tuple(name for name in VERDICT_COLUMNS if name not in _JUDGED)


def verdict_batches(strictness: Strictness) -> BatchFunction:
    """A function of metric values, sorted by family, that yields a verdict on each."""

    def verdicts(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = CollectedRows(SCHEMA)
        for metrics in groups_of(records, COMPARISON_FAMILY):
            found = comparison_judgement(metrics, strictness)
            rows.add(
                metrics.num_rows,
                **{name: column_values(metrics, name) for name in _TAKEN},
                p_value=p_values(metrics),
                adjusted_p=found.adjusted_p,
                comparisons=np.full(metrics.num_rows, found.comparisons, dtype=np.int32),
                effect=found.effect,
                verdict=found.verdict,
                reason=found.reason,
            )
            yield from rows.full()
        yield from rows.rest()

    return verdicts


def comparison_judgement(metrics: pa.Table, strictness: Strictness) -> Judgement:
    """The verdicts of one comparison family."""
    return judged(
        _floats(metrics, "value"),
        _floats(metrics, "threshold"),
        p_values(metrics),
        _counts(metrics, "row_count"),
        _counts(metrics, "reference_rows"),
        _objects(metrics, "reason"),
        level=strictness.level,
        min_rows=_fewest_rows(metrics, strictness.min_rows),
        correction=strictness.correction,
        worse_only=_floats(metrics, "worse").astype(np.int64),
    )


def _fewest_rows(metrics: pa.Table, min_rows: int) -> AnyArray:
    exempt = np.isin(_objects(metrics, "source").astype(str), WHATEVER_ROWS)
    return np.where(exempt, 0, min_rows)


def p_values(metrics: pa.Table) -> Floats:
    """The p-values of metric values, given or computed from their errors; the larger of two.

    An estimate has both: its own error, and the spread of estimates when nothing has changed. Both
    must be improbable.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.abs(_floats(metrics, "value")) / _floats(metrics, "error")
    by_error = np.minimum(2 * normal_tail(z), 1.0)
    return np.asarray(np.fmax(_floats(metrics, "p_value"), by_error), dtype=np.float64)


def _floats(metrics: pa.Table, name: str) -> Floats:
    column = pc.cast(metrics.column(name), pa.float64())
    found: Floats = np.asarray(pc.fill_null(column, float("nan")), dtype=np.float64)
    return found


def _counts(metrics: pa.Table, name: str) -> AnyArray:
    """Counts, with unknown ones above every bound."""
    return np.asarray(pc.fill_null(metrics.column(name), 2**62), dtype=np.int64)


def column_values(metrics: pa.Table, name: str) -> AnyArray | pa.Array:
    """A column with null for NaN."""
    kind = SCHEMA.field(name).type
    if kind == pa.float64():
        return _floats(metrics, name)
    return metrics.column(name).combine_chunks().cast(kind)


def _objects(metrics: pa.Table, name: str) -> AnyArray:
    return np.array([*metrics.column(name).to_pylist(), None], dtype=object)[:-1]
