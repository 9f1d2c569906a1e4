"""p-values of many comparisons, corrected to control the false discovery rate."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from modelwatch.stats.arrays import Floats

Correction = Literal["benjamini_hochberg", "benjamini_yekutieli"]
"""Benjamini-Hochberg is valid for positively dependent comparisons; Benjamini-Yekutieli for all."""
CORRECTIONS: tuple[Correction, ...] = get_args(Correction)


def adjusted(p_values: Floats, correction: Correction = "benjamini_hochberg") -> Floats:
    """The false discovery rate at which each comparison of one family would be found; (n,).

    NaN stays NaN and does not count as a comparison. ValueError for a value outside [0, 1].
    Sources: Benjamini and Hochberg (1995); Benjamini and Yekutieli (2001), theorem 1.3.
    """
    if correction not in CORRECTIONS:
        raise ValueError(f"{correction!r} is not one of {', '.join(CORRECTIONS)}")
    p = np.asarray(p_values, dtype=np.float64)
    if np.any((p < 0) | (p > 1)):
        raise ValueError("p-values lie between 0 and 1")
    out = np.full(p.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    if not len(known):
        return out
    order = known[np.argsort(p[known], kind="stable")]
    rank = np.arange(1, len(order) + 1, dtype=np.float64)
    dependence = float((1.0 / rank).sum()) if correction == "benjamini_yekutieli" else 1.0
    raised = p[order] * (dependence * len(order) / rank)
    out[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return out
