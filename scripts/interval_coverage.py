"""Measure how often intervals cover the true value if rows of a day are correlated.

Each day shifts and stretches the log odds of the outcome. The design effect of accuracy (its
variance, divided by that of as many independent rows) is 1, 3, 10, or 30. The true value is the
metric over the distribution of days. Run: python -m scripts.interval_coverage
"""

from __future__ import annotations

import argparse

import numpy as np

from modelwatch.stats.performance.intervals import changes, intervals
from modelwatch.stats.performance.metrics import performance
from modelwatch.stats.states.binary import BinaryStates, log_losses
from modelwatch.stats.states.binary_margins import SCORE_UNIT
from modelwatch.stats.states.binning import NUMERIC_OFFSET, fit_numeric

SEED = 20130401
ROWS = 500
"""Number of rows per day."""
EFFECTS = (1, 3, 10, 30)
KEYS = ("accuracy", "precision", "recall", "mcc", "roc_auc", "average_precision", "brier", "ece")
SHOWN = 0.05


def scores() -> np.ndarray:
    """Forty scores, equally frequent."""
    normal = np.sort(np.random.default_rng(1).normal(-0.5, 1.5, 40))
    return np.round(1.0 / (1.0 + np.exp(-normal)), 6)


class Days:
    """Draws states of days with a design effect of accuracy."""

    def __init__(self, effect: float, random: np.random.Generator) -> None:
        self.random = random
        self.score = scores()
        self.logit = np.log(self.score / (1.0 - self.score))
        self.binning = fit_numeric(self.score, self.score.min(), self.score.max())
        self.at = np.searchsorted(self.binning.edges, self.score, side="right") - 1
        self.at += NUMERIC_OFFSET
        self.size = self._size(effect)

    def positive(self, days: int, size: float) -> np.ndarray:
        """Probability of the positive label by day and score."""
        shift = self.random.normal(0.0, size, (days, 1))
        stretch = np.exp(self.random.normal(0.0, 0.5 * size, (days, 1)))
        return 1.0 / (1.0 + np.exp(-(stretch * self.logit + shift)))

    def _size(self, effect: float) -> float:
        low, high = 0.0, 4.0
        state = self.random.bit_generator.state
        for _ in range(30):
            size = (low + high) / 2.0
            self.random.bit_generator.state = state
            chance = self.positive(4000, size)
            by_day = np.where(self.score >= 0.5, chance, 1.0 - chance).mean(axis=1)
            mean = by_day.mean()
            found = 1.0 + (ROWS - 1) * by_day.var() / (mean * (1.0 - mean))
            low, high = (size, high) if found < effect else (low, size)
        return 0.0 if effect == 1 else (low + high) / 2.0

    def draw(self, days: int) -> BinaryStates:
        """States of the given number of days."""
        rows = self.random.multinomial(ROWS, np.full(40, 1 / 40), days)
        positives = self.random.binomial(rows, self.positive(days, self.size))
        counts = np.zeros((days, 2, 3, self.binning.length), dtype=np.int64)
        decided = (self.score >= 0.5).astype(int)
        counts[:, decided, 1, self.at] = rows - positives
        counts[:, decided, 2, self.at] = positives
        whole = np.rint(self.score * SCORE_UNIT).astype(np.int64)
        sums = np.zeros_like(counts)
        sums[..., self.at] = counts[..., self.at] * whole
        losses = np.zeros((days, 3, 2), dtype=np.int64)
        squares = np.rint(self.score**2 * SCORE_UNIT).astype(np.int64)
        for label, side, truth in (
            (1, rows - positives, 1 - self.score),
            (2, positives, self.score),
        ):
            losses[:, label, 0] = side @ squares
            losses[:, label, 1] = side @ log_losses(truth).astype(np.int64)
        return BinaryStates(counts, sums, losses, self.binning)

    def truth(self) -> dict[str, float]:
        """Metrics of a very large number of days."""
        parts = [self.draw(500).total() for _ in range(80)]
        found = performance(parts[0].followed_by(*parts[1:]).total(), KEYS)
        return {key: float(value.value[0]) for key, value in found.items()}


def coverage(days: int, effect: float, runs: int) -> list[str]:
    """Rows of a table: one per metric."""
    source = Days(effect, np.random.default_rng(SEED + 100 * days + int(effect)))
    truth = source.truth()
    held = {key: np.zeros(2) for key in KEYS}
    width = {key: np.zeros(2) for key in KEYS}
    effects: dict[str, list[float]] = {key: [] for key in KEYS}
    for _ in range(runs):
        for key, found in intervals(source.draw(days), KEYS).items():
            ends = ((found.lower, found.upper), (found.iid_lower, found.iid_upper))
            held[key] += [low <= truth[key] <= high for low, high in ends]
            width[key] += [high - low for low, high in ends]
            effects[key].append(found.design_effect)
    return [
        f"| {days} | {effect} | {key} | {np.median(effects[key]):.1f} "
        f"| {held[key][0] / runs:.3f} | {held[key][1] / runs:.3f} "
        f"| {width[key][0] / runs:.4f} | {width[key][1] / runs:.4f} |"
        for key in KEYS
    ]


def false_changes(days: int, reference: int, effect: float, runs: int) -> str:
    """How often a change is significant at 0.05 if nothing has changed."""
    source = Days(effect, np.random.default_rng(SEED + 7 * days + int(effect)))
    keys = ("accuracy", "roc_auc", "brier")
    found = dict.fromkeys(keys, 0)
    for _ in range(runs):
        for key, change in changes(source.draw(days), source.draw(reference), keys).items():
            found[key] += change.p_value < SHOWN
    shares = " | ".join(f"{found[key] / runs:.3f}" for key in keys)
    return f"| {days} | {reference} | {effect} | {shares} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    runs = parser.parse_args().runs
    print(
        "| days | design effect of accuracy | metric | median design effect found "
        "| coverage, days | coverage, rows | width, days | width, rows |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for days in (7, 28):
        for effect in EFFECTS:
            print("\n".join(coverage(days, effect, runs)), flush=True)
    print("\n| days | days of the reference | design effect | accuracy | ROC AUC | Brier |")
    print("|---|---|---|---|---|---|")
    for days, reference in ((1, 28), (7, 28), (28, 28)):
        for effect in EFFECTS:
            print(false_changes(days, reference, effect, runs), flush=True)


if __name__ == "__main__":
    main()
