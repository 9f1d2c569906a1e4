"""How often `modelwatch gate` promotes what it should not, and finds what it should, asked daily.

Rows are simulated: a champion and a challenger decide the same rows, and exactly one of them is
right about a tenth of these. Days have unequal numbers of rows, by weekday, and effects of their
own, so that rows of a day depend on one another. The gain is measured and judged by the package.
Run: python -m scripts.promotion_simulation
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from modelwatch.io.terminal import say
from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.comparison.confidence_sequence import (
    LEAST_DAYS,
    DayMean,
    day_mean,
    ends_of,
    planned_days,
)

DISCORDANT = 0.1
WEEKDAYS = np.array([1.1, 1.1, 1.0, 1.0, 1.2, 0.8, 0.8])
DAYS = 90
ERROR = 0.05
POWER = 0.9
SEED = 25


@dataclass(frozen=True)
class Traffic:
    """Rows of a day, their design effect, the autocorrelation of the effects of days, and the share
    of days on which a challenger fails by three standard deviations."""

    name: str
    rows: int
    design_effect: float = 1.0
    autocorrelation: float = 0.0
    failing: float = 0.0

    @property
    def day_sd(self) -> float:
        """Standard deviation of the gain of a day."""
        return float(np.sqrt(DISCORDANT / self.rows * self.design_effect))

    def gains(self, gain: float, days: int, rng: np.random.Generator) -> tuple[Counts, Counts]:
        """Rows of each day that only the challenger decides correctly minus those that only the
        champion does, and all rows, (days,) each, for a true gain in accuracy."""
        rows = rng.poisson(self.rows * WEEKDAYS[(np.arange(days) + rng.integers(7)) % 7]) + 1
        effect_sd = np.sqrt((self.design_effect - 1.0) * DISCORDANT / self.rows)
        effects = rng.normal(size=days)
        for day in range(1, days):
            own = np.sqrt(1.0 - self.autocorrelation**2) * effects[day]
            effects[day] = self.autocorrelation * effects[day - 1] + own
        fails = self.failing * 3.0 - 3.0 * (rng.random(days) < self.failing)
        mean = gain + effect_sd * effects + self.day_sd * fails
        won = np.clip((DISCORDANT + mean) / 2.0, 0.0, DISCORDANT)
        lost = DISCORDANT - won
        only_challenger = rng.binomial(rows, won)
        only_champion = rng.binomial(rows - only_challenger, lost / (1.0 - won))
        return only_challenger - only_champion, rows


SCENES = (
    Traffic("50 rows a day", 50),
    Traffic("500 rows a day", 500),
    Traffic("500 rows, design effect 10", 500, 10.0),
    Traffic("500 rows, design effect 10, autocorrelation 0.3", 500, 10.0, 0.3),
    Traffic("500 rows, fails on every tenth day", 500, 1.0, 0.0, 0.1),
)


def supported(won: Counts, rows: Counts, margin: float, looks: range, *, every_look: bool) -> bool:
    """Whether a gain above a margin is supported at any of some looks: after so many days."""
    for days in looks:
        of, held = won[:days], rows[:days]
        total, every = of.sum(), held.sum()
        without: Floats = (total - of) / (every - held)
        mean = day_mean(float(total / every), without)
        if ends_of(mean, ERROR, every_look=every_look)[0] > margin:
            return True
    return False


def share(
    traffic: Traffic, gain: float, margin: float, days: int, paths: int, *, every_look: bool
) -> float:
    """The share of simulated challengers that are promoted at any of the daily looks."""
    rng = np.random.default_rng(SEED)
    hits = 0
    for _ in range(paths):
        won, rows = traffic.gains(gain, days, rng)
        looks = range(LEAST_DAYS, days + 1)
        hits += supported(won, rows, margin, looks, every_look=every_look)
    return hits / paths


def independent(days: int, rng: np.random.Generator) -> Floats:
    return rng.normal(size=days)


def dependent(days: int, rng: np.random.Generator, autocorrelation: float) -> Floats:
    values = rng.normal(size=days)
    for day in range(1, days):
        own = np.sqrt(1.0 - autocorrelation**2) * values[day]
        values[day] = autocorrelation * values[day - 1] + own
    return values


def skewed(days: int, rng: np.random.Generator, shape: float) -> Floats:
    """Days of a gamma distribution that extends to the left: its skewness is -2 / sqrt(shape)."""
    return np.asarray((shape - rng.gamma(shape, size=days)) / np.sqrt(shape))


def failing(days: int, rng: np.random.Generator) -> Floats:
    """Every twentieth day, by chance, is worse by ten standard deviations."""
    return rng.normal(size=days) - 10.0 * (rng.random(days) < 0.05) + 0.5


NOISE: dict[str, Callable[[int, np.random.Generator], Floats]] = {
    "independent, normal": independent,
    "autocorrelation 0.3": partial(dependent, autocorrelation=0.3),
    "autocorrelation 0.5": partial(dependent, autocorrelation=0.5),
    "Student's t, 3 degrees of freedom": lambda days, rng: rng.standard_t(3, size=days),
    "skewness -2": partial(skewed, shape=1.0),
    "skewness -1": partial(skewed, shape=4.0),
    "every twentieth day worse by ten standard deviations": failing,
}
"""Gains of days with a mean of 0."""


def corrected_shares(noise: str, paths: int) -> tuple[float, float]:
    """The share of promotions without and with the corrections for dependence and skewness."""
    rng = np.random.default_rng(SEED)
    hits = np.zeros(2)
    for _ in range(paths):
        gains = NOISE[noise](DAYS, rng)
        found = np.zeros(2, dtype=bool)
        for days in range(LEAST_DAYS, DAYS + 1):
            of = gains[:days]
            mean = day_mean(float(of.mean()), (of.sum() - of) / (days - 1))
            plain = DayMean(mean.value, float(of.std(ddof=1) / np.sqrt(days)), 0.0, days)
            ends = [ends_of(one, ERROR, every_look=True)[0] for one in (plain, mean)]
            found |= np.array(ends) > 0
        hits += found
    return float(hits[0] / paths), float(hits[1] / paths)


def main() -> None:
    """Print the tables of docs/guides/promotion.md, and that of decision 0020."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--paths", type=int, default=1000)
    paths = parser.parse_args().paths
    say(f"{paths} challengers each, seed {SEED}\n")
    say("| traffic | margin, true gain | promoted: sequence | promoted: single look |")
    say("|---|---|---|---|")
    for traffic in SCENES:
        for margin in (0.0, -0.005):
            found = [
                share(traffic, margin, margin, DAYS, paths, every_look=every)
                for every in (True, False)
            ]
            say(f"| {traffic.name} | {margin:g} | {found[0]:.1%} | {found[1]:.1%} |", flush=True)
    say("\n| traffic | true gain | margin | planned days | found by then |")
    say("|---|---|---|---|---|")
    for traffic in SCENES[:3]:
        for effect in (0.3, 0.5, 0.8):
            gain = effect * traffic.day_sd
            days = planned_days(effect, ERROR, POWER)
            if days is None or gain > DISCORDANT / 2:
                continue
            found_share = share(traffic, gain, 0.0, days, paths, every_look=True)
            say(f"| {traffic.name} | {gain:.4f} | 0 | {days} | {found_share:.1%} |", flush=True)
    say("\n| days | without corrections | with both |\n|---|---|---|")
    for noise in NOISE:
        without, both = corrected_shares(noise, paths)
        say(f"| {noise} | {without:.1%} | {both:.1%} |", flush=True)


if __name__ == "__main__":
    main()
