"""Simulated businesses with tables of other shapes.

Their quiet months contain days of the week, weather, campaigns, devices that stop sending, and
growing volume.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from scipy.special import expit
from scripts.evidence.world import Table, World, month_after, world_of

from modelwatch.stats.weekdays import weekdays_of

REFERENCE_DAYS = 28
Draw = Callable[[np.ndarray, np.random.Generator], tuple[pd.DataFrame, np.ndarray]]
"""Features of the rows of the days, with their ``day``, and the log odds of their labels."""


def energy(days: np.ndarray, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Hourly readings of 60 meters: a daily pattern, persistent weather, and days off."""
    weather = np.empty(len(days))
    weather[0] = rng.standard_normal()
    for i in range(1, len(days)):
        weather[i] = 0.7 * weather[i - 1] + 0.71 * rng.standard_normal()
    free = (weekdays_of(days) >= 5) | (rng.random(len(days)) < 0.03)
    meters, hours = 60, 24
    size = np.exp(0.8 * np.random.default_rng(1).standard_normal(meters))
    at = np.repeat(np.arange(len(days)), meters * hours)
    meter = np.tile(np.repeat(np.arange(meters), hours), len(days))
    hour = np.tile(np.arange(hours), len(days) * meters)
    temperature = 8.0 + 4.0 * weather[at] + 4.0 * np.sin((hour - 9) / 24.0 * 2 * np.pi)
    used = size[meter] * (1.5 + np.sin((hour - 7) / 24.0 * 2 * np.pi) - 0.4 * free[at])
    used = np.maximum(used * np.exp(0.3 * rng.standard_normal(len(at))) - 0.01 * temperature, 0.0)
    rows = pd.DataFrame(
        {
            "day": days[at],
            "used_kwh": used.round(3),
            "temperature": temperature.round(1),
            "hour": hour.astype(np.float64),
            "tariff": np.array(["flat", "night", "business"], dtype=object)[meter % 3],
            "meter": np.char.add("m", meter.astype(str)).astype(object),
            "voltage": 230.0 + 2.0 * rng.standard_normal(len(at)),
            "is_free_day": np.where(free[at], "yes", "no").astype(object),
        }
    )
    return rows, -2.0 + 0.7 * np.log(used + 0.1) - 0.05 * temperature


