"""The parameters of a performance evaluation, and a collector of its result rows."""

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
"""Tables that are computed from performance states."""
OF_TABLE = "table"


@dataclass(frozen=True)
class ScoreQuestion(WindowQuestion):
    """The parameters of a performance evaluation: windows, references, and the task of the model.

    ``classes``: of a multiclass task. ``cells``: business value by cell of the confusion matrix.
    ``attributed_metrics``: metrics whose changes are attributed. ``challengers``: names of models
    in shadow mode, and ``shadow_binnings``: the bins of their scores, in the same order.
    ``comparison``: champion, challenger, and expected share of the challenger. ``known``: whether a
    column contains the day on which a label became known. ``fitted``: first and last day of the
    reference that calibrates the scores; None if the reference has no days. ``delay``: days until a
    label is due; 0 if a column contains the due date. ``loss_regressor``: predicts the losses of a
    regression model; if it is None, ``loss_reason`` is the reason. ``assumed_design_effect``: for
    windows and references with too few days.
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
        """First and last day number of the reference that calibrates the scores."""
        return (
            None
            if self.fitted is None
            else (day_number(self.fitted[0]), day_number(self.fitted[1]))
        )

    @cached_property
    def as_of_day(self) -> int:
        """Day number of the as-of day."""
        return day_number(self.as_of)


def answer_schema() -> pa.Schema:
    """Return the columns of all tables in ``ANSWERS``, and the column ``OF_TABLE`` with the name of
    a row's table."""
    fields = {OF_TABLE: pa.field(OF_TABLE, pa.string(), False)}
    for name in ANSWERS:
        for column in map(TABLES[name].column, TABLES[name].own_names):
            fields[column.name] = pa.field(column.name, arrow_type(column.type), True)
    return pa.schema(list(fields.values()))


class Answers:
    """Collects rows of the tables in ``ANSWERS`` with the same as-of day."""

    def __init__(self, as_of: date) -> None:
        self._as_of = as_of
        self._rows = CollectedRows(answer_schema())

    def add(self, table: str, count: int, **columns: object) -> None:
        """Add ``count`` rows of a table. A column is an array or a scalar; an omitted column is
        null."""
        if count:
            self._rows.add(count, **{OF_TABLE: table, "as_of": self._as_of, **columns})

    def full(self) -> Iterator[pa.RecordBatch]:
        """Yield the collected rows, and remove them, if they fill a batch."""
        yield from self._rows.full()

    def rest(self) -> Iterator[pa.RecordBatch]:
        """Yield the remaining rows."""
        yield from self._rows.rest()
