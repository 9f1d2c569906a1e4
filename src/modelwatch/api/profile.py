"""The profile of a frame: every metric of every column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from modelwatch.api.arrow_frames import FrameError, FrameLike, arrow_table, column_of, frame_columns
from modelwatch.api.column_states import codes_of, column_states, fitted_binnings
from modelwatch.api.html import table_html
from modelwatch.api.result import TableResult
from modelwatch.stats.arrays import Floats
from modelwatch.stats.profile import metrics as of_states
from modelwatch.stats.states.exact_numbers import ExactNumber

_SCHEMA = pa.schema(
    [
        ("feature", pa.string()),
        ("kind", pa.string()),
        ("metric", pa.string()),
        ("value", pa.float64()),
        ("text", pa.string()),
        ("reason", pa.string()),
        ("rows", pa.int64()),
        ("error_bound", pa.float64()),
    ]
)
_SHOWN = ("null_share", "distinct", "mean", "sd", "min", "q50", "max", "mode_share")


@dataclass(frozen=True, repr=False)
class ProfileResult(TableResult):
    """Metrics of the columns of a frame, as returned by `profile`.

    One row per ``feature`` and ``metric``, with ``kind`` (numeric or categorical), ``value``,
    ``text`` (dates, timestamps, and JSON), ``reason`` if undefined, ``rows``, and ``error_bound``:
    how much the value may differ from that of the raw rows because of bins; 0 if exact, null if
    unknown. ``not_profiled``: by column, why it was not profiled.
    """

    not_profiled: Mapping[str, str]

    def of(self, feature: str) -> dict[str, float | str | None]:
        """The metrics of one column by name: a string if the metric is one, None if undefined."""
        found = {
            row["metric"]: row["value"] if row["text"] is None else row["text"]
            for row in self.table.to_pylist()
            if row["feature"] == feature
        }
        if not found:
            raise FrameError(f"no profile was computed for {feature!r}")
        return found

    def _repr_html_(self) -> str:
        rows: dict[str, dict[str, object]] = {}
        for row in self.table.to_pylist():
            held = rows.setdefault(row["feature"], {"kind": row["kind"], "rows": row["rows"]})
            held[row["metric"]] = row["value"] if row["text"] is None else row["text"]
        columns = ("feature", "kind", "rows", *_SHOWN)
        return table_html(
            f"Profile of {len(rows):,} columns",
            columns,
            [(name, *(held.get(key) for key in columns[1:])) for name, held in rows.items()],
        )


def profile(
    frame: FrameLike,
    *,
    special_values: Mapping[str, Sequence[ExactNumber]] | None = None,
    categorical: Sequence[str] = (),
    bins: int = 200,
    max_values: int = 500,
) -> ProfileResult:
    """Every metric of the profile of every column of a frame; see docs/reference/statistics.md.

    The metrics are those of the job, read from the same states. ``special_values``: by column,
    numbers such as -999 that are codes and not quantities. ``categorical``: numeric columns whose
    values are counted one by one. ``bins``: about how many a numeric column has. ``max_values``:
    values of a categorical column that are counted one by one. FrameError for a frame that cannot
    be read.

    >>> import modelwatch
    >>> result = modelwatch.profile({"amount": [10.0, 20.0, None, 30.0], "country": list("AAAB")})
    >>> result.of("amount")["mean"], result.of("amount")["null_share"]
    (20.0, 0.25)
    >>> result.of("country")["mode_share"]
    0.75
    """
    table, special = arrow_table(frame), dict(special_values or {})
    for name in special:
        column_of(table, name)
    columns, not_profiled = frame_columns(table, categorical)
    codes = {one.name: codes_of(one, special.get(one.name, ())) for one in columns}
    binnings = fitted_binnings(columns, codes, bins=bins, max_values=max_values)
    states = column_states(columns, binnings, np.zeros(table.num_rows, dtype=np.int64))
    rows: list[dict[str, object]] = []
    for column in columns:
        stack = states.features[column.name].roll_up(states.whole)
        sketch = states.sketches[column.name]
        for metric, found in of_states.profile(stack, distinct=[sketch], unit=column.unit).items():
            value = float(found.value[0])
            rows.append(
                {
                    "feature": column.name,
                    "kind": column.kind,
                    "metric": metric,
                    "value": None if np.isnan(value) else value,
                    "text": found.text[0],
                    "reason": found.reason[0],
                    "rows": int(stack.rows[0]),
                    "error_bound": _bound(found.error_bound),
                }
            )
    return ProfileResult(pa.Table.from_pylist(rows, schema=_SCHEMA), not_profiled)


def _bound(bounds: Floats) -> float | None:
    """The error bound of one value; None if unknown."""
    return float(bounds[0]) if len(bounds) and not np.isnan(bounds[0]) else None
