"""Performance of the predictions of a frame: every metric of its task, with intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from modelwatch.api.arrow_frames import (
    FrameError,
    FrameLike,
    arrow_table,
    column_of,
    day_numbers,
    doubles,
    frame_columns,
)
from modelwatch.api.column_states import ROWS_PER_BATCH
from modelwatch.api.html import table_html
from modelwatch.api.label_values import NO_VALUE, MappedValues, at_least, check_sides, mapped_values
from modelwatch.api.result import TableResult
from modelwatch.evaluation.performance.score_groups import group_of_vectors, task_states
from modelwatch.model.performance.labels import Decision, Performance
from modelwatch.model.performance.value_accounts import ValueAccount, reason_of
from modelwatch.stats.arrays import AnyArray, Counts, Floats, known_number
from modelwatch.stats.performance.intervals import intervals
from modelwatch.stats.performance.metrics import PERFORMANCE, ScoreStates, error_bounds
from modelwatch.stats.states.binary import BinaryStates
from modelwatch.stats.states.binning import NumericBinning, fit_numeric
from modelwatch.stats.states.multiclass import MulticlassStates
from modelwatch.stats.states.score_batch import Task
from modelwatch.stats.states.score_bins import TopValues, fit_scores
from modelwatch.stats.states.score_scale import ScoreBinning, ScoreKind
from modelwatch.stats.states.score_tally import ScoreBatch, ScorePlan, ScoreTally
from modelwatch.stats.states.value_account import DECISION_SUBJECT, LABEL_SUBJECT

LabelScalar = bool | int | float | Decimal | str
_SCHEMA = pa.schema(
    [
        ("metric", pa.string()),
        ("value", pa.float64()),
        ("lower", pa.float64()),
        ("upper", pa.float64()),
        ("iid_lower", pa.float64()),
        ("iid_upper", pa.float64()),
        ("better", pa.string()),
        ("reason", pa.string()),
        ("error_bound", pa.float64()),
    ]
)


@dataclass(frozen=True, repr=False)
class PerformanceResult(TableResult):
    """Metrics of the predictions of a frame, as returned by `performance`.

    One row per ``metric``, with ``value``; ``lower`` and ``upper``, an interval from the days
    (delete-one-day jackknife; null for fewer than three days); ``iid_lower`` and ``iid_upper``, an
    interval for independent rows; ``better``, the direction that is better; ``reason`` if
    undefined; and ``error_bound``: how much the value may differ from that of the raw rows because
    of bins; 0 if exact, null if unknown. ``rows`` and ``labelled_rows`` are those of the frame.
    ``accounts``: by column of labels and decisions, the rows with a value, and those with an
    unmapped value by its spelling. ``notes``: one sentence for each column with unmapped values.
    """

    task: Task
    rows: int
    labelled_rows: int
    accounts: tuple[ValueAccount, ...] = ()
    notes: tuple[str, ...] = ()

    def of(self, metric: str) -> float | None:
        """The value of one metric; None if undefined."""
        for row in self.table.to_pylist():
            if row["metric"] == metric:
                value: float | None = row["value"]
                return value
        raise FrameError(f"a {self.task} task has no metric {metric!r}")

    def _repr_html_(self) -> str:
        rows = self.table.to_pylist()
        dated = any(row["lower"] is not None for row in rows)
        ends = ("lower", "upper") if dated else ("iid_lower", "iid_upper")
        columns = ("metric", "value", *ends, "reason")
        labeled = f"{self.labelled_rows:,} of {self.rows:,} rows labeled"
        return table_html(
            "; ".join((f"Performance ({self.task}), {labeled}", *self.notes)),
            columns,
            [[row[key] for key in columns] for row in rows],
        )

    def __repr__(self) -> str:
        return "; ".join((super().__repr__(), *self.notes))


def performance(
    frame: FrameLike,
    *,
    task: Task,
    label: str,
    score: str | Sequence[str] = (),
    score_kind: ScoreKind = "probability",
    decision: str | None = None,
    threshold: float | None = None,
    positive: LabelScalar | Sequence[LabelScalar] | None = None,
    negative: LabelScalar | Sequence[LabelScalar] | None = None,
    unmapped: Literal["nothing", "negative"] | None = None,
    classes: Sequence[LabelScalar] = (),
    interval: tuple[str, str] | None = None,
    day: str | None = None,
    level: float = 0.95,
) -> PerformanceResult:
    """Every metric of a task, of predictions beside their labels; see docs/reference/statistics.md.

    The metrics and intervals are those of the job, read from the same states.

    ``task``: ``binary``, ``multiclass`` or ``regression``. ``label``: the column of the labels;
    null, NaN and empty text are no label. ``score``: that of the positive class, the predicted
    number, or one for each of ``classes``. ``score_kind``: what a score says: ``probability``,
    ``logit``, ``percentage`` or ``rank``. ``decision``: the column of what was decided, or
    ``threshold``: the decision is positive from this score on, in its unit; multiclass: the class
    with the greatest score if left out. ``positive``: values of label and decision that mean
    positive; by default true and 1. ``negative``: those that mean negative; by default the other
    boolean, 0 for 1, and the opposite of words such as yes, otherwise every other value.
    ``unmapped``: what a value counts as that is neither: ``nothing`` (no label, or no decision), or
    ``negative``. The result counts them. ``interval``: columns of the lower and upper end of a
    predicted interval. ``day``: a column of days, from which intervals are computed. ``level``: of
    the intervals. FrameError for a frame that cannot be read, and for arguments that do not fit the
    task.

    >>> import modelwatch
    >>> scored = {"paid": ["yes", "no", "no", "yes", None], "p": [0.9, 0.2, 0.7, 0.8, 0.4]}
    >>> result = modelwatch.performance(
    ...     scored, task="binary", label="paid", positive="yes", score="p", threshold=0.5
    ... )
    >>> result.labelled_rows, result.of("accuracy"), result.of("roc_auc")
    (4, 0.75, 1.0)
    """
    asked = _asked(
        task=task,
        score=(score,) if isinstance(score, str) else tuple(score),
        score_kind=score_kind,
        decision={"column": decision, "threshold": _plain(threshold)},
        positive=_scalars(positive),
        negative=_scalars(negative),
        unmapped=unmapped,
        classes=_scalars(classes),
        interval=interval,
    )
    table = arrow_table(frame)
    days = day_numbers(table, day)
    scores = [_numbers(table, name) for name in asked.score]
    plan = ScorePlan(task=task, binning=_binning(asked, scores), classes=asked.class_names)
    mapped = _mapped(table, asked, label)
    batch = _batch(table, asked, label, mapped, scores, days)
    by_day = score_states(plan, batch, probabilities=bool(scores))
    rows = []
    found_intervals = intervals(by_day, level=level)
    whole = by_day.total()
    bounds = error_bounds(whole, list(found_intervals))
    for key, found in found_intervals.items():
        ends = ("value", "lower", "upper", "iid_lower", "iid_upper")
        numbers = {name: known_number(getattr(found, name)) for name in ends}
        better = PERFORMANCE[key].better
        bound = None if numbers["value"] is None else known_number(bounds[key][0])
        rows.append(
            {
                "metric": key,
                **numbers,
                "better": better,
                "reason": found.reason,
                "error_bound": bound,
            }
        )
    return PerformanceResult(
        pa.Table.from_pylist(rows, schema=_SCHEMA),
        task,
        int(whole.rows[0]),
        int(whole.labelled[0]),
        tuple(one.account for one in mapped.values()),
        tuple(_notes(asked, mapped)),
    )


def _notes(asked: Performance, mapped: Mapping[str, MappedValues]) -> Iterator[str]:
    """A sentence for the label and for the decision, if they contain unmapped values."""
    named = [v for v in (*asked.positive, *asked.negative, *asked.classes) if isinstance(v, str)]
    for subject, one in mapped.items():
        if one.account.unmapped:
            yield f"{subject}: {reason_of(one.account, named)}"


def _asked(decision: Mapping[str, Any], **given: Any) -> Performance:
    """The arguments as the section ``performance`` of a configuration, which validates them."""
    try:
        decided = None
        if any(value is not None for value in decision.values()):
            decided = Decision(**decision)
        return Performance(
            decision=decided, **{key: value for key, value in given.items() if value is not None}
        )
    except ValueError as error:
        raise FrameError(_reasons(error)) from error


def _scalars(given: LabelScalar | Sequence[LabelScalar] | None) -> tuple[LabelScalar, ...] | None:
    """One or several values as a tuple; numpy scalars become Python objects."""
    if given is None:
        return None
    several = (given,) if isinstance(given, (LabelScalar, np.generic)) else tuple(given)
    return tuple(_plain(value) for value in several)


def _plain(value: Any) -> Any:
    """A numpy scalar as a Python object."""
    return value.item() if isinstance(value, np.generic) else value


def _reasons(error: ValueError) -> str:
    """The message of a validation error, without pydantic's framing."""
    details: list[dict[str, Any]] = getattr(error, "errors", list)()
    mapped = (
        ".".join(map(str, one["loc"])) + ": " + one["msg"].removeprefix("Value error, ")
        for one in details
    )
    return "; ".join(one.removeprefix(": ") for one in mapped) or str(error)


