"""Rows of a batch brought into runs of one scope and segment each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray
from modelwatch.stats.states.batch import Batch


@dataclass(frozen=True)
class Runs:
    """Present rows brought into runs of one scope and segment each.

    ``order``: the rows that do so, None for all rows as they stand. ``starts``, ``stops``: of each
    run. ``scopes``, ``codes``: scope and segment of each run. ``row_codes``: scope and segment of
    each present row in its first order, ``scope * segments + code``. ``present``: mask of the rows,
    None for all.
    """

    order: AnyArray | None
    starts: AnyArray
    stops: AnyArray
    scopes: AnyArray
    codes: AnyArray
    row_codes: AnyArray
    present: AnyArray | None


def runs_of(
    scopes: AnyArray | None, codes: AnyArray | None, segments: int, batch: Batch, role: int
) -> Runs:
    """The rows of a batch that have a role, by scope and segment code; None for one of either."""
    present = batch.present[role]
    rows = batch.rows
    if scopes is None and codes is None:
        combined = np.zeros(rows, dtype=np.int32)
    elif scopes is None:
        combined = np.asarray(codes)
    elif codes is None:
        combined = scopes * segments
    else:
        combined = scopes * segments + codes
    if present is not None:
        combined = combined[present]
    if not len(combined):
        none = np.empty(0, dtype=np.int64)
        return Runs(none, none, none, none, none, combined, present)
    if combined.min() == combined.max():
        order = None if present is None else np.flatnonzero(present)
        starts, first = np.zeros(1, dtype=np.int64), combined[:1]
    else:
        # A stable sort of 16-bit keys is a radix sort: linear in the rows.
        narrow = combined.astype(np.uint16) if combined.max() < 2**16 else combined
        order = np.argsort(narrow, kind="stable")
        ordered = combined[order]
        starts = np.flatnonzero(np.diff(ordered, prepend=ordered[0] - 1))
        first = ordered[starts]
        if present is not None:
            order = np.flatnonzero(present)[order]
    stops = np.append(starts[1:], len(combined))
    return Runs(order, starts, stops, first // segments, first % segments, combined, present)
