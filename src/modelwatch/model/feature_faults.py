"""Faults of a pipeline that a feature's bins give away."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from modelwatch.model.change_evidence import Clue, Evidence, FeatureChange, change_kind
from modelwatch.stats.arrays import Floats
from modelwatch.stats.binning import UNSEEN
from modelwatch.stats.categorical import CategoricalStates
from modelwatch.stats.change import bins_of_one_value, single_values
from modelwatch.stats.comparison import Comparison
from modelwatch.stats.filled_nulls import filled_model
from modelwatch.stats.mixtures import (
    UNITS,
    Explanation,
    States,
    change_of,
    exchanged,
    far_multiplied,
    lone_value,
    moved,
    multiplied,
    nulls,
    one_value,
)
from modelwatch.stats.numeric import NumericStates
from modelwatch.stats.rounded_values import rounded_model

LOOKED_AT = 6
"""Features whose bins are looked at: the strongest say what it is."""
_LEAST_SHARE = 0.002
_CONSTANT_SHARE = 0.25
"""Share of the rows that held other values, of which one usual value takes hold, from which a
feature stands still."""
_LEAST_RISE = 0.1
"""Rise of that value's share of all rows: where nearly all rows are 0, a dry week is no fault."""
_NEWS = 0.75
"""Score of nulls that are farther beyond their gate than all else of the feature."""
_EXACT = 0.99
"""Score of evidence that no other fault leaves."""
_ROUNDED = 0.8
"""Score of values that are all integers."""
_BY_CHANCE = 0.01
"""Probability that values in the reference's steps add up to an integer, up to which that speaks
for integers: those in quarters do once in four times."""
_DESIGN = 3.0
"""How much more shares vary between days than rows that are independent: a low guess."""
_LEAST_DECIMAL = 0.01
"""Share of values from which a decimal sign is looked at."""
_FEW_VALUES = 3
_ALL_BUT = 0.95
"""Part of the rows of a feature of fewer values that must hold one: any change favours one."""
_FOREIGN = 0.5
"""Share of unseen values that are known ones in another writing."""


def _strongest(evidence: Evidence) -> tuple[FeatureChange, ...]:
    return evidence.failing[:LOOKED_AT]


def _best(clues: Iterable[Clue | None]) -> Clue | None:
    """The strongest clue; later features count for a little less than the first one."""
    found = [
        Clue(clue.score * 0.98**place, clue.told)
        for place, clue in enumerate(clues)
        if clue is not None
    ]
    return max(found, key=lambda clue: clue.score, default=None)


def _score(explained: float, least: float = 0.5) -> float | None:
    """The score of a fault that explains so much of a change; None for too little."""
    return None if explained < least else 0.5 + 0.45 * explained


@change_kind("nulls")
def _nulls(evidence: Evidence) -> Clue | None:
    if not evidence.features and "null_share_change" in evidence.figures:
        return Clue(0.6, f"the share of nulls of {evidence.lead.subject} has changed")
    return _best(_nulls_of(feature, evidence) for feature in _strongest(evidence))


def _nulls_of(feature: FeatureChange, evidence: Evidence) -> Clue | None:
    found = nulls(feature.before, feature.now)
    if found.share < _LEAST_SHARE:
        return None
    score = _score(found.explained)
    if score is None and evidence.worst_figure(feature) == "null_share_change":
        # Of a feature that is never the same twice, nulls explain little and are the news all
        # the same.
        score = _NEWS
    if score is None:
        return None
    return Clue(score, f"{_percent(found.share)} of the values of {feature.name} are gone")


@change_kind("filled_nulls")
def _filled_nulls(evidence: Evidence) -> Clue | None:
    return _best(_filled_of(feature) for feature in _strongest(evidence))


def _filled_of(feature: FeatureChange) -> Clue | None:
    model = filled_model(feature.before, np.zeros(1, dtype=np.int64), _DESIGN)
    if model is None:
        return None
    one = np.ones(1, dtype=np.int64)
    found, _ = model.judged(Comparison(feature.now, feature.before), one, -one)
    share = float(found.value[0])
    if not share >= _LEAST_SHARE:
        return None
    code, at = one_value(feature.before, feature.now)
    value = f"{code.value:g}" if np.isfinite(code.value) else _value_at(feature.now, at)
    told = f"{feature.name} has no nulls any more, and {value} in {_percent(share)} more rows"
    return Clue(_EXACT, told)


def _value_at(states: States, at: int) -> str:
    """The name of a position among the rest, unseen values and kept values of a category."""
    if not isinstance(states, CategoricalStates) or at < 0:
        return "one value"
    if at < UNSEEN:
        unseen = sorted(states.unseen[0].items(), key=lambda item: (-item[1], item[0]))
        return repr(unseen[0][0]) if unseen else "an unseen value"
    return repr(states.binning.values[at - UNSEEN])


@change_kind("sentinel")
def _sentinel(evidence: Evidence) -> Clue | None:
    return _best(_sentinel_of(feature) for feature in _strongest(evidence))


