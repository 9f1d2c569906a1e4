"""Facts about some predictions joined with their labels, computed by one Python task."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from modelwatch.model.onboarding.column_names import is_decision_name, is_score_name
from modelwatch.model.onboarding.table_facts import DateLag, JoinedFacts, Value
from modelwatch.spark.onboarding.sample_facts import MOST_VALUES
from modelwatch.spark.python_tasks import in_python

LABEL = "label"
"""The label in the joined rows. Other columns are ``role:name``; dates are days since that of the
prediction, with the prefix ``date-`` before the role of the table."""
_FEWEST_ROWS = 50
"""Minimum number of rows for a statement about a column that appears to contain the label."""
_CATEGORIES, _NUMBERS = 10, 40
_FACTS = pa.schema([("facts", pa.string())])
T = TypeVar("T")


def joined_facts(rows: DataFrame) -> JoinedFacts:
    """Facts about joined rows. One task holds all of them, so they must be few."""
    found = in_python(rows.coalesce(1), facts_of_batches, _FACTS).collect()
    return read_facts(json.loads(found[0]["facts"])) if found else JoinedFacts()


def facts_of_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The facts about the rows of a task as JSON, in one row."""
    held = list(batches)
    if held:
        facts = json.dumps(facts_of_rows(pa.Table.from_batches(held)))
        yield pa.RecordBatch.from_arrays([pa.array([facts])], schema=_FACTS)


def read_facts(facts: Mapping[str, Any]) -> JoinedFacts:
    """The facts from the JSON that a task returned."""
    return JoinedFacts(
        rows=facts["rows"],
        lags={name: DateLag(**lag) for role, name, lag in facts["dates"] if role == "labels"},
        dates={
            (role, name): DateLag(**lag) for role, name, lag in facts["dates"] if role != "labels"
        },
        copies=frozenset((role, name) for role, name in facts["copies"]),
        means={name: _by_value(pairs) for name, pairs in facts["means"]},
        decided={(score, name): _by_value(pairs) for score, name, pairs in facts["decided"]},
        splits=frozenset((score, name) for score, name in facts["splits"]),
    )


def _by_value(pairs: Sequence[Sequence[Any]]) -> dict[Value, float]:
    return {value: float(mean) for value, mean in pairs}


def facts_of_rows(table: pa.Table) -> dict[str, Any]:
    """Facts about the joined rows of an Arrow table, as plain values for JSON."""
    if LABEL in table.column_names:
        table = table.filter(pc.is_valid(table.column(LABEL)))
    facts: dict[str, Any] = {"rows": table.num_rows}
    facts |= {"copies": [], "means": [], "decided": [], "splits": []}
    facts["dates"] = _dates(table)
    if LABEL not in table.column_names or table.num_rows < _FEWEST_ROWS:
        return facts
    label = _Groups.of(table.column(LABEL))
    numbers: dict[str, np.ndarray[Any, Any]] = {}
    categories: dict[str, _Groups] = {}
    for column in table.column_names:
        role, _, name = column.partition(":")
        if role not in ("inputs", "predictions"):
            continue
        groups = _Groups.of(table.column(column))
        if groups.determines(label):
            facts["copies"].append([role, name])
        if role == "predictions" and _is_number(table.column(column).type):
            numbers[name] = _floats(table.column(column))
        if role == "predictions" and groups.distinct <= MOST_VALUES:
            categories[name] = groups
    numbers = _first(numbers, is_score_name, _NUMBERS)
    categories = _first(categories, is_decision_name, _CATEGORIES)
    for score, values in numbers.items():
        if label.distinct <= MOST_VALUES:
            facts["means"].append([score, label.means(values)])
        facts["decided"] += [
            [score, name, groups.means(values)]
            for name, groups in categories.items()
            if name != score
        ]
        facts["splits"] += [
            [score, name]
            for name, groups in categories.items()
            if name != score and groups.is_split_by(values)
        ]
    return facts


def _first(columns: dict[str, T], is_likely: Callable[[str], bool], most: int) -> dict[str, T]:
    """Some columns, those with a likely name first."""
    names = sorted(columns, key=lambda name: not is_likely(name))
    return {name: columns[name] for name in names[:most]}


class _Groups:
    """Rows by the value of a column; the code of null is -1."""

    def __init__(self, values: list[Any], codes: np.ndarray[Any, Any]) -> None:
        self.values, self.codes = values, codes
        self.distinct = len(values)

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> _Groups:
        encoded = column.combine_chunks().dictionary_encode()
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return cls(encoded.dictionary.to_pylist(), codes)

    def determines(self, label: _Groups) -> bool:
        """Whether each value occurs with one value of the label only, and vice versa.

        Only for numbers and categories with few values: values that are all different determine
        everything.
        """
        known = self.codes >= 0
        if not label.distinct >= 2 or known.sum() < max(_FEWEST_ROWS, 0.5 * len(known)):
            return False
        if label.distinct > 0.5 * len(known):
            return self._equals(label)
        pairs = np.unique(np.stack((self.codes[known], label.codes[known])), axis=1).shape[1]
        mine = len(np.unique(self.codes[known]))
        return bool(pairs == mine == len(np.unique(label.codes[known])) >= 2)

    def _equals(self, label: _Groups) -> bool:
        known = np.flatnonzero(self.codes >= 0)
        return all(self.values[self.codes[i]] == label.values[label.codes[i]] for i in known)

    def is_split_by(self, numbers: np.ndarray[Any, Any]) -> bool:
        """Whether two values are those of the rows below and above some number."""
        known = (self.codes >= 0) & np.isfinite(numbers)
        if self.distinct != 2 or known.sum() < _FEWEST_ROWS:
            return False
        first, second = (numbers[known & (self.codes == code)] for code in (0, 1))
        if not len(first) or not len(second):
            return False
        return bool(first.max() <= second.min() or second.max() <= first.min())

    def means(self, numbers: np.ndarray[Any, Any]) -> list[list[Any]]:
        known = (self.codes >= 0) & np.isfinite(numbers)
        total = np.bincount(self.codes[known], numbers[known], minlength=self.distinct)
        rows = np.bincount(self.codes[known], minlength=self.distinct)
        return [
            [value, float(total[at] / rows[at])]
            for at, value in enumerate(self.values)
            if rows[at] and isinstance(value, (bool, int, float, str))
        ]


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def _floats(column: pa.ChunkedArray) -> np.ndarray[Any, Any]:
    values = column.combine_chunks().cast(pa.float64(), safe=False)
    return np.asarray(values.fill_null(float("nan")).to_numpy(zero_copy_only=False))


def _dates(table: pa.Table) -> list[list[Any]]:
    """For each date, its role, its column, and the fields of ``DateLag``."""
    lags = {
        (role.removeprefix("date-"), name): _floats(table.column(column))
        for column in table.column_names
        for role, _, name in [column.partition(":")]
        if role.startswith("date-")
    }
    found = []
    for (role, name), days in lags.items():
        known = days[np.isfinite(days)]
        if not len(known):
            continue
        known_by = {
            other: float(np.mean(of_label[both] <= days[both]))
            for (side, other), of_label in lags.items()
            if side == "labels" and role != "labels"
            for both in [np.isfinite(of_label) & np.isfinite(days)]
            if both.any()
        }
        lag = {
            "rows": len(known),
            "median": float(np.median(known)),
            "same_day": float(np.mean(known == 0)),
            "not_before": float(np.mean(known >= 0)),
            "known_by": known_by,
        }
        found.append([role, name, lag])
    return found
