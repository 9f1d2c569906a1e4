"""Pipeline faults that the bins of a feature reveal."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from modelwatch.errors import instance_of
from modelwatch.model.diagnosis.change_evidence import Clue, Evidence, FeatureChange, change_kind
from modelwatch.model.quoted_values import code, quoted_value
from modelwatch.stats.arrays import Floats
from modelwatch.stats.diagnosis.change_explanations import (
    UNITS,
    Explanation,
    exchanged,
    far_multiplied,
    lone_value,
    mirrored,
    moved,
    multiplied,
    nulls,
    one_value,
)
from modelwatch.stats.drift.change import bins_of_one_value, single_values
from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.drift.filled_nulls import filled_model
from modelwatch.stats.drift.rounded_values import rounded_model
from modelwatch.stats.numerals import brief, numeral, numerals
from modelwatch.stats.shares import DESIGN_EFFECT_OF_BINS
from modelwatch.stats.states.binning import UNSEEN, CategoricalBinning
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.leave_out import FeatureStates
from modelwatch.stats.states.numeric import NumericStates

LOOKED_AT = 6
"""Maximum number of features whose bins are examined: the strongest show the kind."""
LEAST_SHARE = 0.002
_CONSTANT_SHARE = 0.25
"""Share of the rows with other values that must change to one usual value for a stuck feature."""
_LEAST_RISE = 0.1
"""Minimum increase in the share of that value: if nearly all rows are 0, a dry week is not a
fault."""
_OF_RISE = 0.5
"""Fraction of the increase by which rows per day must increase, too; otherwise, other rows are
missing."""
_NEWS = 0.75
"""Score of nulls whose effect exceeds that of all other metrics of the feature."""
_EXACT = 0.99
"""Score of evidence that no other fault produces."""
_FILLED_EXPLAINS = 0.5
"""Share of the change that one value must explain if it fills nulls."""
_ROUNDED = 0.99
"""Score of different values that are all integers, if their mean has hardly changed."""
_INTEGER = 0.8
"""Score of other values that are all integers."""
_ROUNDING = 1.0
"""Maximum change of a mean by rounding or truncation."""
_BY_CHANCE = 0.01
"""Maximum probability that values in the steps of the reference add up to an integer by chance:
quarters do so once in four times."""
_LEAST_DECIMAL = 0.01
"""Minimum share of values for which a changed decimal sign is considered."""
_MIRRORED = 0.7
"""Share of a change that the opposite sign must explain."""
_MOST_AT_ONE_DOUBLE = 0.5
"""Share of the rows at one double above which it need not be a single value, if doubles are coarser
than the column."""
_FEW_VALUES = 3
_ALL_BUT = 0.95
"""Share of the rows that one value must have if a feature has few values, because any change favors
one."""


def strongest(evidence: Evidence) -> tuple[FeatureChange, ...]:
    """The failing features whose bins are examined, the strongest first."""
    return evidence.failing[:LOOKED_AT]


def best_clue(clues: Iterable[Clue | None]) -> Clue | None:
    """The strongest clue; later features count slightly less than the first one."""
    found = [
        Clue(clue.score * 0.98**place, clue.wording)
        for place, clue in enumerate(clues)
        if clue is not None
    ]
    return max(found, key=lambda clue: clue.score, default=None)


def score_of(explained: float, least: float = 0.5) -> float | None:
    """The score of a fault that explains a share of a change; None if it is too small."""
    return None if explained < least else 0.5 + 0.45 * explained


@change_kind("nulls", called="missing values", check="what fills the column upstream")
def _nulls(evidence: Evidence) -> Clue | None:
    if not evidence.features and "null_share_change" in evidence.failing_metrics:
        return Clue(0.6, f"the null share of {code(evidence.lead.subject)} changed")
    return best_clue(_nulls_of(feature, evidence) for feature in strongest(evidence))


def _nulls_of(feature: FeatureChange, evidence: Evidence) -> Clue | None:
    found = nulls(feature.before, feature.now)
    if found.share < LEAST_SHARE or not _has_more_rows(_null_shares(feature), evidence):
        return None
    score = score_of(found.explained)
    if score is None and evidence.worst_metric(feature) == "null_share_change":
        # If the values of a feature always differ, nulls explain little of the change, but are
        # still the finding.
        score = _NEWS
    if score is None:
        return None
    return Clue(score, f"{percent(found.share)} of {code(feature.name)} became null")


def _null_shares(feature: FeatureChange) -> tuple[float, float]:
    """Share of the rows without a value, before and now."""
    before, now = (float(s.nulls[0]) / max(float(s.rows[0]), 1.0) for s in _sides(feature))
    return before, now


def _sides(feature: FeatureChange) -> tuple[FeatureStates, FeatureStates]:
    return feature.before, feature.now


def _has_more_rows(shares: tuple[float, float], evidence: Evidence) -> bool:
    """Whether a value with a larger share also has more rows per day: if other rows are missing,
    its share increases but its rows do not."""
    before, now = shares
    ratio = 1.0 if evidence.rows_ratio is None else min(evidence.rows_ratio, 1.0)
    return now * ratio - before >= _OF_RISE * (now - before)


@change_kind(
    "filled_nulls", called="a default that replaces nulls", check="which job writes the default"
)
def _filled_nulls(evidence: Evidence) -> Clue | None:
    return best_clue(_filled_of(feature) for feature in strongest(evidence))


def _filled_of(feature: FeatureChange) -> Clue | None:
    model = filled_model(feature.before, np.zeros(1, dtype=np.int64), DESIGN_EFFECT_OF_BINS)
    if model is None:
        return None
    one = np.ones(1, dtype=np.int64)
    found, _ = model.judged(Comparison(feature.now, feature.before), one, -one)
    share = float(found.value[0])
    if not share >= LEAST_SHARE:
        return None
    filler, at = one_value(feature.before, feature.now)
    if filler.explained < _FILLED_EXPLAINS:
        # Filled nulls do not change the other values, which have changed here.
        return None
    value = (
        _numeral(feature.now, filler.value)
        if np.isfinite(filler.value)
        else _value_at(feature.now, at)
    )
    more = f"{value} in {percent(share)} more rows"
    return Clue(_EXACT, f"{code(feature.name)} no longer has nulls, but {more}")


def _value_at(states: FeatureStates, at: int) -> str:
    """The name of a position among the rest, unseen values, and kept values of a category."""
    if not isinstance(states, CategoricalStates) or at < 0:
        return "one value"
    if at < UNSEEN:
        unseen = sorted(states.unseen[0].items(), key=lambda item: (-item[1], item[0]))
        known = states.binning.values
        return quoted_value(unseen[0][0], known) if unseen else "an unseen value"
    return _frequent_value(states.binning, at - UNSEEN)


def _frequent_value(binning: CategoricalBinning, at: int) -> str:
    """A value with a bin of its own, as a sentence quotes it."""
    return quoted_value(binning.values[at], binning.values)


@change_kind("sentinel", called="a placeholder for missing values", check="what writes it upstream")
def _sentinel(evidence: Evidence) -> Clue | None:
    return best_clue(_sentinel_of(feature) for feature in strongest(evidence))


def _sentinel_of(feature: FeatureChange) -> Clue | None:
    before, now = feature.before, feature.now
    if not isinstance(before, NumericStates) or not isinstance(now, NumericStates):
        return None
    found, at = one_value(before, now)
    low, high = float(before.least[0]), float(before.greatest[0])
    special = found.value in before.binning.special_values
    usual = low <= found.value <= high and not special
    spread = not special and not _alone(before, now, at)
    score = None if usual or spread or found.share < LEAST_SHARE else score_of(found.explained)
    if score is None:
        lone = lone_value(before, now)
        # A few extreme rows are not what changed if another value took over.
        hidden = lone and usual and found.share > lone.share and score_of(found.explained)
        return None if lone is None or hidden else _code_of(feature, lone)
    if not _is_single_value(before, now, found):
        return None
    value, least, most = numerals([before.binning.exact(v) for v in (found.value, low, high)])
    was = ", a special value" if special else f"; before: {least} to {most}"
    return Clue(score, f"{percent(found.share)} of {code(feature.name)} is {value}{was}")


def _is_single_value(before: NumericStates, now: NumericStates, found: Explanation) -> bool:
    """Whether the value of an explanation is a single value: most rows at a double that stands for
    many numbers of the column have different values, and a bin that contains the entire window
    contains its minimum and maximum."""
    at = int(np.searchsorted(before.binning.edges, found.value, side="right")) - 1
    held = now.quantities[0]
    if held[at] == held.sum() and now.least[0] < now.greatest[0]:
        return False
    return bool(before.binning.is_exact(np.array(found.value))) or found.share < _MOST_AT_ONE_DOUBLE


def _alone(before: NumericStates, now: NumericStates, at: int) -> bool:
    """Whether one bin beyond the earlier range contains nearly all rows there: multiplied values
    would be in several bins."""
    edges, upper = before.binning.edges, before.binning.upper_edges
    low, high = float(before.least[0]), float(before.greatest[0])
    beyond = edges >= high if edges[at] >= high else upper <= low
    held = now.quantities[0]
    return bool(before.binning.single_value[at] or held[at] >= _ALL_BUT * held[beyond].sum())


def _code_of(feature: FeatureChange, lone: Explanation) -> Clue | None:
    """A value far beyond the earlier range, regardless of the others."""
    score = score_of(lone.explained)
    before = instance_of(feature.before, NumericStates)
    now = instance_of(feature.now, NumericStates)
    if score is None or lone.share < LEAST_SHARE or not _is_single_value(before, now, lone):
        return None
    value = _numeral(feature.now, lone.value)
    wording = f"{percent(lone.share)} of {code(feature.name)} is {value}"
    return Clue(score, f"{wording}, far from all other values")


@change_kind("constant", called="a stuck value", check="the job or sensor that writes it")
def _constant(evidence: Evidence) -> Clue | None:
    return best_clue(_constant_of(feature, evidence) for feature in strongest(evidence))


def _constant_of(feature: FeatureChange, evidence: Evidence) -> Clue | None:
    before, now = feature.before, feature.now
    found, at = one_value(before, now)
    score = score_of(found.explained)
    if score is None or found.share < _CONSTANT_SHARE:
        return None
    # For categories, the cells of other and unseen values come before the frequent values.
    place = at if isinstance(before, NumericStates) else at - UNSEEN
    if place < 0:
        return None
    shares = float(_shares_of(before)[place]), float(_shares_of(now)[place])
    if not _has_more_rows(shares, evidence):
        return None
    values = np.count_nonzero(single_values(before)[0])
    if values < _FEW_VALUES and single_values(now)[0].max() < _ALL_BUT * now.rows[0]:
        return None
    if isinstance(before, NumericStates):
        now = instance_of(now, NumericStates)
        if not bins_of_one_value(now, before)[0, at]:
            return None
        if _shares_of(now)[at] - _shares_of(before)[at] < _LEAST_RISE:
            return None
        if not before.binning.is_exact(np.array(found.value)):
            return None
        value = _numeral(before, found.value)
    else:
        value = _frequent_value(before.binning, place)
    wording = f"{percent(found.share)} of the rows of {code(feature.name)} changed to {value}"
    return Clue(score, wording)


def _numeral(states: FeatureStates, value: float) -> str:
    """A value of a feature in words."""
    exact = states.binning.exact(value) if isinstance(states, NumericStates) else value
    return numeral(exact)


def _shares_of(states: FeatureStates) -> Floats:
    """Share of each value among the rows with a value, (B,)."""
    held = single_values(states)[0]
    return np.asarray(held / max(int(held.sum()), 1), dtype=np.float64)


@change_kind(
    "scale_change", called="a unit change", check="the upstream currency or unit conversion"
)
def _scale_change(evidence: Evidence) -> Clue | None:
    clue = best_clue(_scale_of(feature) for feature in strongest(evidence))
    if clue is not None and evidence.shape == "ramp":
        # A unit does not change gradually.
        return Clue(clue.score - 0.4, clue.wording)
    return clue


def _scale_of(feature: FeatureChange) -> Clue | None:
    before, now = feature.before, feature.now
    if not isinstance(before, NumericStates) or not isinstance(now, NumericStates):
        return None
    sign = _sign_of(feature, before, now)
    if sign is not None:
        return sign
    found = multiplied(before, now)
    score = score_of(found.explained)
    if score is None or found.share < 0.08:
        return _decimal_of(feature, before, now)
    if feature.role == "predictions":
        # The output of a model has no unit; larger predictions come from a different model.
        score -= 0.3
    unit = any(abs(found.value / known - 1.0) < 0.02 for known in UNITS)
    # A change that a shift explains equally well is not a change of unit.
    score -= max(0.0, moved(before, now).explained - found.explained + 0.15)
    wording = f"{percent(found.share)} of {code(feature.name)} is {_times(found.value)}"
    return Clue(score + 0.03 * unit, wording)


def _times(factor: float) -> str:
    """A factor in words: ``100x larger``."""
    larger = factor >= 1.0
    return f"{brief(factor if larger else 1.0 / factor)}x {'larger' if larger else 'smaller'}"


def _sign_of(feature: FeatureChange, before: NumericStates, now: NumericStates) -> Clue | None:
    """Values of one sign that now have the opposite sign."""
    one_sign = before.minimum[0] >= 0.0 or before.maximum[0] <= 0.0
    found = mirrored(before, now)
    score = score_of(found.explained, _MIRRORED)
    if not one_sign or score is None or found.share < LEAST_SHARE or feature.role == "predictions":
        return None
    wording = f"{percent(found.share)} of {code(feature.name)} changed sign"
    return Clue(min(0.98, score + 0.04), wording)


def _decimal_of(feature: FeatureChange, before: NumericStates, now: NumericStates) -> Clue | None:
    """A few values whose decimal separator was lost or misread."""
    found = far_multiplied(before, now)
    score = score_of(found.explained, 0.7)
    if score is None or found.share < _LEAST_DECIMAL or feature.role == "predictions":
        return None
    wording = f"{percent(found.share)} of {code(feature.name)} is {_times(found.value)}"
    return Clue(score, f"{wording}, a misread decimal separator")


@change_kind(
    "swapped_columns", called="swapped columns", check="the column order where the table is written"
)
def _swapped_columns(evidence: Evidence) -> Clue | None:
    failing = strongest(evidence)
    pairs = [
        _swap_of(one, other)
        for one in failing
        for other in evidence.features
        if one is not other and one.role == other.role and type(one.now) is type(other.now)
    ]
    found = [clue for clue in pairs if clue is not None]
    return max(found, key=lambda clue: clue.score, default=None)


def _swap_of(one: FeatureChange, other: FeatureChange) -> Clue | None:
    here = exchanged(one.before, one.now, other.before)
    if here.explained < 0.5 or here.share < 0.05:
        return None
    there = exchanged(other.before, other.now, one.before)
    score = score_of(min(here.explained, there.explained))
    if score is None or abs(here.share - there.share) > 0.3:
        return None
    share = (here.share + there.share) / 2.0
    looks = f"looks like the earlier {code(other.name)}, and vice versa"
    wording = f"{percent(share)} of {code(one.name)} {looks}"
    # Both features indicate a swap, which no other fault of both explains.
    return Clue(min(0.98, score + 0.08), wording)


@change_kind("rounded_values", called="rounded values", check="the column type upstream")
def _rounded_values(evidence: Evidence) -> Clue | None:
    return best_clue(_rounded(feature) for feature in strongest(evidence))


def _rounded(feature: FeatureChange) -> Clue | None:
    before, now = feature.before, feature.now
    if not isinstance(before, NumericStates) or not isinstance(now, NumericStates):
        return None
    model = rounded_model(before, np.zeros(1, dtype=np.int64), DESIGN_EFFECT_OF_BINS)
    if model is None:
        return None
    one = np.ones(1, dtype=np.int64)
    found, p_value = model.judged(Comparison(now, before), one, -one)
    if not (found.value[0] > 0 and p_value[0] <= _BY_CHANCE):
        return None
    # A constant, a code, or a different unit may also produce integers, and is more specific.
    moved_by = abs(float(now.moments.mean[0] - before.moments.mean[0]))
    cut = moved_by <= _ROUNDING and now.minimum[0] < now.maximum[0]
    return Clue(_ROUNDED if cut else _INTEGER, f"all values of {code(feature.name)} are integers")


def percent(share: float) -> str:
    """A share as people read it."""
    return f"{100 * share:.0f}%" if share >= 0.095 else f"{100 * share:.2g}%"