def _sentinel_of(feature: FeatureChange) -> Clue | None:
    before, now = feature.before, feature.now
    if not isinstance(before, NumericStates) or not isinstance(now, NumericStates):
        return None
    found, at = one_value(before, now)
    low, high = float(before.least[0]), float(before.greatest[0])
    special = found.value in before.binning.special_values
    usual = low <= found.value <= high and not special
    spread = not special and not _alone(before, now, at)
    score = None if usual or spread or found.share < _LEAST_SHARE else _score(found.explained)
    if score is None:
        code = lone_value(before, now)
        return None if code is None else _code_of(feature, code)
    was = f"a special value of {feature.name}" if special else f"and {low:g} to {high:g} before"
    told = f"{_percent(found.share)} of the values of {feature.name} are {found.value:g}, {was}"
    return Clue(score, told)


def _alone(before: NumericStates, now: NumericStates, at: int) -> bool:
    """Whether a bin beyond all that was before holds nearly all of the rows there: values that
    were multiplied lie in several."""
    edges, upper = before.binning.edges, before.binning.upper_edges
    low, high = float(before.least[0]), float(before.greatest[0])
    beyond = edges >= high if edges[at] >= high else upper <= low
    held = now.quantities[0]
    return bool(before.binning.single_value[at] or held[at] >= _ALL_BUT * held[beyond].sum())


def _code_of(feature: FeatureChange, code: Explanation) -> Clue | None:
    """A value far beyond all that was, whatever the others do."""
    score = _score(code.explained)
    if score is None or code.share < _LEAST_SHARE:
        return None
    told = f"{_percent(code.share)} of the values of {feature.name} are {code.value:g}"
    return Clue(score, f"{told}, far from all others")


@change_kind("constant")
def _constant(evidence: Evidence) -> Clue | None:
    return _best(_constant_of(feature) for feature in _strongest(evidence))


def _constant_of(feature: FeatureChange) -> Clue | None:
    before, now = feature.before, feature.now
    found, at = one_value(before, now)
    score = _score(found.explained)
    if score is None or found.share < _CONSTANT_SHARE:
        return None
    values = np.count_nonzero(single_values(before)[0])
    if values < _FEW_VALUES and single_values(now)[0].max() < _ALL_BUT * now.rows[0]:
        return None
    if isinstance(before, NumericStates):
        assert isinstance(now, NumericStates)
        if not bins_of_one_value(now, before)[0, at]:
            return None
        if _shares_of(now)[at] - _shares_of(before)[at] < _LEAST_RISE:
            return None
        value = f"{found.value:g}"
    elif at < UNSEEN:
        # Position 0 is the rest together and 1 the unseen: no single value.
        return None
    else:
        value = repr(before.binning.values[at - UNSEEN])
    told = f"{_percent(found.share)} of the rows of {feature.name} came to be {value}"
    return Clue(score, told)


def _shares_of(states: States) -> Floats:
    """Share of each value among the rows that have one, (B,)."""
    held = single_values(states)[0]
    return np.asarray(held / max(int(held.sum()), 1), dtype=np.float64)


@change_kind("scale_change")
def _scale_change(evidence: Evidence) -> Clue | None:
    clue = _best(_scale_of(feature) for feature in _strongest(evidence))
    if clue is not None and evidence.shape == "ramp":
        # A unit does not change by and by.
        return Clue(clue.score - 0.4, clue.told)
    return clue


def _scale_of(feature: FeatureChange) -> Clue | None:
    before, now = feature.before, feature.now
    if not isinstance(before, NumericStates) or not isinstance(now, NumericStates):
        return None
    found = multiplied(before, now)
    score = _score(found.explained)
    if score is None or found.share < 0.08:
        return _decimal_of(feature, before, now)
    if feature.role == "predictions":
        # What a model answers has no unit; answers that are larger are another model's.
        score -= 0.3
    unit = any(abs(found.value / known - 1.0) < 0.02 for known in UNITS)
    # What a plain shift explains as well is no other unit.
    score -= max(0.0, moved(before, now).explained - found.explained + 0.15)
    told = f"{_percent(found.share)} of the values of {feature.name} are {found.value:.4g} times"
    return Clue(score + 0.03 * unit, f"{told} what they were")


def _decimal_of(feature: FeatureChange, before: NumericStates, now: NumericStates) -> Clue | None:
    """A few values whose decimal sign was lost or misread."""
    found = far_multiplied(before, now)
    score = _score(found.explained, 0.7)
    if score is None or found.share < _LEAST_DECIMAL or feature.role == "predictions":
        return None
    told = f"{_percent(found.share)} of the values of {feature.name} are {found.value:g} times"
    return Clue(score, f"{told} what they were, as of a decimal sign that is misread")


@change_kind("swapped_columns")
def _swapped_columns(evidence: Evidence) -> Clue | None:
    failing = _strongest(evidence)
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
    score = _score(min(here.explained, there.explained))
    if score is None or abs(here.share - there.share) > 0.3:
        return None
    share = (here.share + there.share) / 2.0
    told = f"{_percent(share)} of {one.name} look like {other.name} before, and the other way round"
    # Both features say the same, which no other fault explains for both.
    return Clue(min(0.98, score + 0.08), told)


