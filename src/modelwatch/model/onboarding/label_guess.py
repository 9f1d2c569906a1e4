"""Guess the label, its arrival and due date, the task, and the decision."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from modelwatch.model.config.column_types import (
    INTEGER_TYPES,
    NUMERIC_TYPES,
    STRING_TYPES,
    TIMESTAMP_TYPES,
)
from modelwatch.model.onboarding.column_names import (
    is_answer_name,
    is_due_name,
    is_known_name,
    is_label_due_name,
    is_label_name,
    is_lower_end_name,
    is_probability_name,
    is_truth_name,
    is_upper_end_name,
    plain_name,
)
from modelwatch.model.onboarding.day_guess import DayGuess
from modelwatch.model.onboarding.score_guess import ScoreFacts, guessed_kind
from modelwatch.model.onboarding.side_guess import positive_of, sides_of, values_of, word_of
from modelwatch.model.onboarding.table_facts import ColumnFacts, JoinedFacts, TableFacts, Value
from modelwatch.model.performance.labels import MAX_CLASSES
from modelwatch.stats.states.score_batch import Task
from modelwatch.stats.states.score_scale import ScoreKind

DUE_SHARE = 0.95
"""Share of the labels that arrive within the guessed delay."""
DEFAULT_DELAY_DAYS = 7
SAME_DAY = 0.9
_NOT_BEFORE = 0.98
_SHARE_KNOWN_BY_DUE_DATE = 0.5
"""Share of the labels that keep to a date which is named for it."""
_MOST_CLASSES_OF_NUMBERS = 20
_THRESHOLDS: Mapping[ScoreKind, float] = {"probability": 0.5, "percentage": 50.0, "logit": 0.0}


@dataclass(frozen=True)
class Delay:
    """Days within which ``share`` of a day's labels arrive; ``why`` explains how this is known."""

    days: int
    why: str


@dataclass(frozen=True)
class PerformanceGuess:
    """The section ``performance``. ``why`` has the reason for the task and further reasons."""

    task: Task
    score: tuple[str, ...] = ()
    score_kind: ScoreKind = "probability"
    decision: str | None = None
    threshold: float | None = None
    positive: tuple[Value, ...] = ()
    negative: tuple[Value, ...] = ()
    classes: tuple[Value, ...] = ()
    interval: tuple[str, ...] = ()
    why: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabelGuess:
    """The section ``labels``, and the performance that can be measured with them.

    ``due_column`` is a date of the predictions or inputs on which the label is due; otherwise,
    ``delay`` applies.
    """

    table: TableFacts
    id: tuple[str, ...]
    day: DayGuess
    label: str
    known: str | None
    delay: Delay
    due_column: str | None = None
    performance: PerformanceGuess | None = None
    why: tuple[str, ...] = field(default=())


def label_column(
    table: TableFacts, taken: Collection[str | None], *, own_table: bool
) -> ColumnFacts | None:
    """Return the label column, or None if no column qualifies.

    ``taken`` are columns with another meaning. A label table (``own_table``) must have a label; in
    other tables, the name decides.
    """
    free = [
        column
        for column in table.columns
        if column.name not in taken
        and not is_answer_name(column.name)
        and not column.spells_days
        and column.plain_type in NUMERIC_TYPES | STRING_TYPES | {"boolean"}
    ]
    sure = [column for column in free if is_truth_name(column.name)]
    if sure or not own_table:
        return sure[0] if sure else None
    named = [column for column in free if is_label_name(column.name)]
    binary = [c for c in free if c.plain_type == "boolean" or c.distinct == 2]
    return next(iter([*named, *binary, *free]), None)


