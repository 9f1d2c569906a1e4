"""The model of the demo: will this flight arrive more than 15 minutes late?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from threadpoolctl import threadpool_limits

VERSION = "january-2013"
LATE_MINUTES = 15
FOLDS = 5
CATEGORIES = ("carrier", "origin", "destination", "manufacturer", "engine_type")
NUMBERS = (
    "aircraft_year",
    "aircraft_seats",
    "distance",
    "weekday",
    "scheduled_hour",
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

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """Predictions of the service: one probability per flight, and the threshold of the decision."""

    probability: Floats
    threshold: float

    @property
    def decision(self) -> npt.NDArray[np.bool_]:
        """True where the decision is `late`."""
        return self.probability >= self.threshold


# One thread: on a busy machine, threads of OpenMP wait for each other, and take ten times as long.
@threadpool_limits.wrap(limits=1, user_api="openmp")
def score(flights: pd.DataFrame) -> Scores:
    """Score every flight with a model that is trained on the arrivals of January.

    January itself is scored out of fold, by entire days: scores of training rows would make the
    reference too optimistic (an AUC of 0.78 instead of 0.68). The threshold is also set on January:
    decisions are `late` as often as flights were late.
    """
    january = in_january(flights["day"])
    answered = flights["arrival_delay"].notna().to_numpy()
    late = is_late(flights["arrival_delay"])
    inputs = encode(flights, january)
    taught = january & answered
    probability = _fit(inputs[taught], late[taught]).predict_proba(inputs)[:, 1]

    rows = np.flatnonzero(january)
    days = flights["day"].to_numpy()[rows]
    for train, test in GroupKFold(FOLDS).split(rows, groups=days):
        seen = rows[train][answered[rows[train]]]
        held_out = rows[test]
        fold = _fit(inputs.iloc[seen], late[seen])
        probability[held_out] = fold.predict_proba(inputs.iloc[held_out])[:, 1]
    threshold = float(np.quantile(probability[taught], 1.0 - late[taught].mean()))
    return Scores(probability=probability, threshold=threshold)


@threadpool_limits.wrap(limits=1, user_api="openmp")
def score_as_challenger(flights: pd.DataFrame) -> Scores:
    """Score every flight from April on with a model that is trained on January and February.

    NaN before April. The threshold is set on March, whose labels are unknown then: the share of
    `late` decisions is that of late flights in the two months.
    """
    month = pd.to_datetime(flights["day"]).dt.month.to_numpy()
    taught = month <= 2
    answered = flights["arrival_delay"].notna().to_numpy()
    late = is_late(flights["arrival_delay"])
    inputs = encode(flights, taught)
    model = _fit(inputs[taught & answered], late[taught & answered])
    probability = np.full(len(flights), np.nan)
    probability[month >= 4] = model.predict_proba(inputs[month >= 4])[:, 1]
    march = model.predict_proba(inputs[month == 3])[:, 1]
    threshold = float(np.quantile(march, 1.0 - late[taught & answered].mean()))
    return Scores(probability=probability, threshold=threshold)


def auc_by_month(flights: pd.DataFrame, probability: Floats) -> pd.DataFrame:
    """Rows, share of late flights, mean score and AUC of the flights that arrived, by month."""
    frame = pd.DataFrame(
        {
            "month": pd.to_datetime(flights["day"]).dt.strftime("%Y-%m"),
            "late": is_late(flights["arrival_delay"]),
            "probability": probability,
        }
    )[flights["arrival_delay"].notna().to_numpy()]
    found = [
        {
            "month": month,
            "flights": len(rows),
            "late": float(rows["late"].mean()),
            "mean_score": float(rows["probability"].mean()),
            "auc": float(roc_auc_score(rows["late"], rows["probability"])),
        }
        for month, rows in frame.groupby("month")
    ]
    return pd.DataFrame(found)


def is_late(delay: pd.Series) -> npt.NDArray[np.bool_]:
    """True where a flight arrived more than 15 minutes late; False where it never arrived."""
    return (delay > LATE_MINUTES).fillna(False).to_numpy(dtype=bool)


def in_january(day: pd.Series) -> npt.NDArray[np.bool_]:
    """True for the rows of the month that the model is fit on."""
    return (pd.to_datetime(day).dt.month == 1).to_numpy(dtype=bool)


def encode(flights: pd.DataFrame, taught: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """Inputs of the model: categories that are not in the training rows are missing."""
    numbers = {name: flights[name].astype("float64") for name in NUMBERS}
    categories = {
        name: pd.Categorical(
            flights[name], categories=sorted(flights.loc[taught, name].dropna().unique())
        )
        for name in CATEGORIES
    }
    return pd.DataFrame({**numbers, **categories}, index=flights.index)


def _fit(inputs: pd.DataFrame, late: npt.NDArray[np.bool_]) -> HistGradientBoostingClassifier:
    # A month is little data with few days: small trees, large leaves.
    model = HistGradientBoostingClassifier(
        categorical_features="from_dtype",
        learning_rate=0.05,
        max_iter=100,
        max_leaf_nodes=10,
        min_samples_leaf=200,
        l2_regularization=5.0,
        random_state=0,
    )
    return model.fit(inputs, late)