@change_kind("rounded_values")
def _rounded_values(evidence: Evidence) -> Clue | None:
    return _best(_rounded(feature) for feature in _strongest(evidence))


def _rounded(feature: FeatureChange) -> Clue | None:
    before, now = feature.before, feature.now
    if not isinstance(before, NumericStates) or not isinstance(now, NumericStates):
        return None
    model = rounded_model(before, np.zeros(1, dtype=np.int64), _DESIGN)
    if model is None:
        return None
    one = np.ones(1, dtype=np.int64)
    found, p_value = model.judged(Comparison(now, before), one, -one)
    if not (found.value[0] > 0 and p_value[0] <= _BY_CHANCE):
        return None
    # A constant, a code or another unit may be an integer as well, and says more.
    return Clue(_ROUNDED, f"all values of {feature.name} are integers")


@change_kind("new_type")
def _new_type(evidence: Evidence) -> Clue | None:
    return _best(_rewritten(feature) for feature in _strongest(evidence))


def _rewritten(feature: FeatureChange) -> Clue | None:
    """Unseen values that are known ones in another writing: case, blanks, 1 for 1.0."""
    before, now = feature.before, feature.now
    if not isinstance(before, CategoricalStates) or not isinstance(now, CategoricalStates):
        return None
    unseen = now.unseen[0]
    risen = _unseen_share(now) - _unseen_share(before)
    rows = sum(unseen.values())
    if risen < _LEAST_SHARE or not rows:
        return None
    known = {_plain(value): value for value in before.binning.values}
    foreign = {value: known[_plain(value)] for value in unseen if _plain(value) in known}
    share = sum(unseen[value] for value in foreign) / rows
    if share < _FOREIGN:
        return None
    new, old = next(iter(foreign.items()))
    return Clue(0.5 + 0.47 * share, f"{feature.name} is written otherwise: {new!r} for {old!r}")


@change_kind("truncated_text")
def _truncated_text(evidence: Evidence) -> Clue | None:
    return _best(_cut(feature) for feature in _strongest(evidence))


def _cut(feature: FeatureChange) -> Clue | None:
    """Unseen values that begin longer known ones, all as long as the longest value now is."""
    before, now = feature.before, feature.now
    if not isinstance(before, CategoricalStates) or not isinstance(now, CategoricalStates):
        return None
    unseen, longest = now.unseen[0], float(now.length_max[0])
    rows, risen = sum(unseen.values()), _unseen_share(now) - _unseen_share(before)
    if risen < _LEAST_SHARE or not rows or not longest < float(before.length_max[0]):
        return None
    begun = {value[: int(longest)] for value in before.binning.values if len(value) > longest}
    cut = [value for value in unseen if len(value) == longest and value in begun]
    share = sum(unseen[value] for value in cut) / rows
    if share < _FOREIGN:
        return None
    told = f"values of {feature.name} end after {longest:.0f} characters, such as {cut[0]!r}"
    return Clue(0.5 + 0.48 * share, told)


def _plain(value: str) -> str:
    """A value without what another writing changes."""
    text = value.strip().strip("'\"").casefold()
    text = {"true": "1", "false": "0", "yes": "1", "no": "0"}.get(text, text)
    try:
        return f"{float(text):.12g}"
    except ValueError:
        return text


@change_kind("unseen_categories")
def _unseen_categories(evidence: Evidence) -> Clue | None:
    if not evidence.features and "unseen_share_change" in evidence.figures:
        return Clue(0.6, f"{evidence.lead.subject} has values that it never had")
    features = _strongest(evidence)
    # New values that come with half a percent of the rows move no other feature by more.
    whole = max((change_of(one.before, one.now) for one in features[:1]), default=0.0)
    return _best(_unseen_of(feature, whole) for feature in features)


def _unseen_of(feature: FeatureChange, whole: float) -> Clue | None:
    before, now = feature.before, feature.now
    if not isinstance(before, CategoricalStates) or not isinstance(now, CategoricalStates):
        return None
    risen = _unseen_share(now) - _unseen_share(before)
    change = max(change_of(before, now), whole)
    if risen < _LEAST_SHARE:
        return None
    score = _score(min(1.0, risen / max(change, risen)))
    if score is None:
        return None
    ranked = sorted(now.unseen[0].items(), key=lambda item: (-item[1], item[0]))
    examples = ", ".join(repr(value) for value, _ in ranked[:3])
    told = f"{_percent(risen)} of the rows of {feature.name} hold values that it never had"
    # It gives way to another writing of known values, which is more to the point.
    return Clue(score - 0.02, f"{told}{': ' + examples if examples else ''}")


def _unseen_share(states: CategoricalStates) -> float:
    return float(states.unseen_rows[0]) / max(float(states.rows[0]), 1.0)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.095 else f"{100 * share:.2g} %"
