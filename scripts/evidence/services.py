"""Simulated services: shops, turbines, a clinic, cards, a help desk, rides.

Their quiet months contain campaigns of a week, wind that lasts two days, weekends without a doctor,
fraud in one of 300 payments, and outages that many people report.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scripts.evidence.businesses import BUSINESSES, Draw, drawn_month
from scripts.evidence.world import World, day_of

from modelwatch.stats.weekdays import weekdays_of


def demand(days: np.ndarray, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Articles of 30 shops: campaigns of a week, weekends, occasional holidays."""
    shops, articles = 30, 24
    own = np.random.default_rng(11)
    level, dear = own.gamma(3.0, 4.0, (shops, articles)), np.exp(own.normal(1.2, 0.7, articles))
    at, shop, article = (
        axis.ravel()
        for axis in np.meshgrid(
            np.arange(len(days)), np.arange(shops), np.arange(articles), indexing="ij"
        )
    )
    week = (days - days[0] + 3) // 7
    campaign = rng.random((week.max() + 1, articles)) < 0.12
    offered = campaign[week[at], article]
    weekday = weekdays_of(days)
    holiday = rng.random(len(days)) < 0.03
    busy = np.array([0.9, 0.85, 0.9, 1.0, 1.25, 1.5, 0.6])[weekday] * np.where(holiday, 0.3, 1.0)
    busy = busy * np.exp(0.06 * rng.standard_normal(len(days)))
    expected = level[shop, article] * busy[at] * np.where(offered, 2.2, 1.0)
    sold = rng.negative_binomial(4.0, 4.0 / (4.0 + expected)).astype(np.float64)
    stock = rng.negative_binomial(6.0, 6.0 / (6.0 + 2.0 * level[shop, article])).astype(np.float64)
    price = (dear[article] * np.where(offered, 0.8, 1.0)).round(2)
    kinds = np.array(["bakery", "dairy", "fruit", "drinks", "household", "frozen"], dtype=object)
    rows = pd.DataFrame(
        {
            "day": days[at],
            "units_yesterday": sold,
            "stock": stock,
            "price": price,
            "on_offer": np.where(offered, "yes", "no").astype(object),
            "category": kinds[article % len(kinds)],
            "article": np.char.add("A", (1000 + article).astype(str)).astype(object),
            "region": np.array(["north", "south", "east", "west"], dtype=object)[shop % 4],
            "delivery_hour": rng.normal(6.5, 0.8, len(at)).round(2),
        }
    )
    kept = rng.random(len(rows)) < 0.97
    odds = -2.0 + 0.06 * sold - 0.05 * stock + 0.5 * offered
    return rows[kept].reset_index(drop=True), odds[kept]


