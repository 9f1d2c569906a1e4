"""What is asked of the states of performance, and the rows that answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import pyarrow as pa

from modelwatch.evaluation.collected_rows import CollectedRows
from modelwatch.evaluation.planning.windows import WindowQuestion, WindowReference
from modelwatch.model.planning.windows import Window
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
OF_TABLE = "table"


@dataclass(frozen=True)
class ScoreQuestion(WindowQuestion):
    """Windows, references, and what the states mean.

    ``fitted``: days of the reference on which scores are calibrated, first and last; None where it
    has no days. ``attributed_metrics``: metrics whose change is split. ``delay``: days
    until labels are due, 0 where a column has it. ``known``: whether a column says when a label
    became known.
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
    attributed_metrics: tuple[str, ...] = ()
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


def answer_schema() -> pa.Schema:
    """Columns of all tables of ``ANSWERS``, and ``OF_TABLE``: which of them a row is of."""
    fields = {OF_TABLE: pa.field(OF_TABLE, pa.string(), False)}
    for name in ANSWERS:
        for column in map(TABLES[name].column, TABLES[name].own_names):
            fields[column.name] = pa.field(column.name, arrow_type(column.type), True)
    return pa.schema(list(fields.values()))


class Answers:
    """Collects rows of the tables of ``ANSWERS``, as of a day."""

    def __init__(self, as_of: date) -> None:
        self._as_of = as_of
        self._rows = CollectedRows(answer_schema())

    def add(self, table: str, count: int, **columns: object) -> None:
        """Some rows of a table; a column is an array, one value for all, or missing for null."""
        if count:
            self._rows.add(count, **{OF_TABLE: table, "as_of": self._as_of, **columns})

    def full(self) -> Iterator[pa.RecordBatch]:
        """The rows so far, if they fill a batch."""
        yield from self._rows.full()

    def rest(self) -> Iterator[pa.RecordBatch]:
        """The rows so far."""
        yield from self._rows.rest()
