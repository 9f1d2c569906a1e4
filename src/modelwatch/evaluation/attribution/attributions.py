"""Why performance changed, and where it is worst, computed from the states of slices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from modelwatch.errors import instance_of
from modelwatch.evaluation.performance.question import Answers, ScoreQuestion
from modelwatch.evaluation.performance.score_groups import View
from modelwatch.evaluation.planning.windows import WindowReference
from modelwatch.evaluation.states.score_aggregation import SEGMENTATION_SLICE
from modelwatch.stats.arrays import AnyArray, Counts, Floats, day_spans
from modelwatch.stats.attribution.decomposition import (
    ADDITIVE,
    EFFECTS,
    Attribution,
    PartMeans,
    attribute,
)
from modelwatch.stats.attribution.slices import worst_slices
from modelwatch.stats.attribution.stratified import sensitivity, stratified
from modelwatch.stats.performance.jackknife import FEWEST_DAYS, DayInterval
from modelwatch.stats.performance.metric import IMPROBABLE
from modelwatch.stats.performance.metrics import metric_states, performance
from modelwatch.stats.states.batch import BatchColumn
from modelwatch.stats.states.binary_margins import NEGATIVE, POSITIVE
from modelwatch.stats.states.binning import CATEGORICAL_OFFSET, CategoricalBinning
from modelwatch.stats.states.slice_bins import SliceBins
from modelwatch.stats.value_names import CODES

TOP = 20
"""Maximum number of parts per window and reference that are written, the strongest causes first,
and of worst slices per window."""


@dataclass(frozen=True)
class SliceStates:
    """One split of all traffic: counts by day and part, of predictions whose label is due.

    ``counts`` (D, M, 2 decisions, 3 labels), ``losses`` (D, M): sums of squared errors.
    """

    split: str
    name: str
    labels: tuple[str, ...]
    days: AnyArray
    counts: Counts
    losses: Counts

    def between(self, first: int, last: int) -> tuple[Counts, Counts]:
        """Counts and losses between two days."""
        (span,) = day_spans(self.days, np.array([first]), np.array([last]))
        part = slice(int(span[0]), int(span[1]))
        return self.counts[part], self.losses[part]

    def repeats(self, other: SliceStates) -> bool:
        """Whether each named part of another split contains the same rows as the part of that name
        here."""
        if not np.array_equal(self.days, other.days):
            return False
        named = [
            at
            for at, label in enumerate(other.labels)
            if label not in CODES and other.counts[:, at].any()
        ]
        return bool(named) and all(
            other.labels[at] in self.labels
            and np.array_equal(
                self.counts[:, self.labels.index(other.labels[at])], other.counts[:, at]
            )
            for at in named
        )


def slices_of(question: ScoreQuestion, view: View) -> list[SliceStates]:
    """The distinct splits of a view of all traffic of a binary task. A feature that is also the
    column of a segmentation splits the rows in the same way, and is left out."""
    if question.task != "binary":
        return []
    found = list(_splits(question, view))
    by_segments = [split for split in found if split.split == "segmentation"]
    return [
        split
        for split in found
        if split.split == "segmentation" or not any(map(split.repeats, by_segments))
    ]


def _splits(question: ScoreQuestion, view: View) -> Iterator[SliceStates]:
    for column in question.slices:
        states = view.others("slice", column.name)
        labels = _labels(column)
        if states is None or states.counts.shape[1] != 6 * len(labels):
            continue
        days, counts, sums = states.of_due.by_day()
        split, name = "feature", column.name
        if name.startswith(SEGMENTATION_SLICE):
            split, name = "segmentation", name.removeprefix(SEGMENTATION_SLICE)
        table = counts.reshape(len(days), len(labels), 2, 3)
        yield SliceStates(split, name, labels, days, table, sums.reshape(len(days), len(labels)))


def _labels(column: BatchColumn) -> tuple[str, ...]:
    """A label for each part. For a segmentation, the values are already names of segments."""
    labels = tuple(SliceBins(column.binning).labels)
    if column.name.startswith(SEGMENTATION_SLICE):
        binning = instance_of(column.binning, CategoricalBinning)
        labels = (*labels[:CATEGORICAL_OFFSET], *binning.values)
    return labels


def add_attributions(
    rows: Answers, question: ScoreQuestion, view: View, splits: list[SliceStates]
) -> None:
    """Add the causes of the change of each window against each reference, and the worst slices."""
    lengths = question.lengths[view.windows]
    for w in view.windows[lengths >= FEWEST_DAYS]:
        first, last = int(question.starts[w]), int(question.ends[w])
        _add_worst(rows, question, view, int(w), splits)
        for reference in question.references:
            if reference.held[w]:
                before = int(reference.bounds[0][w]), int(reference.bounds[1][w])
                _add_change(rows, question, view, int(w), reference, splits, (first, last), before)


def _add_change(
    rows: Answers,
    question: ScoreQuestion,
    view: View,
    w: int,
    reference: WindowReference,
    splits: list[SliceStates],
    now: tuple[int, int],
    before: tuple[int, int],
) -> None:
    common = {
        "model_version": view.version,
        **question.window_values(w),
        "reference": reference.name,
    }
    for metric in question.attributed_metrics:
        if metric == "brier" and not _of_probabilities(view, (now, before)):
            continue
        found: list[tuple[SliceStates, Attribution]] = []
        for split in splits:
            sides = [ADDITIVE[metric](*split.between(*days)) for days in (now, before)]
            if all(side.rows.any() for side in sides):
                found.append((split, attribute(sides[0], sides[1])))
        if found:
            _add_attributions(rows, {**common, "metric": metric}, found)
    for split in splits:
        if split.split == "segmentation":
            _add_stratified(rows, common, split, now, before)


def _of_probabilities(view: View, spans: tuple[tuple[int, int], ...]) -> bool:
    """Whether scores are probabilities on all days between the given ones."""
    firsts, lasts = (np.array(ends, dtype=np.int64) for ends in zip(*spans, strict=True))
    windows = metric_states(view.due.stack).roll_up(view.due.spans(firsts, lasts))
    return not np.isin(performance(windows, ["brier"])["brier"].reason, IMPROBABLE).any()


def _add_attributions(
    rows: Answers, common: Mapping[str, object], found: list[tuple[SliceStates, Attribution]]
) -> None:
    explained: list[dict[str, object]] = []
    for split, one in found:
        whole = {
            "split": split.split,
            "split_name": split.name,
            "part": "*",
            "row_count": int(one.rows.sum()),
            "reference_rows": int(one.reference_rows.sum()),
        }
        reason = one.reason if np.isnan(one.total.value) else None
        explained.append(
            {**whole, "effect": "total", "reason": reason, **_interval_columns(one.total, ())}
        )
        explained += [
            {**whole, "effect": effect, **_interval_columns(one.effects, (e, -1))}
            for e, effect in enumerate(EFFECTS)
        ]
    for rank, (at, e, part) in enumerate(_ranked([one for _, one in found]), 1):
        split, one = found[at]
        explained.append(
            {
                "split": split.split,
                "split_name": split.name,
                "part": split.labels[part],
                "row_count": int(one.rows[part]),
                "reference_rows": int(one.reference_rows[part]),
                "effect": EFFECTS[e],
                "rank": rank,
                **_interval_columns(one.effects, (e, part)),
            }
        )
    _add_explained(rows, common, explained)


def _interval_columns(found: DayInterval, at: tuple[int, ...]) -> dict[str, object]:
    return {
        "value": _number(found.value[at]),
        "lower": _number(found.lower[at]),
        "upper": _number(found.upper[at]),
        "p_value": _number(found.p_value[at]),
    }


def _add_explained(
    rows: Answers, common: Mapping[str, object], explained: list[dict[str, object]]
) -> None:
    """Add rows to the table in one batch; keys that a row lacks are null."""
    names = dict.fromkeys(name for row in explained for name in row)
    columns = {
        name: np.array([*(row.get(name) for row in explained), None], dtype=object)[:-1]
        for name in names
    }
    rows.add("change_attributions", len(explained), **common, **columns)


def _ranked(found: list[Attribution]) -> list[tuple[int, int, int]]:
    """Split, effect, and part of each cause, the largest first.

    Within a part, only the effect beyond its share of the rows counts: if the metric were worse by
    the same amount everywhere, no part would be a cause.
    """
    scored: list[tuple[float, int, int, int]] = []
    for at, one in enumerate(found):
        values = one.effects.value[:, :-1].copy()
        together = float(one.effects.value[EFFECTS.index("within"), -1])
        share = (one.rows / one.rows.sum() + one.reference_rows / one.reference_rows.sum()) / 2.0
        values[EFFECTS.index("within")] -= share * np.nan_to_num(together)
        for e, part in zip(*np.nonzero(np.isfinite(values) & (values != 0.0)), strict=True):
            scored.append((-abs(float(values[e, part])), at, int(e), int(part)))
    return [(at, e, part) for _, at, e, part in sorted(scored)[:TOP]]


def _add_stratified(
    rows: Answers,
    common: Mapping[str, object],
    split: SliceStates,
    now: tuple[int, int],
    before: tuple[int, int],
) -> None:
    """Whether wrong decisions became more likely, with and without stratification by segment."""
    sides = [split.between(*days)[0].sum(axis=0) for days in (now, before)]
    wrong = [side[:, 0, POSITIVE] + side[:, 1, NEGATIVE] for side in sides]
    right = [side[:, 0, NEGATIVE] + side[:, 1, POSITIVE] for side in sides]
    tables = np.stack([np.stack(pair, axis=1) for pair in zip(wrong, right, strict=True)], axis=1)
    if not tables.sum(axis=(0, 2)).all():
        return
    found = stratified(tables)
    share = float(tables[:, :, 0].sum() / tables.sum())
    hidden = sensitivity(
        found.stratified.value,
        found.stratified.lower,
        found.stratified.upper,
        outcome_share=share,
    )
    notes = [found.note] if found.note else []
    if np.isfinite(hidden.of_ratio):
        notes.append(f"E-value {hidden.of_ratio:.3g}, of the interval {hidden.of_interval:.3g}")
    explained: list[dict[str, object]] = [
        {
            "metric": "wrong_decision_odds_ratio",
            "split": split.split,
            "split_name": split.name,
            "part": "*",
            "effect": effect,
            "value": _number(ratio.value),
            "reason": found.reason if effect == "stratified" else None,
            "lower": _number(ratio.lower),
            "upper": _number(ratio.upper),
            "p_value": _number(p_value),
            "row_count": int(tables[:, 0].sum()),
            "reference_rows": int(tables[:, 1].sum()),
            "note": "; ".join(notes) or None,
        }
        for effect, ratio, p_value in (
            ("crude", found.crude, np.nan),
            ("stratified", found.stratified, found.p_value),
        )
    ]
    _add_explained(rows, common, explained)


def _add_worst(
    rows: Answers, question: ScoreQuestion, view: View, w: int, splits: list[SliceStates]
) -> None:
    """Slices with more wrong decisions than all other rows."""
    first, last = int(question.starts[w]), int(question.ends[w])
    held: list[tuple[SliceStates, PartMeans]] = []
    for split in splits:
        parts = ADDITIVE["accuracy"](*split.between(first, last))
        if parts.rows.any():
            held.append((split, parts))
    if not held or len({len(parts.rows) for _, parts in held}) > 1:
        return
    right = np.concatenate([parts.sums for _, parts in held], axis=1)
    counted = np.concatenate([parts.rows for _, parts in held], axis=1)
    total_rows = np.concatenate([_whole(parts.rows) for _, parts in held], axis=1)
    total_wrong = np.concatenate([_whole(parts.rows - parts.sums) for _, parts in held], axis=1)
    found = worst_slices(counted, counted - right, total_rows, total_wrong, right_or_wrong=True)
    names = [(split, label) for split, _ in held for label in split.labels]
    chosen = found.worst[:TOP]
    rows.add(
        "change_attributions",
        len(chosen),
        model_version=view.version,
        **question.window_values(w),
        metric="accuracy",
        split=_texts(names[at][0].split for at in chosen),
        split_name=_texts(names[at][0].name for at in chosen),
        part=_texts(names[at][1] for at in chosen),
        effect="excess",
        value=found.excess[chosen],
        lower=found.lower[chosen],
        upper=found.upper[chosen],
        p_value=found.adjusted[chosen],
        row_count=found.rows[chosen].astype(np.int64),
        rank=np.arange(1, len(chosen) + 1, dtype=np.int32),
    )


def _whole(parts: Floats) -> Floats:
    """The total of all parts, repeated for each part."""
    return np.broadcast_to(parts.sum(axis=1, keepdims=True), parts.shape)


def _texts(values: Iterator[str]) -> AnyArray:
    return np.array([*values, None], dtype=object)[:-1]


def _number(value: object) -> float | None:
    number = float(value)  # type: ignore[arg-type]
    return number if np.isfinite(number) else None