def guess_labels(
    labels: TableFacts,
    label: ColumnFacts,
    identity: tuple[str, ...],
    joined: JoinedFacts,
    delay: Delay | None,
    like: str,
) -> LabelGuess | str:
    """Guess labels without their performance, or why they cannot be used; ``like`` is the day
    elsewhere."""
    days = [name for name, lag in joined.lags.items() if lag.same_day >= SAME_DAY]
    if not joined.rows:
        return "none of the sampled predictions has a label with the same id"
    if not days:
        return "no column of the labels contains the day of the prediction, as labels.day requires"
    day = like if like in days else days[0]
    instant = (labels.column(day) or label).plain_type in TIMESTAMP_TYPES
    known = known_column(joined, day)
    due = due_column(joined, known, delay)
    return LabelGuess(
        labels,
        identity,
        DayGuess(day, time=instant),
        label.name,
        known,
        delay or Delay(DEFAULT_DELAY_DAYS, "Set this: no column says when labels became known."),
        due,
        None,
        (f"{joined.rows:,} predictions were compared with their labels.",),
    )


def known_column(joined: JoinedFacts, day: str) -> str | None:
    """Return the arrival date of the labels: never before the prediction."""
    later = [
        name
        for name, lag in joined.lags.items()
        if name != day and lag.not_before >= _NOT_BEFORE and lag.rows >= 0.5 * joined.rows
    ]
    return min(later, key=lambda name: not is_known_name(name), default=None)


def due_column(joined: JoinedFacts, known: str | None, delay: Delay | None) -> str | None:
    """Return a date of the row by which nearly all labels are known, sooner than after a fixed
    delay.

    A column named as a due date counts if at least half of the labels are known by then; the other
    labels are late.
    """
    named = [
        name
        for (_, name), lag in joined.dates.items()
        if is_label_due_name(name)
        and lag.rows >= 0.95 * joined.rows
        and lag.not_before >= _NOT_BEFORE
        and (known is None or lag.known_by.get(known, 0.0) >= _SHARE_KNOWN_BY_DUE_DATE)
    ]
    if named:
        return named[0]
    if known is None or delay is None:
        return None
    found = [
        name
        for (_, name), lag in joined.dates.items()
        if lag.known_by.get(known, 0.0) >= DUE_SHARE
        and lag.rows >= 0.95 * joined.rows
        and lag.same_day < SAME_DAY
        and lag.median < delay.days
    ]
    return min(found, key=lambda name: not is_due_name(name), default=None)


def guess_performance(
    label: ColumnFacts,
    answers: TableFacts,
    score: Sequence[str],
    decision: Sequence[str],
    joined: JoinedFacts,
) -> PerformanceGuess | str:
    """Return how scores and decisions are compared with the label, or why they cannot be."""
    task, why = _task(label, answers, score, decision)
    if task == "regression":
        return _regression(label, answers, score, decision, why)
    if task == "multiclass":
        return _multiclass(label, score, decision, why)
    return _binary(label, answers, score, decision, joined, why)


def _task(
    label: ColumnFacts, answers: TableFacts, score: Sequence[str], decision: Sequence[str]
) -> tuple[Task, str]:
    values = [value for value, _ in label.values]
    if label.plain_type == "boolean" or label.distinct == 2:
        return "binary", "the label has two values"
    if label.plain_type in STRING_TYPES:
        return "multiclass", f"the label is a string with {label.distinct} values"
    of_decisions = {v for name in decision for v, _ in (answers.column(name) or label).values}
    few = label.integral and 2 < label.distinct <= _MOST_CLASSES_OF_NUMBERS
    classes = few and len(_class_scores(values, score)) == len(values)
    if classes or (few and of_decisions and of_decisions <= set(values) and not _any(score)):
        return "multiclass", f"the label has {label.distinct} values, which are also predicted"
    if few and classes is False and of_decisions and of_decisions <= set(values):
        return "multiclass", f"the label has {label.distinct} values, which are also decisions"
    return "regression", f"the label is a number with {label.distinct:,} values"


def _any(score: Sequence[str]) -> bool:
    return any(is_answer_name(name) for name in score)


