"""Faults of a delivery: values, or whole days, that were delivered before."""

from __future__ import annotations

from modelwatch.model.diagnosis.change_evidence import (
    Clue,
    Evidence,
    FeatureChange,
    RepeatedDay,
    change_kind,
)
from modelwatch.model.diagnosis.onset import day_words
from modelwatch.model.quoted_values import code
from modelwatch.stats.drift.stale_values import KEY

_CERTAIN = 0.99
"""Score of evidence that no other fault leaves."""
_FEWEST_FEATURES = 2
"""Features that vary, all of which must repeat a day, before it is the whole delivery."""


@change_kind("repeated_delivery")
def _repeated_delivery(evidence: Evidence) -> Clue | None:
    day = _whole_delivery(evidence)
    if day is None:
        return None
    wording = f"all columns have the values of {day_words(day.of)} again on {day_words(day.day)}"
    return Clue(_CERTAIN, wording)


@change_kind("stale")
def _stale(evidence: Evidence) -> Clue | None:
    stale = [f for f in evidence.failing if KEY in evidence.figures_of(f)]
    if not stale or _whole_delivery(evidence) is not None:
        return None
    return Clue(
        _CERTAIN, _sentence(stale[0], evidence.repeated.get((stale[0].role, stale[0].name)))
    )


def _sentence(feature: FeatureChange, day: RepeatedDay | None) -> str:
    if day is None:
        return f"{code(feature.name)} has the values of an earlier day"
    share = "the" if day.exact else "most"
    again = f"{share} values of {day_words(day.of)} again on {day_words(day.day)}"
    return f"{code(feature.name)} has {again}"


def _whole_delivery(evidence: Evidence) -> RepeatedDay | None:
    """The day that all features of the table repeat, those that never vary aside."""
    if KEY not in evidence.figures:
        return None
    role = evidence.lead.role
    days = [day for (of, _), day in evidence.repeated.items() if of == role and day.varies]
    same = {(day.day, day.of) for day in days}
    whole = len(days) >= _FEWEST_FEATURES and len(same) == 1 and all(day.exact for day in days)
    return days[0] if whole else None
