"""The importance of each feature to the model: configured, or learned from its decisions."""

from __future__ import annotations

import math
from collections.abc import Mapping

LEAST = 0.25
_MOST = 4.0
"""Bounds of a learned importance, because decisions alone are weak evidence."""


def importances(
    given: Mapping[str, float], learned: Mapping[str, float], features: Mapping[str, str]
) -> dict[str, float]:
    """The importance of each feature; 1 if nothing is known about it.

    ``given``: configured importance by feature, in any case; used as it is. ``learned``: influence
    on decisions by feature (0 to 1), relative to the mean, and limited to 0.25 to 4. ``features``:
    role by feature. Predictions have importance 1 unless configured.
    """
    configured = {name.lower(): weight for name, weight in given.items()}
    known = {name: one for name, one in learned.items() if math.isfinite(one)}
    mean = sum(known.values()) / len(known) if known else 0.0
    found = {}
    for name, role in features.items():
        weight = 1.0
        if role == "inputs" and name in known and mean > 0:
            weight = min(_MOST, max(LEAST, known[name] / mean))
        found[name] = configured.get(name.lower(), weight)
    return found
