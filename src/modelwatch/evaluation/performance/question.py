"""What is asked of the states of performance, and the rows that answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pyarrow as pa

from modelwatch.evaluation.collected_rows import CollectedRows
from modelwatch.evaluation.drift.question import WindowReference
from modelwatch.model.planning.windows import Window
from modelwatch.stats.arrays import AnyArray
from modelwatch.stats.day_numbers import day_number
from modelwatch.stats.estimation.expected_loss import LossRegressor
from modelwatch.stats.states.batch import BatchColumn
from modelwatch.stats.states.binning import NumericBinning
from modelwatch.stats.states.score_batch import Task
from modelwatch.tables import TABLES
from modelwatch.tables.arrow import arrow_type

ANSWERS = (
    "label_maturity",
    "performance_metrics",
    "performance_estimates",
    "business_metrics",
    "model_comparisons",
    "change_attributions",
)
"""Tables that are read off the states of performance."""
TABLE = "table"


@dataclass(frozen=True)
class ScoreQuestion:
    """Windows, references, and what the states mean.

    ``fitted``: days of the reference on which scores are calibrated, first and last; None where it
    has no days. ``causes``: metrics whose change is split. ``delay``: days until labels are due, 0
    where a column tells it. ``known``: whether it is told when a label became known.
    ``loss_regressor``: what says the losses that are expected of a regression, or ``loss_reason``
    why nothing does. ``shadow_binnings``: of the scores of the challengers, in their order.
    ``assumed_design_effect``: of references and windows of too few days.
    """

    as_of: date
    task: Task
    binning: NumericBinning
    windows: tuple[Window, ...]
    references: tuple[WindowReference, ...]
    classes: tuple[str, ...] = ()
    cells: Mapping[str, float] | None = None
    slices: tuple[BatchColumn, ...] = ()
    causes: tuple[str, ...] = ()
    challengers: tuple[str, ...] = ()
    shadow_binnings: tuple[NumericBinning, ...] = ()
    comparison: tuple[str, str, float | None] | None = None
    known: bool = True
    fitted: tuple[date, date] | None = None
    delay: int = 0
    loss_regressor: LossRegressor | None = None
    loss_reason: str | None = None
    assumed_design_effect: float | None = None

    @cached_property
    def starts(self) -> AnyArray:
        """First day number of each window."""
        return np.array([day_number(w.start) for w in self.windows], dtype=np.int64)

    @cached_property
    def ends(self) -> AnyArray:
        """Last day number of each window."""
        return np.array([day_number(w.end) for w in self.windows], dtype=np.int64)

    @cached_property
    def fitted_days(self) -> tuple[int, int] | None:
        """Numbers of the days on which scores are calibrated."""
        return (
            None
            if self.fitted is None
            else (day_number(self.fitted[0]), day_number(self.fitted[1]))
        )

    @cached_property
    def as_of_day(self) -> int:
        """Number of the day of the run."""
        return day_number(self.as_of)

    def bounds(self, reference: WindowReference) -> tuple[AnyArray, AnyArray, AnyArray]:
        """For each window whether it has the reference, and its first and last day number."""
        held = np.array([days is not None for days in reference.days], dtype=bool)
        first = np.array([day_number(d[0]) if d else 0 for d in reference.days], dtype=np.int64)
        last = np.array([day_number(d[1]) if d else -1 for d in reference.days], dtype=np.int64)
        return held, first, last

    def window_columns(self, chosen: AnyArray) -> dict[str, object]:
        """Columns that say which windows rows are of."""
        windows = [self.windows[w] for w in chosen]
        return {
            "as_of": self.as_of,
            "window": np.array([w.name for w in windows], dtype=object),
            "window_start": dates(w.start for w in windows),
            "window_end": dates(w.end for w in windows),
            "partial": np.array([w.partial for w in windows], dtype=bool),
        }


def dates(days: Iterable[date | None]) -> AnyArray:
    """Days as a column."""
    return np.array([*days, None], dtype=object)[:-1]


def answer_schema() -> pa.Schema:
    """Columns of all tables of ``ANSWERS`` together, and ``TABLE``: of which of them a row is."""
    fields = {TABLE: pa.field(TABLE, pa.string(), False)}
    for name in ANSWERS:
        for column in map(TABLES[name].column, TABLES[name].own_names):
            fields[column.name] = pa.field(column.name, arrow_type(column.type), True)
    return pa.schema(list(fields.values()))


def answer_ddl() -> str:
    """The same as Spark's DDL."""
    types = {TABLE: "string"}
    for name in ANSWERS:
        for column in map(TABLES[name].column, TABLES[name].own_names):
            types[column.name] = column.type
    return ", ".join(f"`{name}` {kind}" for name, kind in types.items())


class Answers:
    """Collects rows of the tables of ``ANSWERS``."""

    def __init__(self) -> None:
        self._rows = CollectedRows(answer_schema())

    def add(self, table: str, count: int, **columns: object) -> None:
        """Some rows of a table; a column is an array, one value for all, or missing for null."""
        if count:
            self._rows.add(count, **{TABLE: table, **columns})

    def full(self) -> Iterator[pa.RecordBatch]:
        """The rows so far, if they fill a batch."""
        yield from self._rows.full()

    def rest(self) -> Iterator[pa.RecordBatch]:
        """The rows so far."""
        yield from self._rows.rest()
