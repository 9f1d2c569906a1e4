"""Guess the meaning of tables from names, types, and a few statistics of some rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from modelwatch.model.config.column_types import FLOATING_TYPES, INTEGER_TYPES, NUMERIC_TYPES
from modelwatch.model.errors import Problem, SourceError
from modelwatch.model.onboarding.column_guess import (
    code_reason,
    exclusion_reason,
    segmentations,
    sentinels,
)
from modelwatch.model.onboarding.column_names import (
    is_answer_name,
    is_decision_name,
    is_label_name,
    is_probability_name,
    is_score_name,
    is_truth_name,
    is_version_name,
    is_weak_score_name,
)
from modelwatch.model.onboarding.day_guess import DayGuess, calendar_partitions, guess_day
from modelwatch.model.onboarding.id_guess import identity_of, label_identity
from modelwatch.model.onboarding.label_guess import (
    Delay,
    LabelGuess,
    PerformanceGuess,
    guess_labels,
    guess_performance,
    kind_of,
)
from modelwatch.model.onboarding.side_guess import GuessedSides, typed
from modelwatch.model.onboarding.table_facts import ColumnFacts, JoinedFacts, TableFacts
from modelwatch.model.planning.window_volumes import average_volume, judged_rows
from modelwatch.model.profile.features import natural_kind
from modelwatch.model.sources.tables import TableAddress
from modelwatch.model.verdicts.options import Verdicts
from modelwatch.stats.states.score_scale import ScoreKind

_GENERIC = frozenset(
    [
        "inputs",
        "input",
        "features",
        "feature",
        "data",
        "table",
        "tables",
        "requests",
        "scoring",
        "scored",
        "x",
        "dataset",
    ]
)
"""Uninformative table names; the folder or schema around them is a better name."""


@dataclass(frozen=True)
class ChallengerGuess:
    """A section of ``challengers``."""

    name: str
    table: TableFacts
    id: tuple[str, ...]
    day: DayGuess
    score: str
    score_kind: ScoreKind
    decision: str | None


@dataclass(frozen=True)
class Guess:
    """The guessed meaning of the tables, for review.

    ``labels`` is the guess, or why there is none; None if there is nothing to say. ``leaks`` are
    input columns that reveal the label.
    """

    inputs: TableFacts
    predictions: TableFacts | None
    id: tuple[str, ...]
    day: DayGuess
    predictions_day: DayGuess | None
    score: tuple[str, ...]
    decision: tuple[str, ...]
    model_version: str | None
    excluded: tuple[tuple[str, str], ...]
    sentinels: tuple[tuple[str, tuple[float, ...]], ...]
    codes: tuple[str, ...]
    not_profiled: tuple[ColumnFacts, ...]
    labels: LabelGuess | str | None = None
    no_performance: str | None = None
    challenger: ChallengerGuess | str | None = None
    segments: tuple[str, ...] = ()
    leaks: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[ColumnFacts, ...]:
        """Return the input columns without another meaning."""
        own = {*self.id, self.day.column, self.day.partition, *dict(self.excluded)}
        if self.predictions is None:
            own |= {*self.score, *self.decision, self.model_version}
        return tuple(column for column in self.inputs.columns if column.name not in own)


@dataclass(frozen=True)
class LabelFacts:
    """Facts about labels: their table, the label column, joined rows, and the delay."""

    table: TableFacts
    label: ColumnFacts
    id: tuple[str, ...]
    joined: JoinedFacts = field(default_factory=JoinedFacts)
    delay: Delay | None = None


def guess(
    inputs: TableFacts,
    predictions: TableFacts | None = None,
    id_columns: Sequence[str] = (),
    labels: LabelFacts | str | None = None,
    challenger: TableFacts | None = None,
) -> Guess:
    """Guess the meaning of input and prediction tables; ``id_columns`` if they are known.

    ``labels`` are the known facts, or why labels cannot be used. Raises SourceError if there is no
    day column or no column to join the tables by.
    """
    day = guess_day(inputs)
    predictions_day = guess_day(predictions, day.column) if predictions else None
    identity = tuple(id_columns) or identity_of(inputs, predictions)
    answers = predictions or inputs
    known = labels if isinstance(labels, LabelFacts) else None
    truths = _truths(inputs, predictions, known)
    taken = {*identity, day.column, day.partition}
    if predictions_day is not None:
        taken |= {predictions_day.column, predictions_day.partition}
    of_answers = {column for role, column in truths if (role == "predictions") == bool(predictions)}
    free = [c for c in answers.columns if c.name not in taken | of_answers]
    version = next((c.name for c in free if is_version_name(c.name)), None)
    free = [column for column in free if column.name != version]
    score, decision = _answers(free, everything=predictions is not None)
    if known is not None and predictions is None and not score:
        score = _weakly_named(free)
    if known is not None and not decision:
        decision = _by_threshold(free, score, known.joined)
    if predictions is not None and not score + decision:
        raise SourceError(
            (Problem("", None, "has no column that can be a score or a decision"),),
            str(predictions.address),
        )
    if predictions is None and not score + decision:
        version = None
    found = labels if isinstance(labels, str) else None
    no_performance = None
    label_guess: LabelGuess | None = None
    if known is not None:
        like = (predictions_day or day).column
        outcome = guess_labels(known.table, known.label, known.id, known.joined, known.delay, like)
        if isinstance(outcome, str):
            found = outcome
        else:
            performance = guess_performance(known.label, answers, score, decision, known.joined)
            label_guess = outcome
            if _spells_days(outcome.due_column, inputs, predictions):
                # Only a date or timestamp can be when a label is due.
                label_guess = outcome = replace(outcome, due_column=None)
            if isinstance(performance, str):
                no_performance = performance
            else:
                label_guess = replace(outcome, performance=performance)
    if label_guess is not None and label_guess.performance is not None:
        task = label_guess.performance
        moved = tuple(name for name in task.score if name in decision)
        score, decision = score + moved, tuple(n for n in decision if n not in moved)
    leaks = tuple(column for role, column in truths if role == "inputs")
    answered = {*score, *decision, version} if predictions is None else set()
    rest = [c for c in inputs.columns if c.name not in {*identity, day.column, day.partition}]
    rest = [column for column in rest if column.name not in answered]
    clashing = {c.lower() for c in score + decision} if predictions is not None else set()
    excluded = dict(_excluded(rest, inputs, clashing, leaks))
    features = [c for c in rest if c.name not in excluded]
    reasons = {c.name: why for c in features if (why := code_reason(c, inputs.rows)) is not None}
    marked = tuple(
        (c.name, found_codes)
        for c in features
        if c.name not in reasons and (found_codes := sentinels(c))
    )
    return Guess(
        inputs=inputs,
        predictions=predictions,
        id=identity,
        day=day,
        predictions_day=predictions_day,
        score=score,
        decision=decision,
        model_version=version,
        excluded=tuple(excluded.items()),
        sentinels=marked,
        codes=tuple(reasons),
        not_profiled=tuple(c for c in features if natural_kind(c.spark_type) is None),
        labels=label_guess if label_guess is not None else found,
        no_performance=no_performance,
        challenger=None
        if challenger is None
        else _challenger(challenger, identity, (predictions_day or day).column, label_guess),
        segments=_segments(inputs, features),
        leaks=leaks,
    )


def holds_labels(inputs: TableFacts, second: TableFacts) -> bool:
    """Whether a table that is given after the inputs is one of labels rather than of predictions.

    It is if no column of it can be an answer, or if the inputs hold a score and no column of it has
    the name of an answer.
    """
    if not any(_answers(second.columns, everything=True)):
        return True
    for column in second.columns:
        labelled = is_label_name(column.name) or is_truth_name(column.name)
        if is_score_name(column.name) or is_weak_score_name(column.name):
            return False
        if is_decision_name(column.name) and not labelled:
            return False
    labels = any(is_label_name(c.name) or is_truth_name(c.name) for c in second.columns)
    weak = labels and bool(_weakly_named(inputs.columns))
    return weak or bool(_answers(inputs.columns, everything=False)[0])


def monitor_name(address: TableAddress) -> str:
    """Return a name for the monitor: that of the table, or what surrounds one called ``inputs``."""
    parts = [
        p for p in re.split(r"[/.:]+" if address.path is None else r"[/:]+", str(address)) if p
    ]
    own = not parts or parts[-1].lower() not in _GENERIC or len(parts) == 1
    chosen = (parts or [""])[-1 if own else -2]
    return re.sub(r"[^A-Za-z0-9_-]+", "_", chosen).strip("_")[:100] or "monitor"


def _truths(
    inputs: TableFacts, predictions: TableFacts | None, labels: LabelFacts | None
) -> tuple[tuple[str, str], ...]:
    """Return the columns by role that contain the label, judged by name or values."""
    found: dict[tuple[str, str], None] = {}
    for role, table in (("inputs", inputs), ("predictions", predictions)):
        if table is None:
            continue
        for column in table.columns:
            if is_truth_name(column.name):
                found[role, column.name] = None
        if labels is not None and labels.table.address == table.address:
            found[role, labels.label.name] = None
    if labels is not None:
        copies = sorted(labels.joined.copies)
        answers = "predictions" if predictions is not None else "inputs"
        for role, name in copies:
            # A predicted class may be right on every row.
            if not (role == "predictions" and is_answer_name(name)):
                found[role if predictions is not None else answers, name] = None
    return tuple(found)


def _answers(
    columns: Iterable[ColumnFacts], everything: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return scores and decisions; ``everything`` if the table contains nothing else."""
    score: list[ColumnFacts] = []
    decision: list[str] = []
    for column in columns:
        plain = column.plain_type
        scored = is_score_name(column.name) or (everything and is_weak_score_name(column.name))
        decided = is_decision_name(column.name) and _is_category(plain)
        if plain in FLOATING_TYPES | {"decimal"} and (everything or scored):
            score.append(column)
        elif (decided and (everything or is_answer_name(column.name) or not scored)) or (
            plain == "boolean" and everything
        ):
            decision.append(column.name)
        elif plain in INTEGER_TYPES and scored:
            score.append(column)
    if not everything:
        score = _of_a_model(score)
    return tuple(column.name for column in score), tuple(decision)


