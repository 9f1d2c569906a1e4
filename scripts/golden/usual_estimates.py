"""Golden values of the usual estimated accuracy on the days of a reference, with loops and scipy.

Run: python -m scripts.golden.usual_estimates
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import mean

import numpy as np
from scipy import stats

TARGET = Path("tests/golden/usual_estimates.json")
DAYS, ROWS = 16, 50
WEEKS = ((0.55, 7 * ROWS), (0.7, 7 * ROWS), (0.74, 90))
"""Estimated accuracies of weeks, and their rows."""
DEGREES = 10.0
"""Maximum degrees of freedom."""


def main() -> None:
    """Write the golden values."""
    random = np.random.default_rng(20261130)
    # Days alternate, so that the variance decreases at least as fast as with independent days.
    levels = [0.75 + 0.08 * (-1) ** day + random.normal(0.0, 0.02) for day in range(DAYS)]
    rows = [
        [round(float(np.clip(level + random.normal(0.0, 0.1), 0.5, 1.0)), 2) for _ in range(ROWS)]
        for level in levels
    ]
    everything = [score for day in rows for score in day]
    value, total = mean(everything), len(everything)
    by_outcomes = mean(score * (1.0 - score) for score in everything)
    powers, noises = [], []
    for at, day in enumerate(rows):
        others = [score for other, held in enumerate(rows) if other != at for score in held]
        apart = len(others) / total
        powers.append((mean(day) - mean(others)) ** 2)
        noises.append(by_outcomes * (1.0 / len(day) + 1.0 / len(others)))
    excess = mean((power - noise) * apart**2 for power, noise in zip(powers, noises, strict=True))
    between = max(0.0, excess) / (1.0 - 1.0 / DAYS)
    p_values = []
    for estimate, held in WEEKS:
        variance = by_outcomes * (1.0 / held + 1.0 / total) + between * (1.0 / 7.0 + 1.0 / DAYS)
        ratio = (estimate - value) ** 2 / variance
        by_days = float(stats.f.sf(ratio, 1.0, DEGREES))
        worst = max(powers) * min(variance / (noises[0] + between * (1.0 + 1.0 / DAYS)), 1.0)
        beyond = (worst / max((estimate - value) ** 2, worst)) ** 3 / (DAYS + 1.0)
        p_values.append(max(by_days, beyond))
    golden = {
        "scores": rows,
        "value": value,
        "by_outcomes": by_outcomes,
        "between": between,
        "design_effect": mean(powers) / mean(noises),
        "weeks": [[estimate, held, p] for (estimate, held), p in zip(WEEKS, p_values, strict=True)],
    }
    TARGET.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
