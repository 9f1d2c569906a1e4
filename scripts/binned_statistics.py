"""Print the table of docs/decisions/0003-binned-statistics.md: power and error by number of groups.

Run: python scripts/binned_statistics.py
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.drift.statistics import STATISTICS
from modelwatch.stats.states.binning import fit_numeric
from modelwatch.stats.states.moments import LENGTH
from modelwatch.stats.states.numeric import NumericStates

GROUPS = (10_000, 100, 50, 30, 20, 10)
ROWS = (100, 1_000, 10_000)
WINDOWS = 200
RANDOM = np.random.default_rng(7)
Change = Callable[[Floats], Floats]
CHANGES: dict[str, Change] = {
    "shift": lambda x: x + 0.2,
    "spread": lambda x: x * 1.2,
    "hole": lambda x: np.where((x > 0) & (x < 0.25), x + 0.25, x),
    "narrow hole": lambda x: np.where((x > 0) & (x < 0.08), x + 0.08, x),
    "pile": lambda x: np.where(RANDOM.random(len(x)) < 0.03, 0.5, x),
    "outliers": lambda x: np.where(RANDOM.random(len(x)) < 0.02, 6.0, x),
}


def main() -> None:
    """Print one row for each number of rows and groups."""
    from modelwatch.stats.drift import divergence

    reference = RANDOM.normal(size=500_000)
    binning = fit_numeric(reference[:100_000], float(reference.min()), float(reference.max()))

    def states(counts: Counts) -> NumericStates:
        nothing = np.full(len(counts), np.nan)
        sums = np.zeros((len(counts), LENGTH), dtype=np.int64)
        return NumericStates(binning, counts, sums, nothing, nothing)

    whole = states(binning.counts_of(reference)[None])
    print("| n | groups | null |", " | ".join(CHANGES), "|")
    for n in ROWS:
        windows = {
            name: states(
                np.stack([binning.counts_of(change(RANDOM.normal(size=n))) for _ in range(WINDOWS)])
            )
            for name, change in {"null": lambda x: x, **CHANGES}.items()
        }
        for groups in GROUPS:
            divergence.FINE_GROUPS = groups
            found = {
                name: STATISTICS["jensen_shannon"].compute(Comparison(stack, whole)).value
                for name, stack in windows.items()
            }
            bound = np.quantile(found["null"], 0.99)
            power = [f"{np.mean(found[name] > bound):.2f}" for name in CHANGES]
            cells = "all" if groups > binning.length else groups
            print(f"| {n} | {cells} | {found['null'].mean():.3f} |", " | ".join(power), "|")


if __name__ == "__main__":
    main()
