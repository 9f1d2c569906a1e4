"""Guess the kind of a score from some of its values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modelwatch.model.onboarding.column_names import is_percentage_name
from modelwatch.stats.states.score_scale import MATERIAL_SHARE, ScoreKind

_FEWEST_PERCENTAGES = 20
"""Minimum distinct values for which scores up to 100 are percentages rather than grades."""
_FARTHEST_LOGIT = 50.0
"""Log-odds beyond which a score is not a logit."""
_UNITS = {
    "probability": "between 0 and 1",
    "logit": "log-odds",
    "percentage": "between 0 and 100",
    "rank": "ranks",
}


@dataclass(frozen=True)
class ScoreFacts:
    """Statistics of a score in some rows.

    ``rows`` have a score other than NaN, of which ``improbable`` are not probabilities under the
    configured kind. ``distinct`` is an estimate. ``fractions``: whether some score is not an
    integer. ``unequal``: rows whose scores of all classes do not add up to 1.
    """

    name: str
    rows: int
    lowest: float
    highest: float
    distinct: int
    fractions: bool
    improbable: int = 0
    unequal: int = 0


def guessed_kind(facts: ScoreFacts) -> ScoreKind:
    """Return the kind of a score: a rank unless its values suggest another kind."""
    if facts.lowest >= 0.0 and facts.highest <= 1.0:
        return "probability"
    many = facts.fractions and facts.distinct > _FEWEST_PERCENTAGES
    named = is_percentage_name(facts.name)
    if facts.lowest >= 0.0 and facts.highest <= 100.0 and (many or named):
        return "percentage"
    within = max(-facts.lowest, facts.highest) <= _FARTHEST_LOGIT
    return "logit" if facts.lowest < 0.0 and many and within else "rank"


def kind_reason(facts: ScoreFacts) -> str | None:
    """Return the comment of `init` about a score that is not a probability, or None."""
    if not facts.rows or guessed_kind(facts) == "probability":
        return None
    return (
        f"Its range is {facts.lowest:g} to {facts.highest:g}, so it is not a probability. "
        f"Use performance.score_kind: {guessed_kind(facts)}."
    )


def score_reason(
    found: Sequence[ScoreFacts], kind: ScoreKind, *, multiclass: bool = False
) -> list[str]:
    """Return the findings of `check` about scores that contradict the configuration."""
    reasons = []
    for facts in found:
        if facts.improbable <= MATERIAL_SHARE * facts.rows:
            continue
        guess = guessed_kind(facts)
        hint = "" if guess == kind else f"; performance.score_kind seems to be {guess}"
        reasons.append(
            f"{facts.name}: {facts.improbable:,} of {facts.rows:,} scores are not "
            f"{_UNITS[kind]} (range {facts.lowest:g} to {facts.highest:g}), so metrics of "
            f"probabilities will be undefined{hint}"
        )
    unequal = next((facts for facts in found if facts.unequal), None)
    material = unequal is not None and unequal.unequal > MATERIAL_SHARE * unequal.rows
    if not reasons and multiclass and unequal is not None and material:
        reasons.append(
            f"{unequal.unequal:,} of {unequal.rows:,} rows have scores that do not add up to 1: "
            "log loss will be undefined; set performance.score_kind"
        )
    return reasons
