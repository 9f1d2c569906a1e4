"""What a score says: a probability, its log-odds, a percentage, or a rank alone."""

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
"""Share of scores that are not probabilities beyond which nothing is read off the others."""


@dataclass(frozen=True)
class ScoreBinning(NumericBinning):
    """Frozen bins of a score, in the unit of its column, and what the score says.

    'probability': of the positive class, in [0, 1]. 'logit': its log-odds. 'percentage': 100 times
    the probability. 'rank': a higher score means a more probable positive, and no more than that.
    """

    kind: ScoreKind = "probability"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kind != "probability":
            digest = hashlib.sha256(f"{self.kind} {self.fingerprint}".encode())
            object.__setattr__(self, "fingerprint", digest.hexdigest()[:16])


def kind_of(binning: NumericBinning) -> ScoreKind:
    """What the scores of some bins say; those of plain bins are probabilities."""
    return binning.kind if isinstance(binning, ScoreBinning) else "probability"


def with_edges(binning: NumericBinning, edges: Floats) -> ScoreBinning:
    """Bins of other edges of the same score."""
    moments = (binning.center, binning.scale)
    return ScoreBinning(edges, *moments, binning.special_values, kind=kind_of(binning))


def largest_probability(kind: ScoreKind) -> float:
    """The score that stands for the probability 1; +inf where no finite score is too large."""
    return {"probability": 1.0, "percentage": 100.0}.get(kind, np.inf)


def scores_of(kind: ScoreKind, probability: Floats) -> Floats:
    """The scores that stand for some probabilities; not for ranks."""
    if kind == "logit":
        return np.asarray(logit(probability), dtype=np.float64)
    return probability * 100.0 if kind == "percentage" else probability


def probabilities(kind: ScoreKind, score: Floats) -> Floats:
    """The probabilities that some scores stand for, NaN for a score that stands for none."""
    if kind == "logit":
        return np.asarray(expit(score), dtype=np.float64)
    if kind == "rank":
        return np.full(np.shape(score), np.nan)
    found = score / 100.0 if kind == "percentage" else score
    with np.errstate(invalid="ignore"):
        return np.where((found >= 0.0) & (found <= 1.0), found, np.nan)


def edges_as_probabilities(kind: ScoreKind, edges: Floats) -> Floats:
    """The probabilities of some edges, those of scores beyond 0 and 1 being 0 and 1."""
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
    """The probabilities of K classes that the scores of rows stand for, (n, K) each.

    Log-odds are normalised by the softmax. Probabilities and ranks are as they stand, whether or
    not a row adds up to 1.
    """
    if kind == "logit":
        return np.asarray(softmax(scores, axis=1), dtype=np.float64)
    return scores / 100.0 if kind == "percentage" else scores
