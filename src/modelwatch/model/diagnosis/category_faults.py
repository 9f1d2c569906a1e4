"""Pipeline faults that the values of a categorical column reveal."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Mapping

import numpy as np

from modelwatch.model.diagnosis.change_evidence import Clue, Evidence, FeatureChange, change_kind
from modelwatch.model.diagnosis.feature_faults import (
    LEAST_SHARE,
    best_clue,
    percent,
    score_of,
    strongest,
)
from modelwatch.model.quoted_values import code, quoted_value, quoted_values
from modelwatch.stats.diagnosis.change_explanations import change_of, codes_exchanged
from modelwatch.stats.drift.change import frequent_shares, missing_parts
from modelwatch.stats.states.categorical import CategoricalStates

_FOREIGN = 0.5
"""Share of the unseen values that must be other spellings of known values."""
_FEWEST_REWRITTEN = 2
"""Number of values with a common prefix or suffix that count as another spelling."""
_EXCHANGED = 0.8
"""Share of a change that the swap of two codes must explain."""
_APART = 0.1
"""Minimum difference between the shares of two codes for which a swap can be recognized."""


@change_kind("swapped_codes", called="two swapped codes", check="the upstream code mapping")
def _swapped_codes(evidence: Evidence) -> Clue | None:
    return best_clue(_codes_of(feature) for feature in strongest(evidence))


def _codes_of(feature: FeatureChange) -> Clue | None:
    """Two values that swapped their shares, while all others kept theirs."""
    before, now = feature.before, feature.now
    if not isinstance(before, CategoricalStates) or not isinstance(now, CategoricalStates):
        return None
    found, first, second = codes_exchanged(before, now)
    score = score_of(found.explained, _EXCHANGED)
    if score is None or found.share < _APART or not _others(before, first, second):
        return None
    names = (before.binning.values[at] for at in (first, second))
    wording = " and ".join(quoted_values(list(names)))
    # The alternative, one value that replaces others, explains less of such a change.
    return Clue(min(0.98, score + 0.05), f"{wording} of {code(feature.name)} swapped frequencies")


def _others(before: CategoricalStates, *codes: int) -> bool:
    """Whether other values have rows: with two values only, one that takes over looks the same."""
    return bool(np.delete(before.value_rows[0], codes).sum() >= _APART * before.value_rows[0].sum())


def fallen_value(feature: FeatureChange) -> str | None:
    """The frequent value, in quotes, that lost the largest share of its expected rows, if any."""
    before, now = feature.before, feature.now
    if not isinstance(before, CategoricalStates) or not isinstance(now, CategoricalStates):
        return None
    usual = frequent_shares(before)
    shares = now.value_rows / np.maximum(now.rows, 1)[:, None]
    missing = missing_parts(shares, usual)[0]
    if not missing.any():
        return None
    values = before.binning.values
    return quoted_value(values[int(np.argmax(missing))], values)


@change_kind(
    "new_type", called="a new type or format", check="recent schema and code changes upstream"
)
def _new_type(evidence: Evidence) -> Clue | None:
    return best_clue(_rewritten(feature) for feature in strongest(evidence))


def _rewritten(feature: FeatureChange) -> Clue | None:
    """Unseen values that are other spellings of known ones: case, blanks, 1 for 1.0, or another
    Unicode normal form."""
    before, now = feature.before, feature.now
    if not isinstance(before, CategoricalStates) or not isinstance(now, CategoricalStates):
        return None
    unseen = now.unseen[0]
    risen = _unseen_share(now) - _unseen_share(before)
    rows = sum(unseen.values())
    if risen < LEAST_SHARE or not rows:
        return None
    known = {_plain(value): value for value in before.binning.values}
    foreign = {value: known[_plain(value)] for value in unseen if _plain(value) in known}
    share = sum(unseen[value] for value in foreign) / rows
    if share < _FOREIGN:
        foreign = _with_affix(unseen, before.binning.values)
        share = sum(unseen[value] for value in foreign) / rows
    if share < _FOREIGN:
        return None
    new, old = next(iter(foreign.items()))
    written = " replaces ".join(quoted_values([new, old]))
    return Clue(0.5 + 0.47 * share, f"{written} in {code(feature.name)}")


def _with_affix(unseen: Mapping[str, int], known: Collection[str]) -> dict[str, str]:
    """Unseen values that are known ones with a common prefix or suffix, by the known value.

    The one with most rows, which several values must have.
    """
    found: dict[tuple[str, bool], dict[str, str]] = defaultdict(dict)
    for value in unseen:
        for old in known:
            if old and len(value) > len(old):
                if value.endswith(old):
                    found[value[: -len(old)], True][value] = old
                if value.startswith(old):
                    found[value[len(old) :], False][value] = old
    common = [values for values in found.values() if len(values) >= _FEWEST_REWRITTEN]
    return max(common, key=lambda values: sum(unseen[value] for value in values), default={})


@change_kind("truncated_text", called="truncated strings", check="the column width upstream")
def _truncated_text(evidence: Evidence) -> Clue | None:
    return best_clue(_cut(feature) for feature in strongest(evidence))


def _cut(feature: FeatureChange) -> Clue | None:
    """Unseen values that are the beginnings of longer known ones, all as long as the longest
    current value."""
    before, now = feature.before, feature.now
    if not isinstance(before, CategoricalStates) or not isinstance(now, CategoricalStates):
        return None
    unseen, longest = now.unseen[0], float(now.length_max[0])
    rows, risen = sum(unseen.values()), _unseen_share(now) - _unseen_share(before)
    if risen < LEAST_SHARE or not rows or not longest < float(before.length_max[0]):
        return None
    begun = {value[: int(longest)] for value in before.binning.values if len(value) > longest}
    cut = [value for value in unseen if len(value) == longest and value in begun]
    share = sum(unseen[value] for value in cut) / rows
    if share < _FOREIGN:
        return None
    such = quoted_value(cut[0], before.binning.values)
    length = f"{longest:.0f} characters"
    wording = f"values of {code(feature.name)} are cut off after {length}, such as {such}"
    return Clue(0.5 + 0.48 * share, wording)


def _plain(value: str) -> str:
    """A value without the differences that another spelling makes."""
    text = unicodedata.normalize("NFKC", value).strip().strip("'\"").casefold()
    text = {"true": "1", "false": "0", "yes": "1", "no": "0"}.get(text, text)
    try:
        return f"{float(text):.12g}"
    except ValueError:
        return text


@change_kind("unseen_categories", called="new categories", check="whether the model knows them")
def _unseen_categories(evidence: Evidence) -> Clue | None:
    if not evidence.features and "unseen_share_change" in evidence.failing_metrics:
        return Clue(0.6, f"{code(evidence.lead.subject)} has values not seen before")
    features = strongest(evidence)
    # Rows with new values change other features by at most their share, so the score is relative
    # to the largest change.
    whole = max((change_of(one.before, one.now) for one in features[:1]), default=0.0)
    return best_clue(_unseen_of(feature, whole) for feature in features)


def _unseen_of(feature: FeatureChange, whole: float) -> Clue | None:
    before, now = feature.before, feature.now
    if not isinstance(before, CategoricalStates) or not isinstance(now, CategoricalStates):
        return None
    risen = _unseen_share(now) - _unseen_share(before)
    change = max(change_of(before, now), whole)
    if risen < LEAST_SHARE:
        return None
    score = score_of(min(1.0, risen / max(change, risen)))
    if score is None:
        return None
    ranked = sorted(now.unseen[0].items(), key=lambda item: (-item[1], item[0]))
    # Quoted together with the known values, so that similar spellings can be distinguished.
    quoted = quoted_values([*(value for value, _ in ranked[:3]), *before.binning.values])
    examples = ", ".join(quoted[: len(ranked[:3])])
    wording = f"{percent(risen)} of {code(feature.name)} has new values"
    # A different spelling of known values is a more specific explanation, and scores higher.
    return Clue(score - 0.02, f"{wording}{': ' + examples if examples else ''}")


def _unseen_share(states: CategoricalStates) -> float:
    return float(states.unseen_rows[0]) / max(float(states.rows[0]), 1.0)
