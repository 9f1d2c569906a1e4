"""The cells of states in which the rows of a batch count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from modelwatch.errors import present
from modelwatch.stats.arrays import LARGEST_DOUBLE, AnyArray, Floats
from modelwatch.stats.estimation import expected_loss
from modelwatch.stats.states import multiclass, regression
from modelwatch.stats.states.binary import DECISIONS, log_losses, positions, probabilities_of
from modelwatch.stats.states.binary_margins import LABEL_VALUES, POSITIVE, SCORE_UNIT
from modelwatch.stats.states.binning import NumericBinning
from modelwatch.stats.states.score_batch import (
    LABEL_ACCOUNT,
    UNDECIDED,
    WHOLE,
    ScoreBatch,
    ScorePlan,
)
from modelwatch.stats.states.score_scale import class_probabilities, kind_of, probabilities

_AGES = 401
"""Ages of labels in days; the last includes older ones."""


@dataclass(frozen=True)
class Cells:
    """Rows and the position of a vector at which each counts, or adds some units.

    ``rows``: indices or a mask of the rows, None for all. ``at`` and ``units``: one for each.
    """

    at: AnyArray
    rows: AnyArray | None = None
    units: Floats | None = None


@dataclass(frozen=True)
class Powers:
    """Rows whose values are summed in the limbs of ``moments``, from a position on.

    ``longs``: how many of the 12 longs of the power sums are kept. Values are finite.
    """

    at: int
    longs: int
    rows: AnyArray
    values: Floats
    center: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True)
class Piece:
    """What the rows of a batch add to the states of one kind and name.

    ``counts`` and ``sums``: lengths of the vectors, no sums for 0. ``whole``: for all traffic only.
    """

    kind: str
    name: str
    counts: int
    sums: int
    counted: tuple[Cells, ...]
    summed: tuple[Cells, ...] = ()
    powers: tuple[Powers, ...] = ()
    whole: bool = False


def pieces_of(plan: ScorePlan, batch: ScoreBatch) -> Iterator[Piece]:
    """Everything that the rows of a batch add to, except slices."""
    if plan.task == "binary":
        yield from _binary(plan, batch)
    elif plan.task == "multiclass":
        yield from _multiclass(plan, batch)
    else:
        yield from _regression(plan, batch)
    for name, values in zip(plan.values, batch.values, strict=True):
        yield _value(name, values)
    yield _maturity(plan, batch)
    yield _account(plan, batch)


def slice_piece(
    plan: ScorePlan, batch: ScoreBatch, name: str, slices: AnyArray, length: int
) -> Piece:
    """What the rows of a batch add to the slices of one feature."""
    if plan.task == "binary":
        decided = np.flatnonzero(batch.decision >= 0)
        cells = (slices * DECISIONS + batch.decision) * LABEL_VALUES + batch.label
        probability = probabilities_of(plan.binning, batch.score, batch.score_nulls)
        rows = np.flatnonzero(~np.isnan(probability) & (batch.label > 0) & (batch.decision >= 0))
        missed = probability[rows] - (batch.label[rows] == POSITIVE)
        units = np.rint(missed * missed * SCORE_UNIT)
        return Piece(
            "slice",
            name,
            length * DECISIONS * LABEL_VALUES,
            length,
            (Cells(cells[decided], decided),),
            (Cells(slices[rows], rows, units),),
            whole=True,
        )
    if plan.task == "multiclass":
        decided = np.flatnonzero(batch.decision >= 0)
        known = batch.label > 0
        right = known & (batch.label <= len(plan.classes)) & (batch.label == batch.decision + 1)
        cells = slices * 3 + known + right
        return Piece("slice", name, length * 3, 0, (Cells(cells[decided], decided),), whole=True)
    compared, error = _errors(plan.binning, batch)
    labelled = np.zeros(batch.rows, dtype=np.int64)
    labelled[compared] = 1
    units = np.rint(np.minimum(np.abs(error), SLICE_BOUND) * SLICE_UNIT)
    return Piece(
        "slice",
        name,
        length * 2,
        length,
        (Cells(slices * 2 + labelled),),
        (Cells(slices[compared], compared, units),),
        whole=True,
    )


SLICE_UNIT = 2.0**20
"""Units of abs(y - p) / scale in the sums of a regression's slices."""
SLICE_BOUND = 2.0**12
"""Maximum error in scales in a regression's slices."""


