"""Twelve ways in which the flights, their labels or their model break.

Scores stay as they were, except where the fault is of the model: the model is not asked again.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scripts.evidence.fault import FAULTS, fault
from scripts.evidence.world import LABEL_DELAY

__all__ = ["FAULTS"]

SENTINEL = -999.0
FACTOR = 1.8
NEW_CARRIER = "ZZ"
RAMP_DAYS = 14
EXTRA_DELAY = 10


def _some(rows: pd.DataFrame, share: float, rng: np.random.Generator) -> np.ndarray:
    return rng.random(len(rows)) < share


@fault(
    "nulls",
    "nulls in a column",
    targets=("temperature", "carrier", "distance", "destination"),
    sizes={0.05: True, 0.2: True, 0.5: True, 1.0: True},
    kinds={"nulls"},
)
def _nulls(rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator) -> pd.DataFrame:
    empty = np.nan if rows[target].dtype == np.float64 else None
    return rows.assign(**{target: rows[target].mask(_some(rows, size, rng), empty)})


@fault(
    "sentinel",
    "-999 in a numeric column",
    targets=("temperature", "distance", "aircraft_seats", "wind_speed"),
    sizes={0.01: False, 0.05: True, 0.2: True, 1.0: True},
    kinds={"sentinel"},
)
def _sentinel(
    rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator
) -> pd.DataFrame:
    return rows.assign(**{target: rows[target].mask(_some(rows, size, rng), SENTINEL)})


@fault(
    "scale",
    "another unit: times 1.8",
    targets=("distance", "temperature", "aircraft_seats", "humidity"),
    sizes={0.1: False, 0.33: True, 1.0: True},
    kinds={"scale_change"},
)
def _scale(rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator) -> pd.DataFrame:
    larger = rows[target] * FACTOR
    return rows.assign(**{target: rows[target].mask(_some(rows, size, rng), larger)})


@fault(
    "swap",
    "two columns exchanged",
    targets=(
        "temperature+humidity",
        "distance+aircraft_seats",
        "dew_point+wind_speed",
        "humidity+visibility",
    ),
    sizes={0.2: False, 0.5: True, 1.0: True},
    kinds={"swapped_columns"},
    subjects=lambda target: frozenset(target.split("+")),
)
def _swap(rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator) -> pd.DataFrame:
    first, second = target.split("+")
    hit = _some(rows, size, rng)
    return rows.assign(
        **{
            first: rows[first].mask(hit, rows[second]),
            second: rows[second].mask(hit, rows[first]),
        }
    )


@fault(
    "constant",
    "a column that stands still",
    targets=("distance", "temperature", "carrier", "scheduled_hour"),
    sizes={0.3: False, 0.6: True, 1.0: True},
    kinds={"constant"},
)
def _constant(
    rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator
) -> pd.DataFrame:
    held = rows[target].dropna()
    last = held.iloc[0] if len(held) else None
    return rows.assign(**{target: rows[target].mask(_some(rows, size, rng), last)})


@fault(
    "carrier",
    "a carrier that was never seen",
    targets=("carrier",),
    sizes={0.01: False, 0.05: True, 0.2: True},
    kinds={"unseen_categories"},
)
def _carrier(
    rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator
) -> pd.DataFrame:
    return rows.assign(**{target: rows[target].mask(_some(rows, size, rng), NEW_CARRIER)})


@fault(
    "airport",
    "flights of one airport missing",
    targets=("EWR", "JFK", "LGA"),
    sizes={0.3: False, 0.6: True, 1.0: True},
    kinds={"missing_rows"},
    subjects=lambda _: frozenset({"origin", "rows", "inputs", "predictions"}),
)
def _airport(
    rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator
) -> pd.DataFrame:
    gone = (rows["origin"] == target).to_numpy() & _some(rows, size, rng)
    return rows[~gone]


@fault(
    "duplicates",
    "rows delivered twice",
    targets=("inputs",),
    sizes={0.005: False, 0.1: True, 1.0: True},
    kinds={"duplicated_rows"},
    subjects=lambda _: frozenset({"rows", "inputs", "predictions"}),
)
def _duplicates(
    rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator
) -> pd.DataFrame:
    return rows.assign(copies=np.where(_some(rows, size, rng), 2, rows["copies"]))


@fault(
    "flips",
    "labels of one airport turned round",
    targets=("EWR", "JFK", "LGA"),
    sizes={0.05: False, 0.2: True, 0.5: True},
    kinds={"concept_shift", "label_rate_shift"},
    subjects=lambda _: frozenset({"accuracy", "roc_auc", "late"}),
    windows="week",
)
def _flips(rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator) -> pd.DataFrame:
    hit = (rows["origin"] == target).to_numpy() & _some(rows, size, rng)
    return rows.assign(late=rows["late"].mask(hit, 1.0 - rows["late"]))


@fault(
    "ramp",
    f"temperature that creeps up over {RAMP_DAYS} days",
    targets=("temperature",),
    sizes={10.0: False, 20.0: True, 40.0: True},
    unit="°F",
    kinds={"population_shift", "scale_change"},
    windows="week",
)
def _ramp(rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator) -> pd.DataFrame:
    elapsed = rows["day"] - rows["day"].min() + 1
    return rows.assign(**{target: rows[target] + size * (elapsed / RAMP_DAYS).clip(upper=1.0)})


@fault(
    "late_labels",
    f"labels that come {EXTRA_DELAY} days late",
    targets=("labels",),
    sizes={0.05: False, 0.3: True, 1.0: True},
    kinds={"label_delay"},
    subjects=lambda _: frozenset({"coverage", "labels", "late"}),
    look=LABEL_DELAY + 2,
)
def _late_labels(
    rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator
) -> pd.DataFrame:
    hit = _some(rows, size, rng)
    return rows.assign(known=np.where(hit, rows["known"] + EXTRA_DELAY, rows["known"]))


@fault(
    "model",
    "another model behind the same version",
    targets=("probability",),
    sizes={0.2: False, 0.5: True, 1.0: True},
    kinds={"model_change"},
    subjects=lambda _: frozenset({"probability", "decision", "accuracy", "roc_auc"}),
    windows="week",
)
def _model(rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator) -> pd.DataFrame:
    hit = _some(rows, size, rng)
    return rows.assign(
        **{
            name: rows[name].mask(hit, rows[f"other_{name}"])
            for name in ("probability", "decision")
        }
    )