def catalogue(days: np.ndarray, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Orders of a shop: a growing volume, campaigns, orders of several rows, new articles."""
    growth = 400.0 * 1.01 ** np.arange(len(days))
    campaign = rng.random(len(days)) < 0.1
    orders = rng.poisson(growth * np.where(weekdays_of(days) >= 5, 1.3, 1.0) / 2.5)
    lines = rng.geometric(0.4, orders.sum())
    order = np.repeat(np.arange(len(lines)), lines)
    at = np.repeat(np.arange(len(days)), orders)[order]
    article = np.floor(rng.pareto(1.1, len(at)) * 20).astype(int)
    # Each week adds a few articles, which few people buy at first.
    newest = (days[at] - days[0]) // 7
    article = np.where(rng.random(len(at)) < 0.003, 100_000 + newest, np.minimum(article, 5000))
    price = np.exp(1.0 + 0.9 * rng.standard_normal(len(at))).round(2)
    discount = np.where(rng.random(len(at)) < np.where(campaign[at], 0.25, 0.1), 0.2, 0.0)
    member = rng.random(len(lines)) < 0.4
    rows = pd.DataFrame(
        {
            "day": days[at],
            "article": np.char.add("a", article.astype(str)).astype(object),
            "price": price,
            "discount": discount,
            "quantity": rng.geometric(0.7, len(at)).astype(np.float64),
            "member": np.where(member[order], "yes", "no").astype(object),
            "days_since_visit": np.where(
                member[order], rng.exponential(20.0, len(lines))[order].round(), np.nan
            ),
            "channel": np.array(["web", "app", "store"], dtype=object)[
                rng.choice(3, len(lines), p=[0.5, 0.45, 0.05])[order]
            ],
        }
    )
    return rows, -2.2 + 2.0 * discount + 0.3 * np.log(price)


def insurance(days: np.ndarray, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Contracts of an insurer: integer codes, round numbers, and claims in 1% of the contracts."""
    weekend = weekdays_of(days) >= 5
    count = rng.poisson(np.where(weekend, 150.0, 500.0))
    at = np.repeat(np.arange(len(days)), count)
    n = len(at)
    power = rng.integers(4, 16, n)
    mileage = np.where(
        rng.random(n) < 0.5,
        rng.choice([5000, 10_000, 12_000, 15_000, 20_000], n),
        rng.gamma(4.0, 3000.0, n).round(),
    )
    rows = pd.DataFrame(
        {
            "day": days[at],
            "region_code": rng.zipf(1.4, n).clip(1, 96),
            "vehicle_class": rng.integers(1, 9, n),
            "power": power,
            "vehicle_age": rng.poisson(7.0, n),
            "mileage": mileage.astype(np.int64),
            "bonus": np.where(rng.random(n) < 0.55, 50, 50 + rng.poisson(12.0, n)),
            "sum_insured": np.exp(9.0 + 1.2 * rng.standard_normal(n)).round(-2),
            "broker": np.char.add("b", rng.zipf(1.6, n).clip(1, 300).astype(str)).astype(object),
        }
    )
    return rows, -5.6 + 0.08 * power + 0.00003 * mileage


def machines(days: np.ndarray, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Messages of 40 machines: heavy tails, machines that stop sending, sensors that drop out."""
    machine_count, messages = 40, 20
    silent = rng.random((len(days), machine_count)) < 0.03
    day, machine = np.nonzero(~silent)
    at, unit = np.repeat(day, messages), np.repeat(machine, messages)
    n = len(at)
    own = np.random.default_rng(2).standard_normal(machine_count)
    load = np.repeat(0.5 * rng.standard_normal(len(day)), messages)
    vibration = np.abs(rng.standard_t(2.0, n)) * np.exp(0.3 * own[unit])
    dropped = np.repeat(rng.random(len(day)) < 0.02, messages)
    rows = pd.DataFrame(
        {
            "day": days[at],
            "vibration": vibration,
            "pressure": np.where(dropped, np.nan, 5.0 + 0.3 * own[unit] + 0.2 * load),
            "current": rng.standard_t(3.0, n) + load,
            "oil_temperature": 60.0 + 5.0 * own[unit] + 3.0 * load + rng.standard_normal(n),
            "battery": 100.0 - (7.0 * unit + days[at]) % 50 - rng.random(n),
            "state": np.array(["run", "idle", "stop"], dtype=object)[
                rng.choice(3, n, p=[0.9, 0.09, 0.01])
            ],
            "firmware": np.array(["1.4", "1.5", "2.0"], dtype=object)[unit % 3],
        }
    )
    return rows, -3.0 + 0.5 * np.log(vibration + 0.1) + 0.5 * load


BUSINESSES: Mapping[str, tuple[str, Draw]] = {
    "energy": ("hourly readings of meters", energy),
    "catalogue": ("orders of a growing shop", catalogue),
    "insurance": ("contracts with integer codes and rare claims", insurance),
    "machines": ("messages of machines that drop out", machines),
}
"""Titles by key."""


def business_month(key: str, seed: int) -> World:
    """A quiet month of a business."""
    return drawn_month(key, BUSINESSES[key][1], list(BUSINESSES).index(key), seed)


def drawn_month(
    key: str, draw: Draw, number: int, seed: int, decided: float = 0.1, answered: float = 1.0
) -> World:
    """A month of random rows. ``number`` is part of the seed. ``decided``: share of the rows with a
    positive decision. ``answered``: share of the rows whose label arrives.
    """
    rng = np.random.default_rng([seed, 20261130, number])
    period = month_after(REFERENCE_DAYS)
    days = np.arange(period.reference[0], period.current[1] + 1)
    rows, odds = draw(days, rng)
    features = tuple(name for name in rows if name != "day")
    score = expit(odds)
    threshold = float(np.quantile(score, 1.0 - decided))
    other = expit(0.6 * odds - 0.5)
    rows = rows.assign(
        probability=score,
        decision=np.where(score > threshold, "true", "false").astype(object),
        late=(rng.random(len(rows)) < score).astype(np.float64),
        other_probability=other,
        other_decision=np.where(
            other > float(np.quantile(other, 1.0 - 2.0 * decided)), "true", "false"
        ),
    )
    rows["other_decision"] = rows["other_decision"].astype(object)
    if answered < 1.0:
        rows["late"] = rows["late"].where(rng.random(len(rows)) < answered)
    return world_of(f"{key} {seed}", Table(features), rows, period)