def _binary(plan: ScorePlan, batch: ScoreBatch) -> Iterator[Piece]:
    decided = batch.decision >= 0
    score = (plan.binning, batch.score, batch.score_nulls)
    rows = None if decided.all() else np.flatnonzero(decided)
    yield _scored("binary", WHOLE, batch.decision, batch.label, score, rows)
    if rows is not None:
        rest = np.flatnonzero(~decided)
        yield _scored(UNDECIDED, WHOLE, None, batch.label, score, rest)
    if plan.challenger is None:
        return
    other, name = present(batch.challenger_decision, "challenger_decision"), plan.challenger
    both = np.flatnonzero(decided & (other >= 0))
    decisions = batch.decision[both].astype(np.int64) * DECISIONS + other[both]
    cells = decisions * LABEL_VALUES + batch.label[both]
    yield Piece("paired", name, DECISIONS * DECISIONS * LABEL_VALUES, 0, (Cells(cells, both),))
    binning = plan.challenger_binning or plan.binning
    yield _scored("paired_champion", name, batch.decision, batch.label, score, both)
    challenger = (binning, present(batch.challenger_score, "challenger_score"), None)
    yield _scored("paired_challenger", name, other, batch.label, challenger, both)


def _scored(
    kind: str,
    name: str,
    decision: AnyArray | None,
    label: AnyArray,
    scores: tuple[NumericBinning, Floats, AnyArray | None],
    rows: AnyArray | None,
) -> Piece:
    """Rows by decision (None: no such axis), label, and bin, with sums of probabilities and
    losses."""
    binning, score, nulls = scores
    label = label.astype(np.int64)
    if rows is not None:
        score, label = score[rows], label[rows]
        nulls = None if nulls is None else nulls[rows]
        decision = None if decision is None else decision[rows]
    cells = label if decision is None else decision * LABEL_VALUES + label
    at = cells * binning.length + positions(binning, score, nulls)
    length = (LABEL_VALUES if decision is None else DECISIONS * LABEL_VALUES) * binning.length
    probability = probabilities_of(binning, score, nulls)
    none = np.isnan(probability)
    if not none.any():
        scored, scored_rows = at, rows
    else:
        where = np.flatnonzero(~none)
        probability, label, scored = probability[where], label[where], at[where]
        scored_rows = where if rows is None else rows[where]
    known = np.flatnonzero(label)
    given = probability[known]
    truth = np.where(label[known] == POSITIVE, given, 1.0 - given)
    loss = length + 2 * label
    losses = Cells(
        loss[known] + 1, known if scored_rows is None else scored_rows[known], log_losses(truth)
    )
    return Piece(
        kind,
        name,
        length,
        length + 2 * LABEL_VALUES,
        (Cells(at, rows),),
        (
            Cells(scored, scored_rows, np.rint(probability * SCORE_UNIT)),
            Cells(loss, scored_rows, np.rint(probability * probability * SCORE_UNIT)),
            losses,
        ),
    )


def _multiclass(plan: ScorePlan, batch: ScoreBatch) -> Iterator[Piece]:
    decided = np.flatnonzero(batch.decision >= 0)
    yield _classed("multiclass", plan, batch, decided)
    if len(decided) < batch.rows:
        yield _classed(UNDECIDED, plan, batch, np.flatnonzero(batch.decision < 0))


