"""Which rows count: those of the latest published run that computed a day, window, or reference.

Both SQL and Python are derived from here: the views of current rows, and what a run reads back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from textwrap import fill
from typing import Any

_WIDTH = 100


@dataclass(frozen=True)
class Generation:
    """A unit that runs compute again, and for which the latest published run counts.

    ``view``: the view with the run of each ``key``. ``column``: the column of ``runs`` that lists
    what a run computed: an array of days, or of structs with the fields of ``key`` and ``more``;
    None if the view is a file of its own. ``row``: description of a row of the view. ``meanings``:
    descriptions of its columns that no table has. ``moment``: column of the view with the time at
    which the run was published. ``where``: condition on the rows of the view that count.
    """

    view: str
    key: tuple[str, ...]
    row: str = ""
    column: str | None = None
    more: tuple[str, ...] = ()
    moment: str = "computed_at"
    meanings: tuple[tuple[str, str], ...] = ()
    where: str | None = None

    def newest(self, runs: Iterable[Any]) -> dict[tuple[Any, ...], str]:
        """The run that counts for each key. ``rows`` of ``runs`` are in the order in which the runs
        ended; the id decides between runs that ended at the same time."""
        return {
            key: run["run_id"]
            for run in runs
            for held in run[str(self.column)] or ()
            for key in [self._key_of(held)]
        }

    def _key_of(self, held: Any) -> tuple[Any, ...]:
        # An array of dates has no fields.
        return tuple(held[name] for name in self.key) if _has_fields(held) else (held,)

    @property
    def _meanings(self) -> tuple[tuple[str, str], ...]:
        return (*self.meanings, (self.moment, "When that run was published."))

    def sql(self) -> str:
        """The view."""
        plain = self.key == ("day",) and self.column == "days"
        computed = "day" if plain else "computed"
        keys = [name if plain else f"{computed}.{name}" for name in self.key]
        newest = "struct(finished_at, run_id)"
        columns = [
            "monitor",
            *(
                key if plain else f"{key} AS {name}"
                for key, name in zip(keys, self.key, strict=True)
            ),
            *(f"max_by({computed}.{name}, {newest}) AS {name}" for name in self.more),
            f"max_by(run_id, {newest}) AS run_id",
            f"max(finished_at) AS {self.moment}",
        ]
        listed = ",\n".join(f"  {column}" for column in columns)
        comment = _comment(self.row, ("monitor", *self.key), self._meanings)
        return (
            f"{comment}\nSELECT\n{listed}\nFROM published_runs\n"
            f"LATERAL VIEW explode({self.column}) exploded AS {computed}\n"
            f"GROUP BY {', '.join(['monitor', *keys])}"
        )


def _has_fields(held: Any) -> bool:
    return isinstance(held, (Mapping, tuple))


DAYS = Generation(
    view="current_days",
    key=("day",),
    row="Days with feature states: one row per day, with the newest published "
    "run that computed them. Most other views are derived from it.",
    column="days",
    meanings=(("day", "Day whose states were computed."),),
)
LABEL_DAYS = Generation(
    view="current_performance_days",
    key=("day",),
    row="Days with performance states: one row per day of predictions, with the "
    "newest published run that joined them with labels.",
    column="label_days",
    meanings=(("day", "Day of the predictions."),),
)
REFERENCES = Generation(
    view="current_references",
    key=("role",),
    row="References with a table of their own: one row per reference, with the "
    "newest published run that computed its states.",
    column="reference_days",
    meanings=(("role", "`reference:<name>`."),),
)
WINDOWS = Generation(
    view="current_windows",
    key=("window_name", "window_start"),
    row="Windows with profiles and drift: one row per window, with the newest "
    "published run that computed it.",
    column="windows",
    more=("window_end",),
)
VERDICT_WINDOWS = Generation(
    view="current_verdict_windows",
    key=("source", "window_name", "window_start"),
    row="Judged windows: one row per window and source of metrics, with the "
    "newest published run that judged it.",
    column="verdict_windows",
    meanings=(("source", "Source of the judged metrics, as in `verdicts`."),),
    more=("window_end",),
    moment="judged_at",
)
PERFORMANCE_WINDOWS = Generation(
    view="performance_runs", key=("window_name", "window_start"), where="latest"
)
"""For each window, what its newest as-of day saw."""
MAINTENANCE_RUNS = Generation(view="runs", key=(), where="outcome = 'maintained'")
"""Months that maintenance has rolled up: each of its runs counts."""
GENERATIONS = (DAYS, LABEL_DAYS, REFERENCES, WINDOWS, VERDICT_WINDOWS)
"""The tables whose views are generated."""


@dataclass(frozen=True)
class Current:
    """Which rows of a table count, and the view that shows them.

    ``row``: description of a row of the view. ``by``: generations, each with a condition on the
    rows of the table to which it applies; None for all.
    """

    view: str
    row: str
    by: tuple[tuple[Generation, str | None], ...]

    def sql(self, table: str, key: tuple[str, ...]) -> str:
        """A view of the rows of a table whose rows have a key within the monitor."""
        parts = [self._part(table, generation, only) for generation, only in self.by]
        return f"{_comment(self.row, ('monitor', *key))}\n" + "\nUNION ALL\n".join(parts)

    def _part(self, table: str, generation: Generation, only: str | None) -> str:
        joined = ("monitor", "run_id", *generation.key)
        on = "\n  AND ".join(f"held.{name} = counting.{name}" for name in joined)
        where = [f"held.{only}"] if only else []
        where += [f"counting.{generation.where}"] if generation.where else []
        return (
            f"SELECT held.*\nFROM {table} AS held\nJOIN {generation.view} AS counting\n  ON {on}"
            + (f"\nWHERE {' AND '.join(where)}" if where else "")
        )


def _comment(row: str, key: tuple[str, ...], meanings: tuple[tuple[str, str], ...] = ()) -> str:
    text = f"{row} Key: {', '.join(key)}."
    lines = [fill(text, _WIDTH, initial_indent="-- ", subsequent_indent="-- ")]
    lines += ["--"] if meanings else []
    lines += [f"-- - `{name}`: {meaning}" for name, meaning in meanings]
    return "\n".join(lines)
