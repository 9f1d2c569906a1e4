"""The scale of a score: probability, log-odds, percentage, or rank."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit, logit, softmax

from modelwatch.stats.arrays import AnyArray, Floats
from modelwatch.stats.states.binning import NumericBinning

ScoreKind = Literal["probability", "logit", "percentage", "rank"]

MATERIAL_SHARE = 0.01
"""Share of scores that are not probabilities above which metrics of the others are undefined."""


@dataclass(frozen=True)
class ScoreBinning(NumericBinning):
    """Frozen bins of a score, in the unit of its column, and the scale of the score.

    'probability': of the positive class, in [0, 1]. 'logit': its log-odds. 'percentage': 100 times
    the probability. 'rank': a higher score means a more probable positive, and nothing else.
    """

    kind: ScoreKind = "probability"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kind != "probability":
            digest = hashlib.sha256(f"{self.kind} {self.fingerprint}".encode())
            object.__setattr__(self, "fingerprint", digest.hexdigest()[:16])


def kind_of(binning: NumericBinning) -> ScoreKind:
    """The scale of scores in some bins; scores in plain bins are probabilities."""
    return binning.kind if isinstance(binning, ScoreBinning) else "probability"


def with_edges(binning: NumericBinning, edges: Floats) -> ScoreBinning:
    """Other bins of the same score."""
    moments = (binning.center, binning.scale)
    return ScoreBinning(edges, *moments, binning.special_values, kind=kind_of(binning))


def largest_probability(kind: ScoreKind) -> float:
    """The score of the probability 1; +inf if no finite score is too large."""
    return {"probability": 1.0, "percentage": 100.0}.get(kind, np.inf)


def scores_of(kind: ScoreKind, probability: Floats) -> Floats:
    """The scores of some probabilities; not for ranks."""
    if kind == "logit":
        return np.asarray(logit(probability), dtype=np.float64)
    return probability * 100.0 if kind == "percentage" else probability


def probabilities(kind: ScoreKind, score: Floats) -> Floats:
    """The probabilities of some scores; NaN for a score without one."""
    if kind == "logit":
        return np.asarray(expit(score), dtype=np.float64)
    if kind == "rank":
        return np.full(np.shape(score), np.nan)
    found = score / 100.0 if kind == "percentage" else score
    with np.errstate(invalid="ignore"):
        return np.where((found >= 0.0) & (found <= 1.0), found, np.nan)


def edges_as_probabilities(kind: ScoreKind, edges: Floats) -> Floats:
    """The probabilities of some edges; 0 and 1 for scores beyond 0 and 1."""
    if kind == "logit":
        return np.asarray(expit(edges), dtype=np.float64)
    return np.clip(edges / largest_probability(kind), 0.0, 1.0)


def holds_probabilities(binning: NumericBinning) -> AnyArray:
    """Mask of the bins whose scores are probabilities, by their edges; (bins,)."""
    kind = kind_of(binning)
    if kind == "logit":
        return np.ones(len(binning.edges), dtype=bool)
    if kind == "rank":
        return np.zeros(len(binning.edges), dtype=bool)
    return np.asarray((binning.edges >= 0.0) & (binning.edges <= largest_probability(kind)))


def class_probabilities(kind: ScoreKind, scores: Floats) -> Floats:
    """The probabilities of K classes from the scores of rows, (n, K) each.

    Log-odds are normalized by the softmax. Probabilities and ranks are unchanged, whether or not a
    row adds up to 1.
    """
    if kind == "logit":
        return np.asarray(softmax(scores, axis=1), dtype=np.float64)
    return scores / 100.0 if kind == "percentage" else scores
