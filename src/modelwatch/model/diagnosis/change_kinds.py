"""The kind of change of an incident: a fault, a change of the world or of the model, or
undetermined."""

from __future__ import annotations

from dataclasses import dataclass

from modelwatch.model.diagnosis import (
    category_faults,
    feature_faults,
    model_changes,
    table_faults,
)
from modelwatch.model.diagnosis.change_evidence import (
    KIND_RULES,
    KIND_WORDS,
    UNDETERMINED,
    ChangeKind,
    Clue,
    Evidence,
    FeatureChange,
    RepeatedDay,
    change_kind,
    compared_days,
)

__all__ = [
    "KIND_MODULES",
    "KIND_RULES",
    "KIND_WORDS",
    "UNDETERMINED",
    "ChangeKind",
    "Clue",
    "Evidence",
    "FeatureChange",
    "KindOfChange",
    "RepeatedDay",
    "change_kind",
    "compared_days",
    "kind_of_change",
]

KIND_MODULES = (feature_faults, category_faults, table_faults, model_changes)
"""The modules whose rules are registered."""
LEAST_SCORE = 0.45
"""Score below which no kind is named."""
_LEAST_MARGIN = 0.03
"""Lead over the second kind that a kind needs in order to be named."""


@dataclass(frozen=True)
class KindOfChange:
    """The kind of change, its confidence (0 to 1), and its evidence.

    ``others``: the scores of the kinds that were considered, the most likely first.
    """

    kind: str
    confidence: float
    evidence: str
    others: tuple[tuple[ChangeKind, float], ...] = ()


def kind_of_change(evidence: Evidence) -> KindOfChange:
    """The kind whose rule has the highest score; 'undetermined' if none stands out."""
    clues = {kind: rule(evidence) for kind, rule in KIND_RULES.items()}
    found = {kind: clue for kind, clue in clues.items() if clue is not None}
    ranked = sorted(found, key=lambda kind: (-found[kind].score, kind))
    others = tuple((kind, round(found[kind].score, 3)) for kind in ranked)
    if not ranked:
        return KindOfChange(UNDETERMINED, 0.0, "no known kind of change explains it", others)
    best = found[ranked[0]]
    second = found[ranked[1]].score if len(ranked) > 1 else 0.0
    if best.score < LEAST_SCORE or best.score - second < _LEAST_MARGIN:
        wording = "; or ".join(found[kind].wording for kind in ranked[:2])
        return KindOfChange(UNDETERMINED, max(0.0, best.score - second), wording, others)
    return KindOfChange(ranked[0], min(best.score, 1.0), best.wording, others)
