"""How much each feature matters to the model: said, or learned from what the model decided."""

from __future__ import annotations

import math
from collections.abc import Mapping

LEAST = 0.25
MOST = 4.0
"""Bounds of a learned importance: what is learned from decisions alone is not sure."""


def importances(
    given: Mapping[str, float], learned: Mapping[str, float], features: Mapping[str, str]
) -> dict[str, float]:
    """The importance of each feature; 1 is that of a feature of which nothing is known.

    ``given``: by feature, in upper or lower case, what the configuration says; it counts as it is.
    ``learned``: by feature, its influence on decisions (0 to 1), taken relative to the mean and
    kept within 0.25 and 4. ``features``: role by feature; what the model answers has 1 unless the
    configuration says otherwise.
    """
    said = {name.lower(): weight for name, weight in given.items()}
    known = {name: one for name, one in learned.items() if math.isfinite(one)}
    mean = sum(known.values()) / len(known) if known else 0.0
    found = {}
    for name, role in features.items():
        weight = 1.0
        if role == "inputs" and name in known and mean > 0:
            weight = min(MOST, max(LEAST, known[name] / mean))
        found[name] = said.get(name.lower(), weight)
    return found
