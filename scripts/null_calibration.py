"""Measure how often calibrated p-values of drift statistics are small if nothing has changed.

Each day shifts the mean of a numeric column, and draws the shares of categories and nulls. The
design effect (the variance of a daily mean or share, divided by that of as many independent rows)
is 1, 3, 10, or 30. Windows after the reference are drawn in the same way, so the null hypothesis
is true for every p-value: a calibrated p-value is below 0.01 one time in a hundred.
Run: python -m scripts.null_calibration
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.drift.statistics import drift
from modelwatch.stats.states.binning import (
    CATEGORICAL_OFFSET,
    NULL,
    CategoricalBinning,
    NumericBinning,
    fit_numeric,
)
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.moments import power_sums
from modelwatch.stats.states.numeric import NumericStates
from modelwatch.stats.verdicts.null_model import null_models
from modelwatch.stats.weekdays import window_weekdays

SEED = 20130501
ROWS = 500
"""Number of rows per day."""
EFFECTS = (1, 3, 10, 30)
LEVELS = (0.05, 0.01, 0.001)
CATEGORIES = 12
NULLS = 0.05
ALIKE = 0.6
"""Correlation of neighboring days, if they are correlated."""
WEEKEND = 2.0
"""Effect of a weekend, in standard deviations of the effect of a day."""
NUMERIC = ("mean_change_in_sd", "sd_log_ratio", "psi", "ks", "wasserstein")
CATEGORICAL = ("psi", "null_share_change", "l_infinity", "total_variation", "chi_square")
BINNING: NumericBinning = fit_numeric(
    np.random.default_rng(2).normal(0.0, 1.1, 20_000), -4.5, 4.5, bins=200
)


@dataclass(frozen=True)
class World:
    """How days differ: by how much, how persistently, and whether weekends differ."""

    name: str
    effect: float
    alike: float = 0.0
    weekend: float = 0.0

    def shifts(self, days: int, random: np.random.Generator) -> np.ndarray:
        """Standard normal effects of the days, plus a weekly pattern."""
        fresh = random.standard_normal(days)
        shift = np.empty(days)
        shift[0] = fresh[0]
        for day in range(1, days):
            shift[day] = self.alike * shift[day - 1] + np.sqrt(1 - self.alike**2) * fresh[day]
        return shift + self.weekend * (np.arange(days) % 7 >= 5)


WORLDS = (
    *(World(f"design effect {effect}", effect) for effect in EFFECTS),
    World(f"design effect 10, correlated neighbors ({ALIKE})", 10, alike=ALIKE),
    World("design effect 10, weekends differ", 10, weekend=WEEKEND),
)


def numeric(world: World, days: int, random: np.random.Generator) -> NumericStates:
    """Days of a numeric column whose mean, and slightly its width, differ between days."""
    size = np.sqrt((world.effect - 1.0) / ROWS)
    mean = size * world.shifts(days, random)
    width = np.exp(size / 2.0 * random.standard_normal(days))
    rows = random.standard_normal((days, ROWS)) * width[:, None] + mean[:, None]
    starts = np.arange(days) * ROWS
    return NumericStates(
        BINNING,
        np.stack([BINNING.counts_of(values) for values in rows]),
        power_sums(rows.ravel(), starts, BINNING.center, BINNING.scale),
        rows.min(axis=1),
        rows.max(axis=1),
    )


def categorical(world: World, days: int, random: np.random.Generator) -> CategoricalStates:
    """Days of a category with nulls: the shares of a day are one Dirichlet draw."""
    share = 1.0 / np.arange(1.0, CATEGORIES + 1.0)
    share = np.concatenate([[NULLS], (1.0 - NULLS) * share / share.sum()])
    # The first category has the effect of the day, including correlation and weekends.
    tilt = np.zeros((days, len(share)))
    shift = world.shifts(days, random)
    concentration = (ROWS - 1.0) / max(world.effect - 1.0, 1e-9) - 1.0
    if world.alike or world.weekend:
        size = np.sqrt((world.effect - 1.0) / ROWS)
        tilt[:, 1] = size * shift / np.sqrt(share[1] * (1.0 - share[1]))
        concentration = ROWS / 2.0
    tilted = share * np.exp(tilt)
    tilted /= tilted.sum(axis=1, keepdims=True)
    drawn = np.stack([random.dirichlet(np.maximum(concentration * p, 1e-3)) for p in tilted])
    binning = CategoricalBinning(tuple(f"value {i:02}" for i in range(CATEGORIES)))
    counts = np.zeros((days, binning.length), dtype=np.int64)
    rows = random.multinomial(ROWS, drawn)
    counts[:, NULL] = rows[:, 0]
    counts[:, CATEGORICAL_OFFSET:] = rows[:, 1:]
    length = np.full(days, 8)
    return CategoricalStates(
        binning, counts, ({},) * days, length * ROWS, length.astype(float), length.astype(float)
    )


KINDS = {"number": (numeric, NUMERIC), "category": (categorical, CATEGORICAL)}


def p_values(
    kind: str, world: World, days: int, length: int, references: int, random: np.random.Generator
) -> Iterator[dict[str, np.ndarray]]:
    """p-values of windows after a reference, by statistic, one per reference."""
    draw, keys = KINDS[kind]
    windows = 20 if length == 1 else 4
    gap = 14
    for _ in range(references):
        states = draw(world, days + gap + windows * length, random)
        reference = states.take(np.arange(days))
        total = reference.roll_up(np.array([[0, days]]))
        models = null_models(reference, np.arange(days), keys)
        first = days + gap + np.arange(windows) * length
        current = states.roll_up(np.stack([first, first + length], axis=1))
        shown = drift(Comparison(current, total), keys)
        weekday = window_weekdays(first, np.full(windows, length))
        yield {
            key: model.p_values(
                shown[key].value,
                np.full(windows, length),
                weekday,
                current.rows,
                int(total.rows[0]),
            )
            for key, model in models.items()
        }


def line(
    kind: str, world: World, days: int, length: int, references: int, random: np.random.Generator
) -> Iterator[str]:
    """Rows of the table: one per statistic."""
    found = list(p_values(kind, world, days, length, references, random))
    for key in found[0]:
        p = np.concatenate([each[key] for each in found])
        shares = [float((p < level).mean()) for level in LEVELS]
        yield (
            " | ".join(
                [
                    f"| {kind}, {world.name}",
                    str(days),
                    str(length),
                    f"`{key}`",
                    *(f"{share:.4f}" for share in shares),
                ]
            )
            + " |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--references", type=int, default=200, help="references per line")
    parser.add_argument("--quick", action="store_true", help="fewer worlds, for a quick run")
    arguments = parser.parse_args()
    random = np.random.default_rng(SEED)
    heads = [
        "days of",
        "length of the reference in days",
        "length of a window in days",
        "statistic",
    ]
    print("| " + " | ".join([*heads, *(f"p < {level}" for level in LEVELS)]) + " |")
    print("|" + "---|" * (len(heads) + len(LEVELS)))
    for days in (14, 31) if arguments.quick else (7, 14, 31, 90):
        for world in WORLDS:
            for kind in KINDS:
                for length in (1, 7) if days >= 28 else (1,):
                    for row in line(kind, world, days, length, arguments.references, random):
                        print(row, flush=True)


if __name__ == "__main__":
    main()