def _regression(
    label: ColumnFacts,
    answers: TableFacts,
    score: Sequence[str],
    decision: Sequence[str],
    why: str,
) -> PerformanceGuess | str:
    if label.plain_type not in NUMERIC_TYPES:
        return f"the label {label.name} is neither a number nor a class"
    ends = [n for n in score if is_lower_end_name(n)], [n for n in score if is_upper_end_name(n)]
    interval = (ends[0][0], ends[1][0]) if ends[0] and ends[1] else ()
    numbers = [n for n in score if n not in interval]
    numbers += [n for n in decision if (answers.column(n) or label).plain_type in NUMERIC_TYPES]
    if not numbers:
        return "no column of the predictions contains a predicted number"
    chosen = min(numbers, key=lambda name: not is_answer_name(name))
    return PerformanceGuess("regression", (chosen,), interval=interval, why=(f"{why}",))


def _class_scores(values: Sequence[Value], score: Sequence[str]) -> tuple[str, ...]:
    """Return the score of each class by the ends of their names; none unless all classes have
    one."""
    found = []
    for value in values:
        ending = plain_name(word_of(value))
        ends = [n for n in score if ending and plain_name(n).endswith(f"_{ending}")]
        ends = ends or [n for n in score if ending and plain_name(n) == ending]
        if len(ends) != 1:
            return ()
        found.append(ends[0])
    return tuple(found) if len(set(found)) == len(found) else ()


def _multiclass(
    label: ColumnFacts, score: Sequence[str], decision: Sequence[str], why: str
) -> PerformanceGuess | str:
    values = sorted((value for value, _ in label.values), key=lambda v: (str(type(v)), v))
    if not 2 <= len(values) <= MAX_CLASSES or len(values) < label.distinct:
        return f"the label {label.name} has {label.distinct} values, too many for classes"
    scores = _class_scores(values, score)
    chosen = next((n for n in sorted(decision, key=lambda n: not is_answer_name(n))), None)
    if not scores and chosen is None:
        return "no column contains the predicted class, and not every class has a score"
    return PerformanceGuess(
        "multiclass", scores, decision=chosen, classes=tuple(values), why=(why,)
    )


def _binary(
    label: ColumnFacts,
    answers: TableFacts,
    score: Sequence[str],
    decision: Sequence[str],
    joined: JoinedFacts,
    why: str,
) -> PerformanceGuess | str:
    if not score:
        return "no column of the predictions is a score, which a binary task requires"
    values = values_of(label)
    chosen = min(score, key=lambda name: not is_probability_name(name))
    positive, wording = positive_of(values, joined.means.get(chosen, {}))
    of_class = _class_scores([positive], score) if positive is not None else ()
    if len(score) > 1 and of_class:
        chosen = of_class[0]
        positive, wording = positive_of(values, joined.means.get(chosen, {}))
    kind = kind_of(answers, chosen)
    reasons = [why, wording] if wording else [why]
    sides = sides_of(values, positive)
    if not sides.fit(label):
        return f"the positive value of the label {label.name} could not be determined"
    decided = None
    for column in (answers.column(name) for name in decision):
        means = {} if column is None else joined.decided.get((chosen, column.name), {})
        both = None if column is None else sides.with_decision(column, positive, means)
        if column is not None and both is not None:
            decided, sides = column.name, both
            break
    sides = sides.without_defaults
    threshold = None
    if decided is None:
        threshold = _THRESHOLDS.get(kind)
        if threshold is None:
            column = answers.column(chosen)
            low, high = (column.lowest, column.highest) if column else (None, None)
            threshold = ((low or 0.0) + (high or 0.0)) / 2.0
        reasons.append("no column contains the decision: set the threshold that the model uses")
    return PerformanceGuess(
        "binary",
        (chosen,),
        kind,
        decided,
        threshold,
        sides.positive,
        sides.negative,
        why=tuple(reasons),
    )


def kind_of(answers: TableFacts, score: str) -> ScoreKind:
    """Return the kind of score that the values suggest."""
    column = answers.column(score)
    if column is None or column.lowest is None or column.highest is None:
        return "probability"
    rows = answers.rows - column.nulls
    ends = (column.lowest, column.highest)
    fractions = column.plain_type not in INTEGER_TYPES and not column.integral
    return guessed_kind(ScoreFacts(score, rows, *ends, column.distinct, fractions))
