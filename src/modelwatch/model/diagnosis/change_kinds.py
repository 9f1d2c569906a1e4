"""What kind of change an incident is: a fault, or the world, or the model; or undetermined."""

from __future__ import annotations

from dataclasses import dataclass

from modelwatch.model.diagnosis import (
    category_faults,
    delivery_faults,
    feature_faults,
    model_changes,
    table_faults,
)
from modelwatch.model.diagnosis.change_evidence import (
    RULES,
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
    "FAMILIES",
    "RULES",
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

FAMILIES = (feature_faults, category_faults, delivery_faults, table_faults, model_changes)
"""The modules whose rules are registered."""
LEAST_SCORE = 0.45
"""Score below which no kind is named."""
LEAST_MARGIN = 0.03
"""Lead over the next kind without which none is named."""


@dataclass(frozen=True)
class KindOfChange:
    """The kind of change, how sure it is (0 to 1), and what speaks for it.

    ``others``: the scores of the kinds that were considered, the likeliest first.
    """

    kind: str
    confidence: float
    evidence: str
    others: tuple[tuple[ChangeKind, float], ...] = ()


def kind_of_change(evidence: Evidence) -> KindOfChange:
    """The kind whose rule finds most for it; 'undetermined' if none stands out."""
    clues = {kind: rule(evidence) for kind, rule in RULES.items()}
    found = {kind: clue for kind, clue in clues.items() if clue is not None}
    ranked = sorted(found, key=lambda kind: (-found[kind].score, kind))
    others = tuple((kind, round(found[kind].score, 3)) for kind in ranked)
    if not ranked:
        return KindOfChange(UNDETERMINED, 0.0, "no known kind of change explains it", others)
    best = found[ranked[0]]
    second = found[ranked[1]].score if len(ranked) > 1 else 0.0
    if best.score < LEAST_SCORE or best.score - second < LEAST_MARGIN:
        wording = "; or ".join(found[kind].wording for kind in ranked[:2])
        return KindOfChange(UNDETERMINED, max(0.0, best.score - second), wording, others)
    return KindOfChange(ranked[0], min(best.score, 1.0), best.wording, others)