def turbines(days: np.ndarray, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Half-hourly readings of 20 turbines: persistent wind, correlated readings, outliers."""
    count, steps = 20, 48
    n = len(days) * steps
    wind = _lasting(n, 0.985, rng)
    at = np.repeat(np.arange(len(days)), steps * count)
    step = np.repeat(np.arange(n), count)
    unit = np.tile(np.arange(count), n)
    own = np.random.default_rng(12).standard_normal(count)
    noise = np.stack([_lasting(n, 0.9, rng) for _ in range(count)], axis=1).ravel()
    speed = np.maximum(7.0 + 2.5 * wind[step] + 0.8 * noise + 0.3 * own[unit], 0.0)
    power = np.clip((speed / 12.0) ** 3, 0.0, 1.0) * 2000.0 + 15.0 * rng.standard_t(2.5, len(step))
    stopped = np.repeat(rng.random((len(days), count)) < 0.02, steps, axis=0).reshape(
        len(days), steps, count
    )
    rows = pd.DataFrame(
        {
            "day": days[at],
            "wind_speed": speed.round(2),
            "power_kw": power.round(1),
            "rotor_speed": np.minimum(speed * 1.4, 16.0) + 0.2 * rng.standard_normal(len(step)),
            "gear_temperature": 55.0
            + 0.01 * power
            + 4.0 * own[unit]
            + 2.0 * rng.standard_t(4.0, n * count),
            "vibration": np.abs(rng.standard_t(1.8, len(step))) * (1.0 + 0.1 * own[unit] ** 2),
            "pitch": np.where(speed > 11.0, 2.0 * (speed - 11.0), 0.0).round(1),
            "status": np.array(["ok", "ok", "ok", "warning"], dtype=object)[
                np.where(rng.random(len(step)) < 0.02, 3, 0)
            ],
            "park": np.array(["alpha", "beta", "gamma"], dtype=object)[unit % 3],
        }
    )
    odds = -3.2 + 0.35 * np.log(rows["vibration"].to_numpy() + 0.1) + 0.02 * (speed - 7.0) ** 2
    kept = ~stopped.ravel()
    return rows[kept].reset_index(drop=True), odds[kept]


def clinic(days: np.ndarray, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Visits of a clinic, 60 a day, few on weekends: many codes, missing measurements."""
    weekday = weekdays_of(days)
    count = rng.poisson(
        np.where(weekday >= 5, 12.0, 60.0) * np.exp(0.1 * rng.standard_normal(len(days)))
    )
    at = np.repeat(np.arange(len(days)), count)
    n = len(at)
    age = np.clip(rng.normal(52.0, 21.0, n), 0, 99).round()
    code = rng.zipf(1.25, n) % 400
    flu = _lasting(len(days), 0.9, rng)[at]
    fever = rng.random(n) < 0.08 * np.exp(0.3 * flu)
    taken = rng.random(n) < 0.55
    rows = pd.DataFrame(
        {
            "day": days[at],
            "age": age,
            "diagnosis": np.where(
                fever, "J11.1", np.char.add("D", np.char.zfill(code.astype(str), 3))
            ).astype(object),
            "doctor": np.char.add(
                "dr", (rng.integers(0, 9, n) + 9 * (weekday[at] >= 5)).astype(str)
            ).astype(object),
            "payer": np.array(["public", "private", "self", "unknown"], dtype=object)[
                rng.choice(4, n, p=[0.72, 0.2, 0.07, 0.01])
            ],
            "urgency": rng.choice([1, 2, 3, 4, 5], n, p=[0.02, 0.1, 0.4, 0.38, 0.1]),
            "crp": np.where(taken, np.exp(rng.normal(1.2 + fever, 1.1, n)).round(1), np.nan),
            "heart_rate": rng.normal(78.0 + 8.0 * fever, 12.0, n).round(),
            "waiting_minutes": rng.gamma(2.0, 12.0 + 3.0 * (weekday[at] == 0), n).round(),
            "earlier_visits": rng.negative_binomial(1.0, 0.3, n),
        }
    )
    return rows, -3.4 + 0.02 * age + 0.6 * fever + 0.12 * rows["earlier_visits"].to_numpy()


_TRADES = "grocery fuel dining clothing online travel pharmacy games atm hotel jewelry casino"


def cards(days: np.ndarray, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Payments by card: heavy tails, paydays, and fraud in three of a thousand."""
    weekday, month_day = weekdays_of(days), np.array([day_of(n).day for n in days])
    usual = 2200.0 * np.where(weekday == 6, 0.7, 1.0) * np.where(month_day <= 3, 1.2, 1.0)
    count = rng.poisson(usual * np.exp(0.04 * rng.standard_normal(len(days))))
    at = np.repeat(np.arange(len(days)), count)
    n = len(at)
    trade = rng.choice(12, n, p=np.array([20, 16, 12, 11, 10, 8, 7, 6, 4, 3, 2, 1]) / 100.0)
    names = np.array(_TRADES.split(), dtype=object)
    dear = np.random.default_rng(13).normal(3.2, 0.8, 12)
    rich = 0.1 * np.where(month_day <= 3, 1.0, 0.0)
    amount = np.exp(dear[trade] + rich[at] + 1.1 * rng.standard_normal(n)).round(2)
    abroad = rng.random(n) < 0.06
    hour = np.clip(rng.normal(14.5, 4.5, n), 0, 23.99)
    rows = pd.DataFrame(
        {
            "day": days[at],
            "amount": amount,
            "merchant_category": names[trade],
            "country": np.where(
                abroad,
                np.array(["FR", "ES", "US", "PL", "TR"], dtype=object)[rng.integers(0, 5, n)],
                "DE",
            ).astype(object),
            "hour": np.floor(hour),
            "card_age_days": np.floor(rng.gamma(1.6, 500.0, n)),
            "channel": np.array(["chip", "contactless", "web", "phone"], dtype=object)[
                rng.choice(4, n, p=[0.3, 0.45, 0.24, 0.01])
            ],
            "distance_km": np.where(
                rng.random(n) < 0.1, np.nan, (rng.pareto(1.3, n) * 3.0).round(1)
            ),
            "payments_last_day": rng.poisson(1.4, n),
        }
    )
    odds = (
        -7.6
        + 1.6 * abroad
        + 0.5 * np.log(amount) / 2.0
        + 0.25 * rows["payments_last_day"].to_numpy()
    )
    return rows, odds


def tickets(days: np.ndarray, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Requests to a help desk: outages with many requests on one topic, languages by office day."""
    weekday = weekdays_of(days)
    usual = np.where(weekday >= 5, 70.0, 230.0) * np.exp(0.12 * rng.standard_normal(len(days)))
    outage = rng.random(len(days)) < 0.06
    count, more = rng.poisson(usual), rng.poisson(np.where(outage, 0.5 * usual, 0.0))
    at = np.concatenate([np.repeat(np.arange(len(days)), c) for c in (count, more)])
    n = len(at)
    topics = np.array(
        ["login", "invoice", "delivery", "refund", "outage", "feature request", "security"],
        dtype=object,
    )
    topic = topics[rng.choice(7, n, p=[0.27, 0.2, 0.2, 0.15, 0.05, 0.1, 0.03])]
    topic[len(topic) - more.sum() :] = "outage"
    words = np.floor(np.exp(rng.normal(3.6, 0.8, n)))
    rows = pd.DataFrame(
        {
            "day": days[at],
            "topic": topic,
            "language": np.array(["english", "german", "french", "japanese"], dtype=object)[
                rng.choice(4, n, p=[0.55, 0.25, 0.15, 0.05])
            ],
            "plan": np.array(["free", "team", "enterprise"], dtype=object)[
                rng.choice(3, n, p=[0.5, 0.35, 0.15])
            ],
            "words": words,
            "attachments": rng.poisson(0.4, n),
            "sentiment": np.tanh(rng.normal(-0.1, 0.6, n) - 0.3 * (topic == "outage")).round(3),
            "account_age_months": np.floor(rng.exponential(20.0, n)),
            "seats": np.where(
                rng.random(n) < 0.2, np.nan, np.ceil(np.exp(rng.normal(2.0, 1.3, n)))
            ),
        }
    )
    return rows, -2.2 + 0.2 * np.log(words) - 0.8 * rows["sentiment"].to_numpy()


def rides(days: np.ndarray, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Rides in a town: rain that lasts two days, nights of the weekend, zones, events."""
    weekday = weekdays_of(days)
    rain = np.maximum(_lasting(len(days), 0.5, rng), 0.0)
    event = rng.random(len(days)) < 0.08
    usual = (
        700.0 * np.where(weekday >= 4, 1.25, 1.0) * (1.0 + 0.12 * rain) * np.where(event, 1.1, 1.0)
    )
    at = np.repeat(np.arange(len(days)), rng.poisson(usual))
    n = len(at)
    zone = np.where(
        event[at] & (rng.random(n) < 0.08), 7, np.floor(rng.beta(0.8, 2.5, n) * 40.0)
    ).astype(int)
    distance = np.exp(rng.normal(1.1, 0.7, n)).round(2)
    surge = np.maximum(1.0, 1.0 + 0.15 * rain[at] + 0.2 * rng.standard_normal(n)).round(1)
    rows = pd.DataFrame(
        {
            "day": days[at],
            "pickup_zone": np.char.add("zone ", zone.astype(str)).astype(object),
            "distance_km": distance,
            "fare": (3.0 + 1.9 * distance * surge).round(2),
            "surge": surge,
            "waiting_seconds": rng.gamma(3.0, 80.0 * (1.0 + 0.1 * rain[at])).round(),
            "rating": np.where(
                rng.random(n) < 0.35, np.nan, np.clip(5 - rng.poisson(0.3, n), 1, 5)
            ),
            "vehicle": np.array(["standard", "comfort", "van"], dtype=object)[
                rng.choice(3, n, p=[0.75, 0.18, 0.07])
            ],
            "payment": np.array(["card", "cash", "wallet"], dtype=object)[
                rng.choice(3, n, p=[0.6, 0.12, 0.28])
            ],
        }
    )
    return rows, -2.6 + 0.004 * rows["waiting_seconds"].to_numpy() + 0.8 * (surge - 1.0)


def _lasting(n: int, keep: float, rng: np.random.Generator) -> np.ndarray:
    """A standard normal series whose neighbors have a correlation of ``keep``."""
    steps = rng.standard_normal(n)
    found = np.empty(n)
    found[0] = steps[0]
    for i in range(1, n):
        found[i] = keep * found[i - 1] + np.sqrt(1.0 - keep**2) * steps[i]
    return found


SERVICES: Mapping[str, tuple[str, Draw]] = {
    "demand": ("articles of shops with campaigns", demand),
    "turbines": ("readings of turbines with lasting wind", turbines),
    "clinic": ("visits of a clinic with many codes", clinic),
    "cards": ("payments by card with rare fraud", cards),
    "tickets": ("requests to a help desk with outages", tickets),
    "rides": ("rides of a town with rain and events", rides),
}
"""Titles by key."""
_DECIDED = {"cards": 0.01}
"""Share of the rows with a positive decision, if it is not 0.1."""
_ANSWERED = {"cards": 0.97, "tickets": 0.9}
"""Share of the rows whose label arrives, if it is not 1."""


def service_month(key: str, seed: int) -> World:
    """A quiet month of a service."""
    number = len(BUSINESSES) + list(SERVICES).index(key)
    draw = SERVICES[key][1]
    return drawn_month(key, draw, number, seed, _DECIDED.get(key, 0.1), _ANSWERED.get(key, 1.0))
