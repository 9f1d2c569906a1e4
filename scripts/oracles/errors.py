"""Errors of values with their bounds, and a table of the largest errors."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

ROUNDING = 1e-9
"""Relative difference allowed between two exact computations; absolute for values below 1."""


@dataclass
class Worst:
    """The largest error of one metric relative to its bound.

    ``missing`` counts values that only the oracle defines, and ``unbounded`` values with an unknown
    bound. ``ratio`` is the error divided by the sum of bound and rounding: at most 1.
    """

    oracle: str
    compared: int = 0
    missing: int = 0
    unbounded: int = 0
    ratio: float = 0.0
    error: float = 0.0
    bound: float = 0.0
    largest_bound: float = 0.0
    where: str = ""


@dataclass
class Errors:
    """Collects comparisons by metric."""

    worst: dict[str, Worst] = field(default_factory=dict)

    def add(
        self,
        key: str,
        oracle: str,
        found: float,
        expected: float,
        *,
        where: str,
        bound: float = 0.0,
        rounding: float = ROUNDING,
    ) -> None:
        """Add one value and that of the oracle; NaN means undefined."""
        known = self.worst.setdefault(key, Worst(oracle))
        if not math.isfinite(expected):
            return
        if not math.isfinite(found):
            known.missing += 1
            return
        if not math.isfinite(bound):
            known.unbounded += 1
            return
        known.compared += 1
        error = abs(found - expected)
        ratio = error / (bound + rounding * max(1.0, abs(expected)))
        known.largest_bound = max(known.largest_bound, bound)
        if ratio >= known.ratio:
            known.ratio, known.error, known.bound, known.where = ratio, error, bound, where

    @property
    def broken(self) -> list[str]:
        """Keys of metrics whose error exceeds its bound, or that were never compared."""
        return [key for key, one in self.worst.items() if one.ratio > 1.0 or not one.compared]

    def table(self) -> str:
        """One row for each metric, in Markdown."""
        lines = [
            "| metric | oracle | compared | undefined | bound unknown | worst error | its bound "
            "| error / bound | largest bound | distribution |",
            "|---|---|---:|---:|---:|---:|---:|---:|---:|---|",
        ]
        for key, one in self.worst.items():
            lines.append(
                f"| `{key}` | {one.oracle} | {one.compared} | {one.missing} | {one.unbounded} | "
                f"{one.error:.2g} | {one.bound:.2g} | {one.ratio:.2g} | {one.largest_bound:.2g} | "
                f"{one.where} |"
            )
        return "\n".join(lines)
