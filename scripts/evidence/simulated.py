"""Simulated quiet months of many shapes. Rows of one day are correlated."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
from scipy.special import expit, ndtri
from scripts.evidence.world import START, Period, Table, World, day_of, number_of, world_of

from modelwatch.stats.weekdays import weekdays_of

ROWS = 500
REFERENCE_DAYS = 28
"""Length in days of the reference that `init` writes."""
OF_DAYS = 0.004
"""Share of a row's variance that comes from its day: a design effect of 3 at 500 rows."""
ATOMS = 4000
"""Number of distinct rows from which very large days are drawn."""
WEIGHTED_FROM = 20_000
"""Rows per day from which rows have weights."""
NUMBERS = ("normal_1", "normal_2", "skewed", "with_nulls", "with_zeros")
CATEGORIES = ("few_values", "some_values", "rare_value")
NO_FEATURES = (
    "day",
    "weight",
    "probability",
    "decision",
    "late",
    "other_probability",
    "other_decision",
)
BURST_SHARE = 0.05
"""Share of the days on which a value comes in a burst."""


@dataclass(frozen=True)
class Shape:
    """Shape of a simulated table; the defaults describe a plain daily monitor.

    ``every``: days between batches, 0 for the first of each month. ``rows``: of a batch.
    ``of_days``: share of a row's variance that comes from its day. ``persistence``: correlation of
    the effects of neighboring days. ``weekdays``: weekends have fewer rows and other values.
    ``trend``: standard deviations by which two columns move over eight weeks.
    """

    rows: int = ROWS
    every: int = 1
    reference_days: int = REFERENCE_DAYS
    of_days: float = OF_DAYS
    persistence: float = 0.0
    weekdays: bool = False
    bursts: bool = False
    heavy_tails: bool = False
    trend: float = 0.0
    features: int = 8
    segments: bool = False
    labels: bool = True
    codes: bool = False

    def with_design_effect(self, design_effect: float) -> Shape:
        """Shape with this ratio of the variance of a day's mean to that of independent rows."""
        return replace(self, of_days=min(0.9, (design_effect - 1.0) / (self.rows - 1.0)))

    def period(self) -> tuple[Period, np.ndarray]:
        """The period, and the days with rows: eight batches or more after the reference."""
        if self.every == 1:
            first = START - max(self.reference_days, 1)
            period = Period(first, (first, START - 1), (START, START + 27))
            return period, np.arange(first, START + 28)
        if self.every == 0:
            months = [date(2020 + m // 12, m % 12 + 1, 1) for m in range(5, 25)]
            days = np.array([number_of(day) for day in months])
        else:
            days = np.arange(START - 8 * self.every, START + 12 * self.every, self.every)
        last = day_of(days[-1])
        gap = self.every or calendar.monthrange(last.year, last.month)[1]
        current = (int(days[8]), int(days[-1]) + gap - 1)
        return Period(int(days[0]), (int(days[0]), int(days[7])), current), days


def quiet_world(shape: Shape, seed: int) -> World:
    """A reference and the time after it, from the same process."""
    rng = np.random.default_rng([seed, 20210201])
    period, days = shape.period()
    weighted = shape.rows >= WEIGHTED_FROM
    draw = _Weighted(shape, days, rng) if weighted else _Plain(shape, days, rng)
    rows = draw.frame(_columns(shape, draw.shared, rng))
    names = tuple(name for name in rows if name not in NO_FEATURES)
    table = Table(names, ("few_values",) if shape.segments else (), shape.labels)
    return world_of(f"simulated {seed}", table, rows, period)


Shared = Callable[[], np.ndarray]
"""One standard normal value per row, correlated within days."""


def _columns(shape: Shape, shared: Shared, rng: np.random.Generator) -> dict[str, np.ndarray]:
    base, other = shared(), shared()
    odds = -1.3 + 0.8 * base + 0.5 * other + 0.4 * shared()
    score, another = expit(odds), expit(0.6 * odds + 0.3)
    tail = (lambda z: np.sinh(1.6 * z) * 20) if shape.heavy_tails else (lambda z: 10.0 + 2.0 * z)
    named = {
        "normal_1": tail(base),
        "normal_2": 0.7 * other + 0.7 * shared(),
        "skewed": np.exp((2.5 if shape.heavy_tails else 1.0) * shared()),
        "with_nulls": np.where(shared() > 1.3, np.nan, shared()),
        "with_zeros": np.where(shared() > 0.5, 0.0, np.abs(shared())),
        "few_values": _cut(shared(), [0.5, 0.8]),
        "some_values": _cut(shared(), list(np.linspace(0.05, 0.95, 14))),
        "rare_value": _cut(shared(), [0.7, 0.985]),
    }
    if shape.codes:
        named["shop_code"] = np.searchsorted(ndtri(np.linspace(0.02, 0.98, 40)), shared())
        named["postcode"] = _cut(shared(), list(np.linspace(0.004, 0.996, 249)))
    for extra in range(len(named), shape.features):
        z = shared()
        named[f"extra_{extra}"] = z if extra % 2 else _cut(z, [0.2, 0.5, 0.7, 0.9])
    kept = dict(list(named.items())[: max(shape.features, 2)]) if shape.features < 8 else named
    late = (rng.random(len(score)) < score).astype(np.float64)
    return {
        **kept,
        "probability": score,
        "decision": np.where(score > 0.35, "true", "false").astype(object),
        "late": late,
        "other_probability": another,
        "other_decision": np.where(another > 0.35, "true", "false").astype(object),
    }


class _Plain:
    """Rows that are drawn one by one."""

    def __init__(self, shape: Shape, days: np.ndarray, rng: np.random.Generator) -> None:
        self.shape, self.days, self.rng = shape, days, rng
        counts = rng.poisson(_expected_rows(shape, days))
        self.at = np.repeat(np.arange(len(days)), counts)
        self.columns = 0

    def shared(self) -> np.ndarray:
        level = _levels(self.shape, self.days, self.rng, self.columns)
        self.columns += 1
        own = self.rng.standard_normal(len(self.at))
        return level[self.at] + np.sqrt(1.0 - self.shape.of_days) * own

    def frame(self, columns: dict[str, np.ndarray]) -> pd.DataFrame:
        rows = pd.DataFrame({"day": self.days[self.at], **columns})
        return _with_bursts(rows, self.shape, self.days, self.rng)


class _Weighted:
    """Draws from a few thousand distinct rows, with weights that follow the effect of the day.

    A day's rows are a multinomial draw from the distinct rows, which equals drawing them one by one
    with replacement. Exponential tilting shifts the weights, and with them the mean of a normal
    value, by the day's level.
    """

    def __init__(self, shape: Shape, days: np.ndarray, rng: np.random.Generator) -> None:
        self.shape, self.days, self.rng = shape, days, rng
        self.log_weights = np.zeros((len(days), ATOMS))
        self.columns = 0

    def shared(self) -> np.ndarray:
        level = _levels(self.shape, self.days, self.rng, self.columns)
        self.columns += 1
        own = self.rng.standard_normal(ATOMS)
        self.log_weights += np.outer(level, own)
        return own

    def frame(self, columns: dict[str, np.ndarray]) -> pd.DataFrame:
        atoms = pd.DataFrame(columns)
        weights = np.exp(self.log_weights - self.log_weights.max(axis=1, keepdims=True))
        totals = self.rng.poisson(_expected_rows(self.shape, self.days))
        parts = []
        for day, total, weight in zip(self.days, totals, weights, strict=True):
            counts = self.rng.multinomial(total, weight / weight.sum())
            held = np.flatnonzero(counts)
            parts.append(atoms.iloc[held].assign(day=day, weight=counts[held]))
        return pd.concat(parts, ignore_index=True)


def _expected_rows(shape: Shape, days: np.ndarray) -> np.ndarray:
    """Rows of each batch: weekends have fewer where the table is daily."""
    weekend = weekdays_of(days) >= 5
    usual = shape.rows * (np.where(weekend, 0.35 if shape.weekdays else 0.75, 1.0))
    if shape.every != 1:
        usual = np.full(len(days), float(shape.rows))
    grown = 1.0 + 0.2 * (shape.trend > 0) * np.linspace(-0.5, 0.5, len(days))
    return usual * grown


def _levels(shape: Shape, days: np.ndarray, rng: np.random.Generator, column: int) -> np.ndarray:
    """Effect of each day on a value."""
    steps = rng.standard_normal(len(days))
    level = np.empty(len(days))
    level[0] = steps[0]
    keep = shape.persistence
    for i in range(1, len(days)):
        level[i] = keep * level[i - 1] + np.sqrt(1 - keep**2) * steps[i]
    level *= np.sqrt(shape.of_days)
    if shape.weekdays and column % 3 == 0:
        level += np.where(weekdays_of(days) >= 5, 0.8, -0.1)
    if shape.trend and column % 4 == 0:
        level += shape.trend * (days - days[0]) / 56.0
    return level


def _with_bursts(
    rows: pd.DataFrame, shape: Shape, days: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Additional rows of one value on a few days."""
    if not shape.bursts:
        return rows
    burst = days[rng.random(len(days)) < BURST_SHARE]
    parts = [rows]
    for day in burst:
        usual = rows[rows["day"] == day]
        more = usual.sample(len(usual) * 2 // 5, replace=True, random_state=rng)
        parts.append(more.assign(some_values="v3"))
    return pd.concat(parts, ignore_index=True)


def _cut(normal: np.ndarray, shares: list[float]) -> np.ndarray:
    """Categories with the given cumulative shares of standard normal values."""
    names = np.array([f"v{i}" for i in range(len(shares) + 1)], dtype=object)
    return names[np.searchsorted(ndtri(shares), normal)]
