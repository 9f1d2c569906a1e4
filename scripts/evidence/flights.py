"""The flights of the demo, their days dealt out anew inside one season.

Days of one season and weekday are exchanged at random, so that the reference and the month after it
are draws from the same days: whatever is found there is a false alarm.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from scripts.evidence.world import (
    AS_OF,
    CURRENT,
    LABEL_DELAY,
    REFERENCE,
    Table,
    World,
    days_of,
    number_of,
)
from scripts.flights import service, source

CACHE = Path("var/evidence/flights.parquet")
SEASONS = {
    "winter": ("2013-01-07", 13),
    "spring": ("2013-04-01", 13),
    "summer": ("2013-06-17", 13),
    "autumn": ("2013-09-09", 13),
}
"""First Monday and weeks."""
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
TABLE = Table(
    features={**dict.fromkeys(NUMBERS, True), **dict.fromkeys(CATEGORIES, False)},
    predictions={"probability": True, "decision": False},
    special={"wind_direction": (0.0,)},
    max_values={"tail_number": 100},
    segmentations={"origin": 20, "carrier": 4},
)
"""The columns as the demo's configuration has them."""


@cache
def prepared() -> pd.DataFrame:
    """All flights with their scores and labels, made once."""
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
    """What the model says when it is taught with both classes weighed alike: the odds are larger by
    those of a flight that is on time, and the threshold stays where it was."""
    odds = scores.probability / (1.0 - scores.probability) * (1.0 - late.mean()) / late.mean()
    other = service.Scores(odds / (1.0 + odds), scores.threshold)
    decision = np.where(other.decision, "true", "false")
    return {"other_probability": other.probability, "other_decision": decision}


def _texts(values: pd.Series) -> pd.Series:
    if values.dtype == bool:
        return values.map({True: "true", False: "false"})
    return values.astype("string").astype(object).where(values.notna(), None)


def split_world(flights: pd.DataFrame, season: str, seed: int) -> World:
    """A random split of a season's days into a reference and a month; weekdays stay weekdays."""
    first, weeks = SEASONS[season]
    start = (pd.Timestamp(first) - pd.Timestamp(0)).days
    rng = np.random.default_rng([seed, sorted(SEASONS).index(season)])
    wanted = np.concatenate([days_of(REFERENCE), days_of(CURRENT)])
    needed = len(wanted) // 7
    new_day = {}
    for weekday in range(7):
        dealt = rng.permutation(weeks)[:needed]
        for week, old in enumerate(dealt):
            new_day[start + 7 * int(old) + weekday] = int(wanted[7 * week + weekday])
    rows = flights[flights["day"].isin(list(new_day))].copy()
    rows["day"] = rows["day"].map(new_day)
    return world_of(f"{season} {seed}", TABLE, rows)


def world_of(name: str, table: Table, rows: pd.DataFrame) -> World:
    """A world of rows with a day and a label, in which labels come when they are due."""
    rows = rows.sort_values("day", kind="stable", ignore_index=True)
    due = rows["day"] + LABEL_DELAY
    return World(name, table, rows.assign(due=due, known=due, copies=1, version="v1"), AS_OF)


assert (number_of(CURRENT[0]) - number_of(REFERENCE[0])) % 7 == 0
