"""Errors of values beside their bounds, and the table that reports the worst of each."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

ROUNDING = 1e-9
"""Part of a value, or of 1 if that is more, by which two exact computations may differ."""


@dataclass
class Worst:
    """What is known of one metric: the error that is largest beside its bound.

    ``missing`` counts values that the oracle has and the state leaves undefined, ``unbounded``
    those whose bound is not known. ``ratio`` is the error over bound and rounding: at most 1.
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
    """Collects comparisons by the key of the metric."""

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
        """One value beside that of the oracle; NaN is undefined."""
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
