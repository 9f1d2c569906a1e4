"""Exact sums of longs by code, of which only nonzero ones are held."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats

_EXACT_ROWS = 1 << 20
"""Rows whose units, below 2**32 each, add up exactly in doubles."""
_CODES_A_ROW = 8
"""Codes per row up to which a dense table of a batch costs less than sorting its rows."""
_FEWEST_COMPACTED = 1 << 18


class SparseSums:
    """Adds up counts or integer units by code; codes are non-negative longs.

    Memory is bounded by the number of distinct codes and of added rows, not by the range of the
    codes.
    """

    def __init__(self) -> None:
        self._codes: list[AnyArray] = []
        self._sums: list[Counts] = []
        self._held = 0
        self._limit = _FEWEST_COMPACTED

    def __len__(self) -> int:
        """Number of codes held; those of several batches count separately until they are
        compacted."""
        return self._held

    def add(self, codes: AnyArray, sums: Counts) -> None:
        """Adds sums to distinct codes."""
        if not len(codes):
            return
        self._codes.append(codes)
        self._sums.append(sums)
        self._held += len(codes)
        if self._held > self._limit:
            self.compacted()
            self._limit = max(_FEWEST_COMPACTED, 2 * self._held)

    def compacted(self) -> tuple[AnyArray, Counts]:
        """Distinct codes, ascending, and the sum of each; (m,) both. Zero sums are left out."""
        if not self._codes:
            none = np.empty(0, dtype=np.int64)
            return none, none
        codes, sums = summed(np.concatenate(self._codes), np.concatenate(self._sums))
        self._codes, self._sums, self._held = [codes], [sums], len(codes)
        return codes, sums


def summed(codes: AnyArray, values: Counts) -> tuple[AnyArray, Counts]:
    """Distinct codes, ascending, and the exact sum of the values of each, without zeros."""
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=ordered[0] - 1)) if len(ordered) else order
    totals = np.add.reduceat(values[order], starts) if len(starts) else values[:0]
    held = totals != 0
    return ordered[starts][held], totals[held]


def batch_sums(codes: AnyArray, units: Floats | None, span: int) -> tuple[AnyArray, Counts]:
    """Distinct codes of the rows of a batch, ascending, with their rows or the sums of units.

    ``codes`` (n,) are below ``span``. ``units`` (n,): integers below 2**32, None to count rows.
    """
    if span > _CODES_A_ROW * len(codes):
        values = np.ones(len(codes), dtype=np.int64) if units is None else units.astype(np.int64)
        return summed(codes, values)
    if units is None:
        table = np.bincount(codes, minlength=span)
    else:
        table = np.zeros(span, dtype=np.int64)
        for start in range(0, len(codes), _EXACT_ROWS):
            part = slice(start, start + _EXACT_ROWS)
            table += np.bincount(codes[part], units[part], span).astype(np.int64)
    held = np.flatnonzero(table)
    return held, table[held]
