"""Monitors over tables in memory, and the states that they keep, as the Spark tests see them."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwatch.io.delta.file_days import DayVolume
from modelwatch.model.config.configuration import DaySource, MonitorConfig, parse_config
from modelwatch.model.profile.features import features_of
from modelwatch.pipelines.config.validation import schemas_of
from modelwatch.pipelines.sources.frames import Sources
from modelwatch.pipelines.states.day_states import StatesOf, day_states
from modelwatch.spark.states.scored_rows import SCORED_ROLES
from modelwatch.stats.states.batch import PAIRS, ROW_FEATURE
from modelwatch.stats.states.binning import Binning
from modelwatch.stats.states.state import State, StateKey
from naive_states import Row as NaiveRow

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row

EPOCH = date(1970, 1, 1)
ONE_TABLE: dict[str, Any] = {
    "monitor": "shop",
    "output": {"path": "output"},
    "inputs": {"table": {"path": "inputs"}, "day": {"column": "day"}},
    "references": [{"name": "start", "days": "2013-02-01..2013-02-02"}],
    "windows": ["day"],
}
TWO_TABLES: dict[str, Any] = {
    **ONE_TABLE,
    "inputs": {"table": {"path": "inputs"}, "id": "id", "day": {"column": "day"}},
    "predictions": {
        "table": {"path": "predictions"},
        "id": "id",
        "day": {"column": "day"},
        "score": "score",
        "model_version": {"column": "model"},
    },
}


def monitor(of: Mapping[str, Any] = ONE_TABLE, **sections: Any) -> MonitorConfig:
    """A configuration: one of the two above, with sections replaced."""
    return parse_config(json.dumps({**of, **sections}))


@dataclass(frozen=True)
class InMemory:
    """A source table that is a frame."""

    rows: DataFrame
    day: DaySource | None

    def frame(self) -> DataFrame:
        return self.rows

    def stored(self) -> DataFrame:
        return self.rows

    def volume(self, days: Collection[date]) -> DayVolume:
        return DayVolume(1, 1, None)


def sources_of(config: MonitorConfig, **frames: DataFrame) -> Sources:
    """Frames by role; a reference's role is given by its name alone."""
    opened: dict[str, Any] = {"inputs": InMemory(frames.pop("inputs"), config.inputs.day)}
    if "predictions" in frames:
        assert config.predictions is not None
        opened["predictions"] = InMemory(frames.pop("predictions"), config.predictions.day)
    days = {reference.name: reference.day for reference in config.references}
    opened |= {f"reference:{name}": InMemory(rows, days[name]) for name, rows in frames.items()}
    return Sources(config, opened)


def states_of(
    config: MonitorConfig, sources: Sources, bins: Mapping[tuple[str, str], Binning]
) -> StatesOf:
    """What a run keeps of these tables, under given bins."""
    features, _ = features_of(config, schemas_of(sources.frames))
    return StatesOf(config, features, bins)


def kept_states(
    states: StatesOf, sources: Sources, days: Collection[date]
) -> dict[StateKey, State]:
    """The states of some days as they are stored."""
    return stored_states(day_states(states, sources, days).collect())


def stored_states(rows: Iterable[Row]) -> dict[StateKey, State]:
    """Rows of feature_states by the key of a tally; no key comes twice."""
    found: dict[StateKey, State] = {}
    for row in rows:
        feature = {"pairs": PAIRS, "rows": ROW_FEATURE}.get(row.kind, row.feature)
        key = (
            day_number(row.day),
            row.model_version,
            SCORED_ROLES.index(row.role),
            row.segmentation,
            row.segment,
            feature,
        )
        assert key not in found
        found[key] = State(
            counts=whole_vector(row),
            sums=None if row.sums is None else np.array(row.sums, dtype=np.int64),
            minimum=_or_nan(row.minimum),
            maximum=_or_nan(row.maximum),
            sketch=None
            if row.distinct_sketch is None
            else np.frombuffer(bytes(row.distinct_sketch), dtype="<u8"),
            unseen=None if row.unseen is None else {e.value: e.row_count for e in row.unseen},
            lengths=None
            if row.length_sum is None
            else (row.length_sum, _or_nan(row.length_min), _or_nan(row.length_max)),
        )
    return found


def whole_vector(row: Row | Mapping[str, Any]) -> np.ndarray:
    """The counts of a row of feature_states, zeros included."""
    vector = np.zeros(row["counts_length"], dtype=np.int64)
    at = range(len(vector)) if row["positions"] is None else row["positions"]
    for position, rows in zip(at, row["counts"], strict=True):
        vector[position] = rows
    return vector


def rows_of_states(found: Mapping[StateKey, State]) -> dict[StateKey, int]:
    """How many rows each state is of."""
    return {key: int(state.counts.sum()) for key, state in found.items()}


def account(found: Mapping[StateKey, State], day: date, version: str = "(none)") -> dict[str, int]:
    """The account of the rows of a day."""
    counts = found[day_number(day), version, 0, "all", "all", ROW_FEATURE].counts
    names = ("rows", "inputs", "predictions", "both", "repeated inputs", "repeated predictions")
    return dict(zip(names, counts.tolist(), strict=True))


def day_number(day: date) -> int:
    """Days since 1970."""
    return (day - EPOCH) // timedelta(days=1)


def as_naive(day: date, *values: Any, **more: Any) -> NaiveRow:
    """A row of the naive states."""
    return NaiveRow(**{"values": values, "day": day_number(day), "version": "(none)", **more})


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else float(value)