def _numbers(table: pa.Table, name: str) -> pa.ChunkedArray:
    """A numeric column as doubles; FrameError for other types."""
    columns, _ = frame_columns(table.select([name]) if name in table.column_names else table)
    column_of(table, name)
    if not columns or columns[0].kind != "numeric":
        raise FrameError(f"column {name!r} has type {table.column(name).type}, not a number")
    found = doubles(table.column(name))
    if columns[0].digits == 0 and not columns[0].values.equals(_longs(found, columns[0].values)):
        raise FrameError(
            f"column {name!r} contains integers beyond 2**53, which doubles cannot distinguish: "
            "subtract the same number from labels and predictions, or divide scores"
        )
    return found


def _longs(column: pa.ChunkedArray, like: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Doubles as exact integers; None if they are not integers."""
    try:
        return column.cast(like.type)
    except pa.ArrowInvalid:
        return None


def _binning(asked: Performance, scores: Sequence[pa.ChunkedArray]) -> NumericBinning:
    if not scores:
        return fit_numeric(np.array([0.0, 1.0]), 0.0, 1.0)
    values = scores[0].to_numpy()
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if len(finite) else (np.nan, np.nan)
    ends, kind = (float(low), float(high)), asked.score_kind
    if asked.task == "binary":
        return fit_scores(finite, *ends, TopValues.of(finite), len(finite), kind=kind)
    fitted = fit_numeric(finite, *ends)
    if asked.task == "regression":
        return fitted
    return ScoreBinning(fitted.edges, fitted.center, fitted.scale, kind=kind)


def _mapped(table: pa.Table, asked: Performance, label: str) -> dict[str, MappedValues]:
    """The label and the decision columns of a task with classes, by subject."""
    if asked.task == "regression":
        return {}
    named = {LABEL_SUBJECT: label}
    if asked.decision is not None and asked.decision.column is not None:
        named[DECISION_SUBJECT] = asked.decision.column
    columns = {subject: column_of(table, name) for subject, name in named.items()}
    if asked.task == "binary":
        check_sides(asked, {named[subject]: one.type for subject, one in columns.items()})
    return {subject: mapped_values(asked, one, subject) for subject, one in columns.items()}


def _batch(
    table: pa.Table,
    asked: Performance,
    label: str,
    mapped: Mapping[str, MappedValues],
    scores: Sequence[pa.ChunkedArray],
    days: Counts,
) -> ScoreBatch:
    """All rows, with labels and decisions as codes."""
    rows = table.num_rows
    score: Floats = np.zeros(rows)
    nulls: AnyArray | None = None
    if scores:
        stacked = np.stack([one.to_numpy() for one in scores], axis=1)
        missing = np.stack([one.is_null().to_numpy() for one in scores], axis=1)
        several = asked.task == "multiclass"
        score, nulls = (stacked, missing) if several else (stacked[:, 0], missing[:, 0])
    target = None
    if asked.task == "regression":
        target = _numbers(table, label).to_numpy()
        codes = (~np.isnan(target)).astype(np.int64)
    else:
        codes = mapped[LABEL_SUBJECT].codes + 1
    met, slots = np.unique(days, return_inverse=True)
    ends = [_numbers(table, name).to_numpy() for name in asked.interval]
    return ScoreBatch(
        rows=rows,
        keys=[(int(day), int(day), "") for day in met],
        slots=slots,
        decision=mapped[DECISION_SUBJECT].codes
        if DECISION_SUBJECT in mapped
        else _decisions(table, asked, score),
        label=codes,
        score=score,
        score_nulls=nulls,
        target=target,
        interval=(ends[0], ends[1]) if ends else None,
        age=np.where(codes > 0, 0, -1),
        segments=[],
        slices=[],
        values=[],
    )


def _decisions(table: pa.Table, asked: Performance, score: Floats) -> Counts:
    """The decisions that follow from a score; -1 for none."""
    unknown = np.isnan(score)
    if asked.task == "multiclass":
        lost = unknown.any(axis=1)
        return np.where(lost, NO_VALUE, np.argmax(np.nan_to_num(score), axis=1)).astype(np.int64)
    if asked.decision is None or asked.decision.threshold is None:
        return np.zeros(len(score), dtype=np.int64)
    reached = at_least(column_of(table, asked.score[0]), asked.decision.threshold)
    return np.where(unknown, NO_VALUE, reached).astype(np.int64)


def score_states(plan: ScorePlan, batch: ScoreBatch, *, probabilities: bool) -> ScoreStates:
    """The states of a batch as a stack with one entry per day, rows without a decision included."""
    tally = ScoreTally(plan)
    for start in range(0, batch.rows, ROWS_PER_BATCH):
        tally.add(_part(batch, start, min(batch.rows, start + ROWS_PER_BATCH)))
    as_of_day = max((due for _, due, _ in batch.keys), default=0)
    group = group_of_vectors(tally.vectors(), as_of_day)
    found = task_states(group, plan.task, plan.binning, plan.classes)
    if found is not None:
        return found[1]
    if plan.task == "regression":
        raise FrameError("frame has no rows")
    if plan.task == "multiclass":
        return MulticlassStates.empty(plan.classes, probabilities=probabilities)
    return BinaryStates.empty(plan.binning).without_empty_bins()


def _part(batch: ScoreBatch, start: int, stop: int) -> ScoreBatch:
    """A selection of the rows of a batch."""
    rows = slice(start, stop)
    return ScoreBatch(
        rows=stop - start,
        keys=batch.keys,
        slots=batch.slots[rows],
        decision=batch.decision[rows],
        label=batch.label[rows],
        score=batch.score[rows],
        score_nulls=None if batch.score_nulls is None else batch.score_nulls[rows],
        target=None if batch.target is None else batch.target[rows],
        interval=None
        if batch.interval is None
        else (batch.interval[0][rows], batch.interval[1][rows]),
        age=batch.age[rows],
        segments=[],
        slices=[],
        values=[],
    )
