"""Windows and their references as spans of the days of stored states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pyarrow as pa

from modelwatch.model.planning.windows import Window
from modelwatch.stats.arrays import AnyArray, Spans, day_spans
from modelwatch.stats.day_numbers import day_number
from modelwatch.stats.value_names import ALL_VERSIONS

WHOLE_TABLE = -(2**31)
"""Day number of the states of a reference table without days; it sorts before every day."""
_FAR_PAST, _FAR_FUTURE = WHOLE_TABLE, 2**31 - 1
"""Day numbers that no day has. Rows of a whole table are not in the past of any day."""


@dataclass(frozen=True)
class WindowReference:
    """A reference, and its days for each window; None for a window that has no such reference.

    ``segments``: whether segments are compared with it, as well as all traffic. ``source``: role of
    the table of its rows, None for the role of the feature. ``whole_table``: the rows have no day.
    ``fixed``: the same rows for every window.
    """

    name: str
    days: tuple[tuple[date, date] | None, ...]
    source: str | None = None
    whole_table: bool = False
    fixed: bool = False
    segments: bool = True

    @property
    def fixed_days(self) -> tuple[date, date] | None:
        """First and last day of a fixed reference; None if it has no days."""
        return next((days for days in self.days if days is not None), None)

    @property
    def same_for_all(self) -> bool:
        """Whether every window is compared with the same rows, and there are such rows."""
        return self.fixed and (self.whole_table or self.fixed_days is not None)

    @cached_property
    def held(self) -> AnyArray:
        """Mask of the windows that have the reference."""
        return np.array([self.whole_table or d is not None for d in self.days], dtype=bool)

    @cached_property
    def bounds(self) -> tuple[AnyArray, AnyArray]:
        """First and last day number for each window; an empty range for a window without the
        reference."""
        return day_bounds(self.days)

    @cached_property
    def _columns(self) -> dict[str, pa.Array]:
        return {
            "reference_start": pa.array([days and days[0] for days in self.days], pa.date32()),
            "reference_end": pa.array([days and days[1] for days in self.days], pa.date32()),
        }

    def columns(self, windows: AnyArray) -> dict[str, pa.Array]:
        """The days of the reference, for the windows at some positions."""
        return {name: column.take(windows) for name, column in self._columns.items()}


def day_bounds(ranges: tuple[tuple[date, date] | None, ...]) -> tuple[AnyArray, AnyArray]:
    """Numbers of the first and last days; an empty range if there are none."""
    firsts = [day_number(days[0]) if days else _FAR_FUTURE for days in ranges]
    lasts = [day_number(days[1]) if days else _FAR_PAST for days in ranges]
    return np.array(firsts, dtype=np.int64), np.array(lasts, dtype=np.int64)


class WindowQuestion:
    """The common parameters of evaluations: windows, each with its references."""

    windows: tuple[Window, ...]
    references: tuple[WindowReference, ...]

    @cached_property
    def starts(self) -> AnyArray:
        """First day number of each window."""
        return np.array([day_number(w.start) for w in self.windows], dtype=np.int64)

    @cached_property
    def ends(self) -> AnyArray:
        """Last day number of each window."""
        return np.array([day_number(w.end) for w in self.windows], dtype=np.int64)

    @cached_property
    def lengths(self) -> AnyArray:
        """Number of days of each window."""
        return self.ends - self.starts + 1

    def spans(self, days: AnyArray, windows: AnyArray) -> Spans:
        """Positions among ascending days of the windows at some positions."""
        return day_spans(days, self.starts[windows], self.ends[windows])

    @cached_property
    def _columns(self) -> dict[str, pa.Array]:
        return {
            "window_name": pa.array([w.name for w in self.windows], pa.string()),
            "window_start": pa.array([w.start for w in self.windows], pa.date32()),
            "window_end": pa.array([w.end for w in self.windows], pa.date32()),
            "partial": pa.array([w.partial for w in self.windows], pa.bool_()),
        }

    def window_columns(self, windows: AnyArray) -> dict[str, pa.Array]:
        """The columns that name the windows at some positions."""
        return {name: column.take(windows) for name, column in self._columns.items()}

    def window_values(self, window: int) -> dict[str, object]:
        """The values of these columns for one window."""
        return {name: column[window].as_py() for name, column in self._columns.items()}


@dataclass(frozen=True)
class VersionWindows:
    """The windows of one model version, or of all, and the positions of their states.

    ``states``: positions of its states. ``windows``: positions of its windows. ``spans``: of each
    window among ``states``.
    """

    version: str
    states: AnyArray
    windows: AnyArray
    spans: Spans


def version_windows(
    question: WindowQuestion, days: AnyArray, versions: AnyArray, *, unseen: bool
) -> Iterator[VersionWindows]:
    """Each version with the windows in which it has rows, and all versions together.

    All versions together have the windows in which several versions have rows and, with ``unseen``,
    those in which none has, so that a row reports it. ``days`` ascend; ``versions`` belong to the
    same states.
    """
    held = np.zeros(len(question.windows), dtype=np.int64)
    every = np.arange(len(held))
    for version in sorted(set(versions)):
        states = np.flatnonzero(versions == version)
        spans = question.spans(days[states], every)
        windows = np.flatnonzero(spans[:, 1] > spans[:, 0])
        held[windows] += 1
        if len(windows):
            yield VersionWindows(version, states, windows, spans[windows])
    together = np.flatnonzero(held != 1 if unseen else held > 1)
    if len(together):
        spans = question.spans(days, together)
        yield VersionWindows(ALL_VERSIONS, np.arange(len(days)), together, spans)