def _classed(kind: str, plan: ScorePlan, batch: ScoreBatch, rows: AnyArray) -> Piece:
    k, label = len(plan.classes), batch.label[rows].astype(np.int64)
    cells = label
    length = k + 2
    if kind == "multiclass":
        cells = batch.decision[rows].astype(np.int64) * (k + 2) + label
        length = (k + 1) * (k + 2)
    counted, summed = [Cells(cells, rows)], []
    if batch.score.ndim == 2:
        scale = kind_of(plan.binning)
        score = class_probabilities(scale, batch.score[rows])
        nulls = None if batch.score_nulls is None else batch.score_nulls[rows]
        found = multiclass.score_positions(score, nulls)
        for c in range(k):
            side = (label > 0).astype(np.int64) + (label == c + 1)
            choice = c * multiclass.CHOICES + (batch.decision[rows] == c)
            at = (choice * multiclass.CLASS_SIDES + side) * multiclass.POSITIONS + found[:, c]
            counted.append(Cells(length + at, rows))
        length += multiclass.histogram_length(k)
        whole, probable = multiclass.are_probabilities(score, nulls)
        if scale == "rank":
            probable = np.zeros(len(rows), dtype=bool)
        of_class = (label > 0) & (label <= k)
        lost, improbable = np.flatnonzero(probable & of_class), np.flatnonzero(whole & ~probable)
        labelled = improbable[of_class[improbable]]
        units = log_losses(score[lost, label[lost] - 1])
        summed = [
            Cells(np.zeros(len(lost), dtype=np.int64), rows[lost], units),
            *(
                Cells(np.full(len(held), at), rows[held], np.ones(len(held)))
                for at, held in ((1, lost), (2, labelled), (3, improbable))
            ),
        ]
    return Piece(kind, WHOLE, length, multiclass.CLASS_SUMS, tuple(counted), tuple(summed))


def _errors(binning: NumericBinning, batch: ScoreBatch) -> tuple[AnyArray, Floats]:
    """Rows with a finite prediction and label, and their errors in scales, limited to the largest
    double: the sums of such a row are marked as lost."""
    target = present(batch.target, "target")
    with np.errstate(over="ignore", invalid="ignore"):
        error = np.clip((batch.score - target) / binning.scale, -LARGEST_DOUBLE, LARGEST_DOUBLE)
        known = (batch.label > 0) & np.isfinite(batch.score) & np.isfinite(target)
    if batch.score_nulls is not None:
        known &= ~batch.score_nulls
    rows = np.flatnonzero(known)
    return rows, error[rows]


def _regression(plan: ScorePlan, batch: ScoreBatch) -> Iterator[Piece]:
    binning, target = plan.binning, present(batch.target, "target")
    compared, error = _errors(binning, batch)
    y, p = target[compared], batch.score[compared]
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        half = np.abs(y / 2.0 - p / 2.0)
        size = np.abs(y) / 2.0 + np.abs(p) / 2.0
        ratio, symmetric = (
            np.where(half < LARGEST_DOUBLE / 2.0, np.abs(y - p) / unit, 2.0 * (half / unit))
            for unit in (np.abs(y), size)
        )
        ratio = np.minimum(ratio, LARGEST_DOUBLE)
    divided, sized = np.flatnonzero(y != 0.0), np.flatnonzero(size > 0.0)
    labelled = np.flatnonzero(batch.label > 0)
    with_interval = inside = labelled[:0]
    if batch.interval is not None:
        low, high = (end[labelled] for end in batch.interval)
        truth = target[labelled]
        given = ~np.isnan(low) & ~np.isnan(high) & ~np.isnan(truth)
        with_interval = labelled[given]
        inside = labelled[given & (low <= truth) & (truth <= high)]
    groups = {
        regression.ROWS: np.arange(batch.rows),
        regression.LABELLED: labelled,
        regression.COMPARED: compared,
        regression.INSIDE: inside,
        regression.WITH_INTERVAL: with_interval,
        regression.WITH_RATIO: compared[divided],
        regression.WITH_SYMMETRIC: compared[sized],
    }
    counted = [Cells(np.full(len(rows), at), rows) for at, rows in groups.items()]
    counted.append(Cells(regression.COUNTED + regression.residual_bins(error), compared))
    scale = binning.scale
    powers = (
        Powers(0, 8, compared, error),
        Powers(8, 8, compared, y, binning.center, scale),
        Powers(16, 4, compared, np.abs(error)),
        Powers(20, 4, compared[divided], ratio[divided]),
        Powers(24, 4, compared[sized], symmetric[sized]),
    )
    length = regression.COUNTED + regression.GRID
    yield Piece("regression", WHOLE, length, 28, tuple(counted), powers=powers)
    if plan.loss_regressor is not None:
        yield _expected_losses(plan.loss_regressor, batch, compared)