def _spells_days(name: str | None, *tables: TableFacts | None) -> bool:
    """Return whether a column of the first table that has it is text or integers with days."""
    found = (table.column(name or "") for table in tables if table is not None)
    column = next((one for one in found if one is not None), None)
    return column is not None and column.spells_days


def _weakly_named(columns: Sequence[ColumnFacts]) -> tuple[str, ...]:
    """Return the first number that may be a score by its name, such as ``risk``."""
    named = [
        c.name for c in columns if is_weak_score_name(c.name) and c.plain_type in NUMERIC_TYPES
    ]
    return tuple(named[:1])


def _by_threshold(
    columns: Sequence[ColumnFacts], score: Sequence[str], joined: JoinedFacts
) -> tuple[str, ...]:
    """Return the first column, whatever its name, with two values that a score decides."""
    decided = {name for number, name in joined.splits if number in score}
    return tuple([c.name for c in columns if c.name in decided and c.name not in score][:1])


def _of_a_model(score: Sequence[ColumnFacts]) -> list[ColumnFacts]:
    """Return those of the feature columns with score names that probably come from a model.

    A credit score next to the model's probability is an input.
    """

    def is_share(column: ColumnFacts) -> bool:
        low, high = column.lowest, column.highest
        return low is not None and high is not None and low >= 0.0 and high <= 1.0

    sure = [
        column
        for column in score
        if is_answer_name(column.name) or (is_probability_name(column.name) and is_share(column))
    ]
    return sure or list(score)


