"""Faults of the rows of a table: missing, duplicate, and delivered before."""

from __future__ import annotations

from modelwatch.model.diagnosis.change_evidence import (
    Clue,
    Evidence,
    FeatureChange,
    RepeatedDay,
    change_kind,
)
from modelwatch.model.diagnosis.onset import day_words
from modelwatch.model.incidents.incident import Incident
from modelwatch.model.planning.outside_windows import OUTSIDE_BRIEFLY
from modelwatch.model.quoted_values import code, code_equal, quoted_value
from modelwatch.stats.diagnosis.change_explanations import change_of
from modelwatch.stats.drift.stale_values import STALE_SHARE
from modelwatch.stats.numerals import percentage
from modelwatch.stats.states.categorical import CategoricalStates

TWICE = 1.8
"""Ratio of rows to expected rows from which most rows may have been delivered twice."""
_LOST = 0.3
"""Share of the rows of a value above which the value is missing, not just rare."""
_LEAST_LOSS = 0.02
_CERTAIN = 0.97
"""Score of counted rows, because they explain why a day has fewer."""
_REPEATED = 0.99
"""Score of evidence that no other fault produces."""
_FEWEST_FEATURES = 2
"""Minimum number of varying features, all of which must repeat a day for a repeated delivery."""


@change_kind("missing_rows", called="missing rows", check="the deliveries of those days")
def _missing_rows(evidence: Evidence) -> Clue | None:
    for one in evidence.incidents:
        if one.metric == "missing_day" or "missing_day" in one.metrics:
            return Clue(0.95, f"{code(one.role)} has no rows on {day_words(one.worst_start)}")
    volume = [one for one in evidence.incidents if "rows" in one.metrics and one.area == "source"]
    fallen = [one for one in volume if _ratio(one) < 1.0]
    if fallen:
        worst = min(fallen, key=_ratio)
        where = (
            "" if worst.of_all_traffic else f" for {code_equal(worst.segmentation, worst.segment)}"
        )
        wording = f"{percentage(1 - _ratio(worst))} fewer rows than expected{where}"
        return Clue(0.9, wording)
    if any(one.metric == "rows" and one.area == "constraint" for one in evidence.incidents):
        return Clue(0.6, "the number of rows is out of bounds")
    lost = [_lost_value(feature, evidence.rows_ratio) for feature in evidence.failing]
    return max((clue for clue in lost if clue), key=lambda clue: clue.score, default=None)


def _ratio(one: Incident) -> float:
    """Rows divided by expected rows, from a verdict on the volume, whose value is the relative
    difference."""
    return 1.0 + (one.value or 0.0)


def _lost_value(feature: FeatureChange, rows_ratio: float | None) -> Clue | None:
    """A value whose rows are missing, and by whose rows the table is smaller."""
    before, now = feature.before, feature.now
    if not isinstance(before, CategoricalStates) or not isinstance(now, CategoricalStates):
        return None
    if rows_ratio is None or not len(before.binning.values):
        return None
    p, q = before.value_rows[0] / max(before.rows[0], 1), now.value_rows[0] / max(now.rows[0], 1)
    rows = q * rows_ratio
    at = int((p - rows).argmax())
    loss = float(p[at] - rows[at])
    if loss < _LEAST_LOSS or loss < _LOST * p[at] or change_of(before, now) <= 0:
        return None
    # If nothing else has changed, the missing rows are those of this value.
    missing = 1.0 - rows_ratio
    explained = min(loss, missing) / max(loss, missing) if missing > 0 else 0.0
    if explained < 0.5:
        return None
    value = quoted_value(before.binning.values[at], before.binning.values)
    wording = (
        f"{loss / float(p[at]):.0%} of the rows with {value} in {code(feature.name)} are missing"
    )
    return Clue(0.45 + 0.45 * explained, wording)


@change_kind(
    "outside_windows",
    called="wrong event times",
    check="what writes the time and partition columns",
)
def _outside_windows(evidence: Evidence) -> Clue | None:
    for one in evidence.incidents:
        if one.metric in OUTSIDE_BRIEFLY:
            return Clue(
                _CERTAIN,
                f"{percentage(one.value or 0.0)} of the new rows {OUTSIDE_BRIEFLY[one.metric]}",
            )
    return None


@change_kind("duplicated_rows", called="duplicate rows", check="the deliveries of those days")
def _duplicated_rows(evidence: Evidence) -> Clue | None:
    repeated = [one for one in evidence.incidents if "duplicate_share" in one.metrics]
    if repeated:
        value = max((one.value or 0.0 for one in repeated), default=0.0)
        wording = f"{percentage(value)} of the rows of {code(repeated[0].role)} repeat an id"
        return Clue(0.95, wording)
    for one in evidence.incidents:
        if one.area == "constraint" and one.metric == "uniqueness":
            return Clue(0.7, f"constraint {code(one.subject)} found repeated values")
        if one.area == "source" and "rows" in one.metrics and _ratio(one) >= TWICE:
            alone = not evidence.failing
            wording = f"{code(one.role)} has {_ratio(one):.2g} times the expected rows"
            return Clue(0.7 if alone else 0.45, wording)
    return None


@change_kind(
    "repeated_delivery", called="an earlier day delivered again", check="the delivery of that day"
)
def _repeated_delivery(evidence: Evidence) -> Clue | None:
    day = _whole_delivery(evidence)
    if day is None:
        return None
    wording = f"on {day_words(day.day)}, all columns repeat the values of {day_words(day.of)}"
    return Clue(_REPEATED, wording)


@change_kind("stale", called="values that were not refreshed", check="whether the refresh job ran")
def _stale(evidence: Evidence) -> Clue | None:
    stale = [f for f in evidence.failing if STALE_SHARE in evidence.metrics_of(f)]
    if not stale or _whole_delivery(evidence) is not None:
        return None
    return Clue(
        _REPEATED, _sentence(stale[0], evidence.repeated.get((stale[0].role, stale[0].name)))
    )


def _sentence(feature: FeatureChange, day: RepeatedDay | None) -> str:
    if day is None:
        return f"{code(feature.name)} repeats the values of an earlier day"
    share = "the values" if day.exact else "most values"
    repeated = f"{code(feature.name)} repeats {share} of {day_words(day.of)}"
    return f"on {day_words(day.day)}, {repeated}"


def _whole_delivery(evidence: Evidence) -> RepeatedDay | None:
    """The day that all features of the table repeat, except those that never vary."""
    if STALE_SHARE not in evidence.failing_metrics:
        return None
    role = evidence.lead.role
    days = [day for (of, _), day in evidence.repeated.items() if of == role and day.varies]
    same = {(day.day, day.of) for day in days}
    whole = len(days) >= _FEWEST_FEATURES and len(same) == 1 and all(day.exact for day in days)
    return days[0] if whole else None
