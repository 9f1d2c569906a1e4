"""The flights of the demo with labels, and the scores of two models."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from scripts.flights import service, source

CACHE = Path("var/evidence/flights.parquet")
NUMBERS = (
    "aircraft_year",
    "aircraft_seats",
    "distance",
    "temperature",
    "dew_point",
    "humidity",
    "wind_direction",
    "wind_speed",
    "wind_gust",
    "precipitation",
    "pressure",
    "visibility",
)
CATEGORIES = (
    "carrier",
    "origin",
    "destination",
    "tail_number",
    "manufacturer",
    "engine_type",
    "aircraft_engines",
    "scheduled_hour",
    "arrives_next_day",
)


CANCELED_SHARE = 0.05
"""Share of canceled flights from which a day counts as a documented event."""
REPORTS = 70
"""Number of complete hourly weather reports, of 72, below which a day counts as an event."""
RAIN, VISIBILITY = 0.5, 6.0
"""Inches of rain per day at one airport from which, and mean visibility in miles below which, a day
counts as an event."""


@cache
def documented_events() -> frozenset[int]:
    """Days of storms, cancellations, or missing weather reports, as numbers since 1970-01-01.

    They come from the tables of the package only, and do not depend on results of a monitor.
    """
    folder = source.folder()
    flown = pd.read_csv(folder / "flights.csv.zip", usecols=["year", "month", "day", "dep_time"])
    canceled = flown["dep_time"].isna().groupby(_day_of(flown)).mean()
    weather = pd.read_csv(folder / "weather.csv")
    day = _day_of(weather)
    whole = weather[["wind_speed", "humid"]].notna().all(axis=1).groupby(day).sum()
    rain = weather["precip"].groupby([weather["origin"], day]).sum().groupby(level=1).max()
    visibility = weather["visib"].groupby(day).mean()
    known = canceled.index
    event = (
        (canceled >= CANCELED_SHARE)
        | (whole.reindex(known, fill_value=0) < REPORTS)
        | (rain.reindex(known, fill_value=0.0) >= RAIN)
        | (visibility.reindex(known, fill_value=0.0) < VISIBILITY)
    )
    return frozenset(int(n) for n in known[event])


def _day_of(rows: pd.DataFrame) -> pd.Series:
    return (pd.to_datetime(rows[["year", "month", "day"]]) - pd.Timestamp(0)).dt.days


@cache
def prepared() -> pd.DataFrame:
    """All flights with their scores and labels; computed once and cached."""
    if CACHE.is_file():
        return pd.read_parquet(CACHE)
    flights = source.flights(source.folder())
    scores = service.score(flights)
    late = service.is_late(flights["arrival_delay"])
    answered = flights["arrival_delay"].notna().to_numpy()
    rows = pd.DataFrame(
        {
            "flight_id": flights["flight_id"],
            "day": (pd.to_datetime(flights["day"]) - pd.Timestamp(0)).dt.days,
            **{name: flights[name].astype("float64") for name in NUMBERS},
            **{name: _texts(flights[name]) for name in CATEGORIES},
            "probability": scores.probability,
            "decision": np.where(scores.decision, "true", "false"),
            "late": np.where(answered, late.astype(np.float64), np.nan),
            **_other_model(scores, late[service.in_january(flights["day"]) & answered]),
        }
    )
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    rows.to_parquet(CACHE)
    return rows


def _other_model(scores: service.Scores, late: np.ndarray) -> dict[str, np.ndarray]:
    """Scores of the model if it is trained with balanced class weights: the odds are multiplied by
    the odds of an on-time flight, and the decision threshold does not change."""
    odds = scores.probability / (1.0 - scores.probability) * (1.0 - late.mean()) / late.mean()
    other = service.Scores(odds / (1.0 + odds), scores.threshold)
    decision = np.where(other.decision, "true", "false")
    return {"other_probability": other.probability, "other_decision": decision}


def _texts(values: pd.Series) -> pd.Series:
    if values.dtype == bool:
        return values.map({True: "true", False: "false"})
    return values.astype("string").astype(object).where(values.notna(), None)
