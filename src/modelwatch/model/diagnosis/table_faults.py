"""Faults of a whole table: rows that are missing, and rows that came twice."""

from __future__ import annotations

from modelwatch.model.diagnosis.change_evidence import Clue, Evidence, FeatureChange, change_kind
from modelwatch.model.diagnosis.onset import day_words
from modelwatch.model.incidents.incident import Incident
from modelwatch.model.planning.outside_windows import OUTSIDE_BRIEFLY
from modelwatch.model.quoted_values import code, code_equal, quoted_value
from modelwatch.stats.diagnosis.change_explanations import change_of
from modelwatch.stats.numerals import percentage
from modelwatch.stats.states.categorical import CategoricalStates

TWICE = 1.8
"""Times as many rows from which most of them may have come twice."""
_LOST = 0.3
"""Part of the rows of a value from which it is missing rather than rare."""
_LEAST_LOSS = 0.02
_CERTAIN = 0.97
"""Score of rows that were counted: they explain why a day has fewer."""


@change_kind("missing_rows")
def _missing_rows(evidence: Evidence) -> Clue | None:
    for one in evidence.incidents:
        if one.figure == "missing_day" or "missing_day" in one.figures:
            return Clue(0.95, f"{code(one.role)} has no rows on {day_words(one.worst_start)}")
    volume = [one for one in evidence.incidents if "rows" in one.figures and one.family == "source"]
    fallen = [one for one in volume if _ratio(one) < 1.0]
    if fallen:
        worst = min(fallen, key=_ratio)
        where = (
            "" if worst.of_all_traffic else f" for {code_equal(worst.segmentation, worst.segment)}"
        )
        wording = f"{percentage(1 - _ratio(worst))} fewer rows than expected{where}"
        return Clue(0.9, wording)
    if any(one.figure == "rows" and one.family == "constraint" for one in evidence.incidents):
        return Clue(0.6, "the number of rows is out of bounds")
    lost = [_lost_value(feature, evidence.rows_ratio) for feature in evidence.failing]
    return max((clue for clue in lost if clue), key=lambda clue: clue.score, default=None)


def _ratio(one: Incident) -> float:
    """Rows over those that were expected, of a verdict on volume.

    Its value is the share of rows more or fewer.
    """
    return 1.0 + (one.value or 0.0)


def _lost_value(feature: FeatureChange, rows_ratio: float | None) -> Clue | None:
    """A value whose rows are gone, and by as many rows the table is smaller."""
    before, now = feature.before, feature.now
    if not isinstance(before, CategoricalStates) or not isinstance(now, CategoricalStates):
        return None
    if rows_ratio is None or not len(before.binning.values):
        return None
    p, q = before.kept[0] / max(before.rows[0], 1), now.kept[0] / max(now.rows[0], 1)
    rows = q * rows_ratio
    at = int((p - rows).argmax())
    loss = float(p[at] - rows[at])
    if loss < _LEAST_LOSS or loss < _LOST * p[at] or change_of(before, now) <= 0:
        return None
    # The rows that are missing altogether are those of this value, if it is nothing else.
    missing = 1.0 - rows_ratio
    explained = min(loss, missing) / max(loss, missing) if missing > 0 else 0.0
    if explained < 0.5:
        return None
    value = quoted_value(before.binning.values[at], before.binning.values)
    wording = (
        f"{loss / float(p[at]):.0%} of the rows with {value} in {code(feature.name)} are missing"
    )
    return Clue(0.45 + 0.45 * explained, wording)


@change_kind("outside_windows")
def _outside_windows(evidence: Evidence) -> Clue | None:
    for one in evidence.incidents:
        if one.figure in OUTSIDE_BRIEFLY:
            return Clue(
                _CERTAIN,
                f"{percentage(one.value or 0.0)} of the new rows {OUTSIDE_BRIEFLY[one.figure]}",
            )
    return None


@change_kind("duplicated_rows")
def _duplicated_rows(evidence: Evidence) -> Clue | None:
    repeated = [one for one in evidence.incidents if "duplicate_share" in one.figures]
    if repeated:
        value = max((one.value or 0.0 for one in repeated), default=0.0)
        wording = f"{percentage(value)} of the rows of {code(repeated[0].role)} repeat an id"
        return Clue(0.95, wording)
    for one in evidence.incidents:
        if one.family == "constraint" and one.figure == "uniqueness":
            return Clue(0.7, f"constraint {code(one.subject)} found repeated values")
        if one.family == "source" and "rows" in one.figures and _ratio(one) >= TWICE:
            alone = not evidence.failing
            wording = f"{code(one.role)} has {_ratio(one):.2g} times the expected rows"
            return Clue(0.7 if alone else 0.45, wording)
    return None