def _expected_losses(version: str, batch: ScoreBatch, compared: AnyArray) -> Piece:
    """Expected losses of rows with a prediction, separately for labeled rows."""
    losses = present(batch.expected, "expected")
    absolute, squared = losses
    held = np.isfinite(batch.score) & np.isfinite(absolute) & np.isfinite(squared)
    if batch.score_nulls is not None:
        held &= ~batch.score_nulls
    side = np.zeros(batch.rows, dtype=np.int64)
    side[compared] = expected_loss.COMPARED
    rows = np.flatnonzero(held)
    powers = []
    for loss, expected in enumerate(losses):
        for which in range(expected_loss.SIDES):
            mine = rows[side[rows] == which]
            powers.append(Powers(expected_loss.first_long(loss, which), 8, mine, expected[mine]))
    counted = (Cells(side[rows], rows),)
    return Piece(
        "expected_loss",
        version,
        expected_loss.SIDES,
        expected_loss.SUMS,
        counted,
        powers=tuple(powers),
    )


def _value(name: str, values: Floats) -> Piece:
    rows = np.flatnonzero(np.isfinite(values))
    everything = Cells(np.zeros(len(values), dtype=np.int64))
    valued = Cells(np.ones(len(rows), dtype=np.int64), rows)
    return Piece(
        "value", name, 2, 12, (everything, valued), powers=(Powers(0, 12, rows, values[rows]),)
    )


def _maturity(plan: ScorePlan, batch: ScoreBatch) -> Piece:
    labelled = np.flatnonzero(batch.label > 0)
    age = np.clip(batch.age[labelled], 0, _AGES - 1).astype(np.int64)
    counted = [Cells(2 * age, labelled)]
    if plan.task == "binary":
        positive = batch.label[labelled] == POSITIVE
        counted.append(Cells(2 * age[positive] + 1, labelled[positive]))
    return Piece("maturity", WHOLE, 2 * _AGES, 0, tuple(counted))


def _account(plan: ScorePlan, batch: ScoreBatch) -> Piece:
    """The part of the account of labels that the rows contain: due days and scores."""
    early = batch.due_early
    if early is None:
        early = np.array([due < day for day, due, _ in batch.keys], dtype=bool)[batch.slots]
    score, nulls = batch.score, batch.score_nulls
    null = np.zeros(score.shape, dtype=bool) if nulls is None else nulls
    nan = np.isnan(score) & ~null
    beyond = _beyond(plan, score) & ~null & ~nan
    found = {
        "due_before_day": early,
        "null_scores": null,
        "nan_scores": nan,
        "scores_out_of_range": beyond,
    }
    counted = []
    for name, mask in found.items():
        rows = np.flatnonzero(mask if mask.ndim == 1 else mask.any(axis=1))
        counted.append(Cells(np.full(len(rows), LABEL_ACCOUNT.index(name)), rows))
    return Piece("labels", WHOLE, len(LABEL_ACCOUNT), 0, tuple(counted), whole=True)


def _beyond(plan: ScorePlan, score: Floats) -> AnyArray:
    """Scores outside of their scale; may include NaN."""
    scale = kind_of(plan.binning)
    if plan.task == "regression":
        return np.isinf(score)
    if scale == "rank":
        return np.zeros(score.shape, dtype=bool)
    if plan.task == "multiclass":
        return np.isnan(probabilities(scale, score))
    beyond = np.isnan(probabilities_of(plan.binning, score, None))
    return beyond & ~np.isin(score, plan.binning.special_values)
