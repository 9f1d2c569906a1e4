"""The compiled functions of a pass over numbers, called without Python's ABI.

They return the same digits as the corresponding numpy functions. For unsupported input, a
``Kernel`` returns None, and the caller uses numpy.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats, Hashes
from modelwatch.stats.states.bin_edges import LARGEST
from modelwatch.stats.states.binning import NumericBinning
from modelwatch.stats.states.distinct import SIZE
from modelwatch.stats.states.moments import LARGE_SCALE, LENGTH, SMALL_SCALE
from modelwatch.stats.states.runs import Runs

_POINTER, _LONG, _DOUBLE = ctypes.c_void_p, ctypes.c_int64, ctypes.c_double
_SIGNATURES = {
    "bins_size": ((), _LONG),
    "bins": ((_POINTER, _POINTER, _LONG, _DOUBLE, _DOUBLE), None),
    "runs": ((*[_POINTER] * 6, _LONG, *[_POINTER] * 3), None),
    "distinct": ((*[_POINTER] * 3, _LONG, _LONG, _POINTER, _LONG), _LONG),
    "steps": ((_POINTER, _POINTER, _LONG, _POINTER, _POINTER), _LONG),
    "doubles": ((_POINTER, _POINTER, _LONG, _LONG, _POINTER, _POINTER), None),
    "longs": ((_POINTER, _POINTER, _LONG, _LONG, _POINTER, _POINTER), _LONG),
}
_MOST_EDGES = 2**16 - 1
_TABLES_HELD = 2048


class Kernel:
    """The functions of a compiled library; OSError or AttributeError if it is not a kernel."""

    def __init__(self, path: Path | str) -> None:
        library = ctypes.CDLL(str(path))
        self._functions: dict[str, Callable[..., Any]] = {}
        for name, (arguments, result) in _SIGNATURES.items():
            function = getattr(library, f"modelwatch_{name}")
            function.argtypes, function.restype = arguments, result
            self._functions[name] = function
        self._bins_size = int(self._functions["bins_size"]())
        self._tables: dict[str, CompiledBins] = {}

    def bins(self, binning: NumericBinning) -> CompiledBins | None:
        """The functions for some bins; None if the bins do not have the fitted form."""
        edges, scale = binning.edges, binning.scale
        usual = (
            3 < len(edges) <= _MOST_EDGES
            and edges[1] == -LARGEST
            and SMALL_SCALE < scale < LARGE_SCALE
            and np.frexp(scale)[0] == 0.5
            and np.isfinite(binning.center)
        )
        if not usual:
            return None
        table = self._tables.get(binning.fingerprint)
        if table is None:
            if len(self._tables) >= _TABLES_HELD:
                self._tables.clear()
            table = CompiledBins(self._functions, self._bins_size, binning)
            self._tables[binning.fingerprint] = table
        return table

    def doubles(self, data: AnyArray, validity: AnyArray, offset: int) -> tuple[Floats, AnyArray]:
        """Doubles of an Arrow column without a copy, NaN for nulls, and the mask of nulls.

        ``validity``: the bits of the column, from ``offset`` on.
        """
        values, nulls = np.empty(len(data)), np.empty(len(data), dtype=bool)
        self._functions["doubles"](
            _at(data), _at(validity), offset, len(data), _at(values), _at(nulls)
        )
        return values, nulls

    def longs(
        self, data: AnyArray, validity: AnyArray | None, offset: int
    ) -> tuple[Floats, AnyArray | None] | None:
        """As ``doubles``, for longs; None if one of them is beyond 2**53."""
        values = np.empty(len(data))
        nulls = None if validity is None else np.empty(len(data), dtype=bool)
        beyond = self._functions["longs"](
            _at(data), _at(validity), offset, len(data), _at(values), _at(nulls)
        )
        return None if beyond else (values, nulls)


class CompiledBins:
    """Some bins with a lookup table."""

    def __init__(
        self, functions: Mapping[str, Callable[..., Any]], size: int, binning: NumericBinning
    ) -> None:
        self._functions = functions
        self._length = binning.length
        self._edges = binning.edges
        self._table = np.zeros(size, dtype=np.uint8)
        functions["bins"](
            _at(self._table), _at(self._edges), len(self._edges), binning.center, binning.scale
        )

    def runs(
        self, values: Floats, nulls: AnyArray | None, runs: Runs
    ) -> tuple[Counts, Counts, Floats, Floats]:
        """As ``number_runs.numeric_runs``, for values and nulls in their original order."""
        n = len(runs.starts)
        values = np.ascontiguousarray(values, dtype=np.float64)
        nulls = None if nulls is None else np.ascontiguousarray(nulls, dtype=bool)
        counts = np.zeros((n, self._length), dtype=np.int64)
        sums = np.zeros((n, LENGTH), dtype=np.int64)
        ends = np.empty((n, 2))
        order, starts, stops = (
            None if rows is None else np.ascontiguousarray(rows, dtype=np.int64)
            for rows in (runs.order, runs.starts, runs.stops)
        )
        self._functions["runs"](
            *map(_at, (self._table, values, nulls, order, starts, stops)),
            n,
            *map(_at, (counts, sums, ends)),
        )
        ends[ends[:, 0] > ends[:, 1]] = np.nan
        return counts, sums, ends[:, 0] + 0.0, ends[:, 1] + 0.0

    def distinct(
        self,
        values: Floats,
        rest: Hashes | None,
        order: AnyArray | None,
        rows: slice,
        sketch: Hashes,
    ) -> Hashes:
        """The sketch with the hashes of some rows, which are positions in ``order``."""
        values = np.ascontiguousarray(values, dtype=np.float64)
        rest = None if rest is None else np.ascontiguousarray(rest, dtype=np.uint64)
        order = None if order is None else np.ascontiguousarray(order, dtype=np.int64)
        held = np.empty(SIZE, dtype=np.uint64)
        held[: len(sketch)] = sketch
        size = self._functions["distinct"](
            *map(_at, (values, rest, order)), rows.start, rows.stop, _at(held), len(sketch)
        )
        return held[:size]

    def steps(self, values: Floats, out: Floats, present: AnyArray) -> bool:
        """Write values standardized as in ``pairs.standardised``; whether all are finite.

        ``present``: a mask of True; False is written for values that are not finite, whose steps
        are 0.
        """
        values = np.ascontiguousarray(values, dtype=np.float64)
        return not self._functions["steps"](
            _at(self._table), _at(values), len(values), _at(out), _at(present)
        )


def _at(array: AnyArray | None) -> int | None:
    return None if array is None else array.ctypes.data
