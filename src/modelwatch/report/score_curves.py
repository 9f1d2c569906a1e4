"""Curves of a binary model from rows by bin of the score: ROC, precision-recall, reliability."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from modelwatch.stats.states.binning import NUMERIC_OFFSET


@dataclass(frozen=True)
class ScoreCell:
    """Rows of one bin of the score with one decision and label: 1 negative, 2 positive.

    ``scores``: the sum of their scores.
    """

    bin: int
    decision: int
    label: int
    rows: int
    scores: float


@dataclass(frozen=True)
class Tenth:
    """Rows whose score lies in one tenth: how many, their mean score, their share of positives."""

    rows: int
    mean_score: float
    positive_share: float


@dataclass(frozen=True)
class Confusion:
    """Rows by decision and label."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int


def _by_bin(cells: Iterable[ScoreCell]) -> list[tuple[int, int]]:
    """Negatives and positives of each bin that holds a score, the highest scores first."""
    found: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for cell in cells:
        if cell.label in (1, 2) and cell.bin >= NUMERIC_OFFSET:
            found[cell.bin][cell.label - 1] += cell.rows
    return [(found[at][0], found[at][1]) for at in sorted(found, reverse=True)]


def roc_curve(cells: Iterable[ScoreCell]) -> list[tuple[float, float]]:
    """False against true positive rate as the threshold falls; [] where a class is missing."""
    bins = _by_bin(cells)
    negatives, positives = sum(b[0] for b in bins), sum(b[1] for b in bins)
    if not negatives or not positives:
        return []
    points, false, true = [(0.0, 0.0)], 0, 0
    for wrong, right in bins:
        false, true = false + wrong, true + right
        points.append((false / negatives, true / positives))
    return points


def precision_recall_curve(cells: Iterable[ScoreCell]) -> list[tuple[float, float]]:
    """Recall against precision as the threshold falls; [] without a positive."""
    bins = _by_bin(cells)
    positives = sum(b[1] for b in bins)
    if not positives:
        return []
    points, false, true = [], 0, 0
    for wrong, right in bins:
        false, true = false + wrong, true + right
        points.append((true / positives, true / (true + false)))
    return points


def tenths(cells: Iterable[ScoreCell]) -> list[Tenth]:
    """Mean score beside the share of positives, by tenth of the score.

    A bin counts in the tenth that holds its mean, so that bins are not split.
    """
    bins: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for cell in cells:
        if cell.label in (1, 2) and cell.bin >= NUMERIC_OFFSET:
            held = bins[cell.bin]
            held[0] += cell.rows
            held[1] += cell.scores
            held[2] += cell.rows * (cell.label == 2)
    found: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for rows, scores, positives in bins.values():
        tenth = min(max(int(10 * scores / rows), 0), 9)
        for at, value in enumerate((rows, scores, positives)):
            found[tenth][at] += value
    return [
        Tenth(int(rows), scores / rows, positives / rows)
        for _, (rows, scores, positives) in sorted(found.items())
    ]


def confusion_of(cells: Iterable[ScoreCell]) -> Confusion:
    """Rows by decision and label, those without a usable score too."""
    counts: dict[tuple[int, int], int] = defaultdict(int)
    for cell in cells:
        counts[cell.decision, cell.label] += cell.rows
    return Confusion(counts[1, 2], counts[1, 1], counts[0, 2], counts[0, 1])


def thinned(points: Sequence[tuple[float, float]], most: int = 80) -> list[tuple[float, float]]:
    """About ``most`` points of a curve at most, spread evenly along its length, with both ends."""
    if len(points) <= most:
        return list(points)
    thinned = [points[0]]
    for point in points[1:-1]:
        if abs(point[0] - thinned[-1][0]) + abs(point[1] - thinned[-1][1]) >= 2 / most:
            thinned.append(point)
    return [*thinned, points[-1]]
