"""Measure how often the p-value of an estimate is small if nothing has changed.

Each day has a different share of rows of which the model is confident, with a design effect (the
variance of the share of a day, divided by that of as many independent rows) and optional
correlation of neighboring days. A week after a reference of four weeks is drawn in the same way.
The p-value "by outcomes" uses only the error of the estimate itself; the p-value "by days" uses the
days of the reference.
Run: python -m scripts.estimate_chance
"""

from __future__ import annotations

import argparse

import numpy as np

from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.estimation.calibration import Calibration
from modelwatch.stats.estimation.estimates import Estimate, estimates, expected
from modelwatch.stats.estimation.usual_estimates import usual_estimates
from modelwatch.stats.special import normal_tail
from modelwatch.stats.states.binary import DECISIONS, BinaryStates, positions
from modelwatch.stats.states.binary_margins import LABEL_VALUES, SCORE_UNIT
from modelwatch.stats.states.binning import NumericBinning

DAYS, GAP, WEEK, ROWS = 28, 14, 7, 400
"""Days of the reference, until the week, and of the week; rows of a day."""
SCORES = np.array([0.6, 0.9])
"""Scores of positive decisions of which the model is less or more confident."""
CASES = ((1.0, 0.0), (10.0, 0.0), (30.0, 0.0), (60.0, 0.0), (30.0, 0.6))
"""Design effects, and correlations of neighboring days."""
_ENDS = np.array([0.0, 1.0])
_AS_SAID = Calibration(_ENDS, _ENDS, False, None, 0.0, 0.0, 1000)
_TENTHS = np.linspace(0.0, 1.0, 11)
BINNING = NumericBinning(np.array([-np.inf, *_TENTHS, np.inf]), 0.5, 0.25)
SEED = 11


def days_of(sure: Counts) -> BinaryStates:
    """Days of ``ROWS`` rows without labels, with numbers of confident rows, (m,)."""
    rows = np.stack([ROWS - sure, sure], axis=1)
    counts, sums = np.zeros((2, len(sure), DECISIONS, LABEL_VALUES, BINNING.length), dtype=np.int64)
    at = positions(BINNING, SCORES, None)
    counts[:, 1, 0, at] = rows
    sums[:, 1, 0, at] = rows * np.rint(SCORES * SCORE_UNIT).astype(np.int64)
    losses = np.zeros((len(sure), LABEL_VALUES, 2), dtype=np.int64)
    return BinaryStates(counts, sums, losses, BINNING)


def reported(states: BinaryStates) -> dict[str, Estimate]:
    """The estimated accuracy of days or windows."""
    return estimates(expected(states, _AS_SAID), ["accuracy"])


def sure_rows(effect: float, alike: float, random: np.random.Generator) -> Counts:
    """Confident rows of each day, half of all rows on average."""
    n = DAYS + GAP + WEEK
    level = np.empty(n)
    level[0] = random.standard_normal()
    for day in range(1, n):
        fresh = random.standard_normal()
        level[day] = alike * level[day - 1] + (1.0 - alike**2) ** 0.5 * fresh
    share = np.clip(0.5 + 0.5 * ((effect - 1.0) / ROWS) ** 0.5 * level, 0.02, 0.98)
    return np.asarray(random.binomial(ROWS, share), dtype=np.int64)


def p_values(
    effect: float, alike: float, worlds: int, less: int = 0, seed: int = SEED
) -> tuple[Floats, Floats]:
    """p-values of a week by outcomes and by days, one per world, (worlds,) each.

    ``less``: decrease of confident rows on each day of the week.
    """
    random = np.random.default_rng(seed)
    by_outcomes, by_days = np.empty((2, worlds))
    for world in range(worlds):
        sure = sure_rows(effect, alike, random)
        usual = usual_estimates(days_of(sure[:DAYS]), np.arange(DAYS), reported)["accuracy"]
        week = reported(days_of(np.maximum(sure[-WEEK:] - less, 0)).total())["accuracy"]
        z = abs(week.values.value - usual.value) / week.sampling_sd
        by_outcomes[world] = 2.0 * normal_tail(z)[0]
        by_days[world] = usual.p_values(week, np.array([WEEK]), np.array([-1]))[0]
    return by_outcomes, by_days


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--worlds", type=int, default=2000)
    worlds = parser.parse_args().worlds
    print("| design effect | neighbors | p < 0.05 by outcomes | by days | p < 0.01 | by days |")
    print("|---|---|---|---|---|---|")
    for effect, alike in CASES:
        by_outcomes, by_days = p_values(effect, alike, worlds)
        shares = [(of < level).mean() for level in (0.05, 0.01) for of in (by_outcomes, by_days)]
        print(f"| {effect:g} | {alike:g} | " + " | ".join(f"{one:.3f}" for one in shares) + " |")


if __name__ == "__main__":
    main()
