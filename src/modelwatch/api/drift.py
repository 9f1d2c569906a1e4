"""Drift between two frames: every statistic of every column, and which of them fail."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from modelwatch.api.arrow_frames import (
    FrameColumn,
    FrameError,
    FrameLike,
    arrow_table,
    column_of,
    day_numbers,
    frame_columns,
)
from modelwatch.api.column_states import (
    ColumnStates,
    codes_of,
    column_states,
    fitted_binnings,
    with_codes,
)
from modelwatch.api.html import table_html
from modelwatch.api.result import TableResult
from modelwatch.model.config.section import did_you_mean
from modelwatch.model.planning.window_specs import DEFAULT_THRESHOLDS
from modelwatch.stats.arrays import Counts, known_number
from modelwatch.stats.drift import stale_values
from modelwatch.stats.drift import statistics as of_states
from modelwatch.stats.drift.comparison import Comparison, Values
from modelwatch.stats.drift.correlation import pair_positions, top_pairs
from modelwatch.stats.drift.statistics import STATISTICS
from modelwatch.stats.states.exact_numbers import ExactNumber
from modelwatch.stats.states.pairs import PairStates
from modelwatch.stats.verdicts.chance import CHANCE_KEYS, ChanceModel, chance_models, with_chances
from modelwatch.stats.verdicts.judgement import FAIL, judged
from modelwatch.stats.verdicts.relation_null import relation_nulls
from modelwatch.stats.weekdays import window_weekdays

MOST_PAIRS = 20
"""Maximum returned pairs of columns: those whose correlation changed most."""
_SCHEMA = pa.schema(
    [
        ("feature", pa.string()),
        ("feature_b", pa.string()),
        ("statistic", pa.string()),
        ("value", pa.float64()),
        ("threshold", pa.float64()),
        ("effect", pa.float64()),
        ("p_value", pa.float64()),
        ("adjusted_p", pa.float64()),
        ("verdict", pa.string()),
        ("reason", pa.string()),
        ("rows", pa.int64()),
        ("reference_rows", pa.int64()),
        ("error_bound", pa.float64()),
    ]
)
_NO_DAYS_BEFORE = Values(
    np.array([np.nan]), np.array(["requires earlier days than those of current"], dtype=object)
)
_SHOWN = ("verdict", "statistic", "value", "threshold", "adjusted_p")


@dataclass(frozen=True, repr=False)
class DriftResult(TableResult):
    """Drift statistics of the columns of two frames, as returned by `drift`.

    One row per ``feature`` (``feature_b`` for a pair; null for all numeric columns together) and
    ``statistic``, with ``value``, ``threshold``, ``effect`` (absolute value divided by the
    threshold), ``p_value``, ``adjusted_p`` (corrected for the number of comparisons), ``verdict``
    (``pass``, ``fail``, ``undefined``, ``too_few_rows``, ``no_data``; null without a threshold),
    ``reason``, ``rows``, ``reference_rows``, and ``error_bound``: how much the value may differ
    from that of the raw rows because of bins; 0 if exact, null if unknown. ``not_compared``: by
    column, why it was not compared.
    """

    not_compared: Mapping[str, str]

    @property
    def drifted(self) -> tuple[str, ...]:
        """The columns for which a statistic fails, the largest effect first."""
        rows = [row for row in self.table.to_pylist() if row["verdict"] == FAIL]
        rows.sort(key=lambda row: -row["effect"])
        return tuple(dict.fromkeys(row["feature"] for row in rows))

    def of(self, feature: str) -> dict[str, float | None]:
        """The statistics of one column by name, without pairs; None if undefined."""
        found = {
            row["statistic"]: row["value"]
            for row in self.table.to_pylist()
            if row["feature"] == feature and row["feature_b"] is None
        }
        if not found:
            raise FrameError(f"no drift was computed for {feature!r}")
        return found

    def _repr_html_(self) -> str:
        """One row per column: the failing statistic with the largest effect, otherwise the largest
        one."""
        worst: dict[str, dict[str, object]] = {}
        rows = [r for r in self.table.to_pylist() if r["threshold"] is not None and r["feature"]]
        rows.sort(key=lambda row: (row["verdict"] != FAIL, -(row["effect"] or 0.0)))
        for row in rows:
            worst.setdefault(row["feature"], row)
        return table_html(
            f"{len(self.drifted):,} of {len(worst):,} columns drifted",
            ("feature", *_SHOWN),
            [(name, *(row[key] for key in _SHOWN)) for name, row in worst.items()],
        )


def drift(
    reference: FrameLike,
    current: FrameLike,
    *,
    day: str | None = None,
    thresholds: Mapping[str, float | None] | None = None,
    special_values: Mapping[str, Sequence[ExactNumber]] | None = None,
    categorical: Sequence[str] = (),
    bins: int = 200,
    max_values: int = 500,
    level: float = 0.05,
    min_rows: int = 100,
    assumed_design_effect: float = 10.0,
) -> DriftResult:
    """Every drift statistic of the columns that two frames share: docs/reference/statistics.md.

    Bins are fitted on the reference. The statistics, p-values and verdicts are those of the job,
    read from the same states: a statistic fails if its value reaches its threshold and is more
    than chance, corrected for the number of comparisons.

    ``day``: a column of days in both frames. What is chance is then learned from the days of the
    reference; without it, ``assumed_design_effect`` says how much more days vary than independent
    rows. ``thresholds``: by statistic, in place of the default; None switches it off.
    ``special_values``, ``categorical``, ``bins`` and ``max_values`` as for `profile`. ``level``:
    false discovery rate. ``min_rows``: rows without which there is no verdict. FrameError for
    frames that cannot be read or share no column. A current frame without rows, or without a
    column of the reference, causes a warning.

    >>> import modelwatch
    >>> import numpy as np
    >>> random = np.random.default_rng(1)
    >>> reference = {"amount": random.normal(100, 10, 5000), "age": random.normal(40, 9, 5000)}
    >>> current = {"amount": random.normal(130, 10, 5000), "age": random.normal(40, 9, 5000)}
    >>> result = modelwatch.drift(reference, current)
    >>> result.drifted
    ('amount',)
    >>> round(result.of("amount")["mean_change_in_sd"], 1)
    3.0
    """
    judged_by = _thresholds(thresholds or {})
    before, after = arrow_table(reference, "reference"), arrow_table(current, "current")
    if not before.num_rows:
        raise FrameError("reference has no rows")
    days = [day_numbers(table, day, name) for table, name in _named(before, after)]
    special = dict(special_values or {})
    for name in special:
        column_of(before, name, "reference")
    columns, not_compared = _shared_columns(before, after, categorical, day)
    if lacking := sorted({*before.column_names} - {*after.column_names}):
        text = f"current lacks columns of reference, which are not compared: {', '.join(lacking)}"
        warnings.warn(text, stacklevel=2)
    if not after.num_rows:
        warnings.warn("current has no rows, so no column can have drifted", stacklevel=2)
    codes = {one.name: codes_of(one, special.get(one.name, ())) for one, _ in columns}
    columns = [(one, with_codes(two, special, codes[one.name])) for one, two in columns]
    binnings = fitted_binnings(
        [first for first, _ in columns], codes, bins=bins, max_values=max_values
    )
    learned = column_states([first for first, _ in columns], binnings, days[0])
    asked = column_states([second for _, second in columns], binnings, days[1])
    sides = _Sides(learned, asked, judged_by, assumed_design_effect, dated=day is not None)
    rows = [*sides.feature_rows([first.name for first, _ in columns]), *sides.block_rows()]
    _add_verdicts(rows, level, min_rows)
    return DriftResult(pa.Table.from_pylist(rows, schema=_SCHEMA), not_compared)


def _thresholds(given: Mapping[str, float | None]) -> dict[str, float]:
    for key in given:
        if key not in CHANCE_KEYS:
            hint = did_you_mean(key, CHANCE_KEYS)
            raise FrameError(f"no statistic {key!r} has a threshold{hint}")
    return {k: v for k, v in {**DEFAULT_THRESHOLDS, **given}.items() if v is not None}


def _named(before: pa.Table, after: pa.Table) -> tuple[tuple[pa.Table, str], ...]:
    return (before, "reference"), (after, "current")


def _shared_columns(
    before: pa.Table, after: pa.Table, categorical: Sequence[str], day: str | None
) -> tuple[list[tuple[FrameColumn, FrameColumn]], dict[str, str]]:
    """The columns of both frames side by side, and why the others cannot be compared."""
    left_out = () if day is None else (day,)
    sides, not_compared = [], {}
    for table, name in _named(before, after):
        named = [column for column in categorical if column in table.column_names]
        columns, without = frame_columns(table, named, left_out=left_out)
        sides.append({column.name: column for column in columns})
        not_compared.update({column: f"{why} in {name}" for column, why in without.items()})
    for name in categorical:
        column_of(before, name, "reference")
    shared: list[tuple[FrameColumn, FrameColumn]] = []
    for first, second, missing in ((0, 1, "current"), (1, 0, "reference")):
        for name, column in sides[first].items():
            other = sides[second].get(name)
            if other is None:
                not_compared.setdefault(name, f"{missing} has no such column")
            elif (other.kind, other.unit) != (column.kind, column.unit):
                kinds = [f"{sides[at][name].kind}" for at in (0, 1)]
                not_compared[name] = f"{kinds[0]} in reference, {kinds[1]} in current"
            elif first == 0:
                shared.append(_alike(column, other))
    if not shared:
        raise FrameError("reference and current share no column that can be compared")
    return shared, not_compared


def _alike(column: FrameColumn, other: FrameColumn) -> tuple[FrameColumn, FrameColumn]:
    """Two columns as doubles if one of them is: digits beyond doubles are not a change."""
    if column.kind == "numeric" and column.is_floating != other.is_floating:
        return column.as_doubles(), other.as_doubles()
    return column, other


@dataclass(frozen=True)
class _Sides:
    """States of the reference and of the current frame in the same bins."""

    reference: ColumnStates
    current: ColumnStates
    thresholds: Mapping[str, float]
    assumed_design_effect: float
    dated: bool

    @property
    def _window(self) -> tuple[Counts, Counts]:
        """Length of the current window in days, and its weekday if it is a single day, otherwise
        -1."""
        days = self.current.days
        lengths = days[-1:] - days[:1] + 1
        return lengths, window_weekdays(days[:1], lengths) if self.dated else np.array([-1])

    def feature_rows(self, names: Sequence[str]) -> Iterator[dict[str, object]]:
        """The statistics of single columns."""
        for name in names:
            by_day = self.reference.features[name]
            comparison = Comparison(
                self.current.features[name].roll_up(self.current.whole),
                by_day.roll_up(self.reference.whole),
            )
            models = chance_models(
                by_day, self.reference.days, self.thresholds, self.assumed_design_effect
            )
            found = of_states.drift(comparison)
            # It compares a day with earlier days, which a frame does not contain.
            found[stale_values.STALE_SHARE] = _NO_DAYS_BEFORE
            models.pop(stale_values.STALE_SHARE, None)
            scopes = [(name, None, key) for key in found]
            yield from self._rows(scopes, comparison, list(found.values()), models)

    def block_rows(self) -> Iterator[dict[str, object]]:
        """The statistics of several numeric columns: of each, of all, and of pairs."""
        by_day, current = self.reference.pairs, self.current.pairs
        if by_day is None or current is None:
            return
        comparison = Comparison(
            current.roll_up(self.current.whole), by_day.roll_up(self.reference.whole)
        )
        models = relation_nulls(by_day, self.reference.days, self.assumed_design_effect)
        found = of_states.drift(comparison)
        for key, one in found.items():
            kinds = STATISTICS[key].kinds
            if "member" in kinds:
                for at, feature in enumerate(by_day.features):
                    own = Values(one.value[:, at], one.reason[:, at])
                    if np.isfinite(own.value[0]):
                        scope, model = (feature, None, key), models.get(feature)
                        held = {} if model is None else {key: model}
                        yield from self._rows([scope], comparison, [own], held)
            elif "pair" not in kinds:
                yield from self._rows([(None, None, key)], comparison, [one], {})
        yield from self._pair_rows(by_day, comparison, found)

    def _pair_rows(
        self, block: PairStates, comparison: Comparison, found: Mapping[str, Values]
    ) -> Iterator[dict[str, object]]:
        first, second = pair_positions(len(block.features))
        for at in top_pairs(found["correlation_change"], MOST_PAIRS)[0]:
            pair = (block.features[first[at]], block.features[second[at]])
            for key, one in found.items():
                if "pair" in STATISTICS[key].kinds:
                    own = Values(one.value[:, at], one.reason[:, at])
                    yield from self._rows([(*pair, key)], comparison, [own], {})

    def _rows(
        self,
        scopes: Sequence[tuple[str | None, str | None, str]],
        comparison: Comparison,
        values: Sequence[Values],
        models: Mapping[str, ChanceModel],
    ) -> Iterator[dict[str, object]]:
        """A row for each scope (column, second column of a pair, statistic)."""
        held = [models.get(key) for *_, key in scopes]
        found, p_values = with_chances(held, comparison, values, *self._window)
        rows, reference_rows = int(comparison.current.rows[0]), int(comparison.reference.rows[0])
        for (feature, other, key), own, p_value in zip(scopes, found, p_values, strict=True):
            bound = STATISTICS[key].error_bounds(comparison, own)[0] if other is None else np.nan
            yield {
                "feature": feature,
                "feature_b": other,
                "statistic": key,
                "value": known_number(own.value[0]),
                "threshold": self.thresholds.get(key),
                "p_value": known_number(p_value[0]),
                "reason": own.reason[0],
                "rows": rows,
                "reference_rows": reference_rows,
                "error_bound": known_number(bound),
            }


def _add_verdicts(rows: Sequence[dict[str, object]], level: float, min_rows: int) -> None:
    """Adds effect, adjusted p-value, and verdict to the rows with a threshold: one comparison
    family."""
    tested = [row for row in rows if row["threshold"] is not None]
    columns = [
        np.array([row[key] for row in tested], dtype=kind)
        for key, kind in (
            ("value", np.float64),
            ("threshold", np.float64),
            ("p_value", np.float64),
            ("rows", np.int64),
            ("reference_rows", np.int64),
            ("reason", object),
        )
    ]
    found = judged(*columns, level=level, min_rows=min_rows)
    for at, row in enumerate(tested):
        row["effect"] = known_number(found.effect[at])
        row["adjusted_p"] = known_number(found.adjusted_p[at])
        row["verdict"] = found.verdict[at]
        row["reason"] = found.reason[at]