def _excluded(
    columns: Iterable[ColumnFacts], table: TableFacts, clashing: set[str], leaks: Sequence[str]
) -> Iterable[tuple[str, str]]:
    calendar = calendar_partitions(table)
    for column in columns:
        if column.name in leaks:
            yield column.name, "reveals the label: a leak if it is an input of the model"
        elif column.name.lower() in clashing:
            yield column.name, "also a column of the predictions"
        elif column in calendar:
            yield column.name, "changes with the calendar"
        elif (why := exclusion_reason(column, table)) is not None:
            yield column.name, why


def _is_category(plain_type: str) -> bool:
    return plain_type in INTEGER_TYPES or natural_kind(plain_type) == "categorical"


def _segments(inputs: TableFacts, features: Sequence[ColumnFacts]) -> tuple[str, ...]:
    volume = average_volume(inputs.dated_rows, inputs.days_with_rows, inputs.days)
    least = Verdicts().min_rows
    return segmentations(tuple(features), inputs.rows, judged_rows(volume, least), least)


def _challenger(
    table: TableFacts, identity: tuple[str, ...], like: str, labels: LabelGuess | None
) -> ChallengerGuess | str:
    performance = labels.performance if labels is not None else None
    if performance is None or performance.task != "binary":
        return "challengers are only compared on a binary task with labels"
    day = guess_day(table, like)
    ids = label_identity(table, identity)
    free = [c for c in table.columns if c.name not in {*ids, day.column, day.partition}]
    score, decision = _answers([c for c in free if not is_truth_name(c.name)], everything=True)
    if not score:
        return f"{table.address} has no column that can be a score"
    chosen = min(
        score, key=lambda name: (name != performance.score[0], not is_probability_name(name))
    )
    own = next((name for name in decision if _means_the_same(table, name, performance)), None)
    kind = kind_of(table, chosen)
    return ChallengerGuess(monitor_name(table.address), table, ids, day, chosen, kind, own)


def _means_the_same(table: TableFacts, name: str, performance: PerformanceGuess) -> bool:
    """Return whether the values of a challenger's decision are those of the champion and the
    label."""
    column = table.column(name)
    sides = GuessedSides(performance.positive, performance.negative)
    if column is None or not sides.fit(column):
        return False
    known = {typed(v) for v in (*sides.positive, *sides.negative)}
    return not known or {typed(v) for v, _ in column.values} <= known
