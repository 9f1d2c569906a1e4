"""Days of the reference as they would look if they were not part of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelwatch.stats.arrays import Counts
from modelwatch.stats.states.binning import CATEGORICAL_OFFSET, OTHER, UNSEEN
from modelwatch.stats.states.leave_out import FeatureStates
from modelwatch.stats.states.numeric import NumericStates


def as_if_fresh(days: FeatureStates, rest: FeatureStates) -> FeatureStates:
    """Some scopes, (w,), as the bins of their ``rest``, (w,), would have counted them.

    The frozen bins know all values of the reference, so its own days have no unseen values, unlike
    future days. A value that the rest does not contain is counted as unseen. For values without a
    bin of their own, it is unknown where they occurred: if their frequencies were exponential, with
    r rows per value in the rest, at most a share 1 / (1 + r) of their rows would have new values.
    """
    if isinstance(days, NumericStates) or isinstance(rest, NumericStates):
        return days
    known = days.binning.known_hashes
    rare_values = 0 if known is None else len(known)
    return replace(days, counts=_recounted(days.counts, rest.counts, rare_values))


def _recounted(day: Counts, rest: Counts, rare_values: int) -> Counts:
    own = slice(CATEGORICAL_OFFSET, None)
    moved = np.where(rest == 0, day, 0)
    moved[:, :CATEGORICAL_OFFSET] = 0
    share = 1.0 / (1.0 + rest[:, OTHER] / max(1, rare_values)) if rare_values else 0.0
    moved[:, OTHER] = np.rint(day[:, OTHER] * share)
    found = day - moved
    found[:, UNSEEN] += moved[:, OTHER] + moved[:, own].sum(axis=1)
    return np.asarray(found, dtype=np.int64)
