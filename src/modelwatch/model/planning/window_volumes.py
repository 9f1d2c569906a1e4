"""Which kinds of window have enough rows to be judged, from the row counts of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from statistics import median

from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.days import DayRange, shifted
from modelwatch.model.plain_text import counted
from modelwatch.model.planning.window_specs import CALENDAR_DAYS, length_days
from modelwatch.model.sources.schedule import RECENT_BATCHES, RECENT_DAYS

_FEWEST_DAYS = 7
"""Number of days with rows below which the volume of windows is unknown."""
MARGIN = 1.2
"""Factor by which windows of a first configuration exceed the minimum number of rows, because
volume varies."""


@dataclass(frozen=True)
class Volume:
    """Volume of a table: rows of a day with rows (the median), and per calendar day."""

    rows_of_a_day: float
    rows_per_day: float

    def rows_of(self, days: float) -> float:
        """Rows of a window of ``days`` days that contains a day with rows."""
        return max(self.rows_of_a_day, self.rows_per_day * days)


@dataclass(frozen=True)
class WindowVolume:
    """A kind of window, its usual number of rows, and whether they are enough."""

    name: str
    rows: float
    is_judged: bool


def volume_of(rows_by_day: Mapping[date, float]) -> Volume | None:
    """The volume of the newest days; None if there are too few of them."""
    ordered = sorted(day for day, rows in rows_by_day.items() if rows > 0)
    if len(ordered) < _FEWEST_DAYS:
        return None
    newest = ordered[-1]
    first = min(shifted(newest, 1 - RECENT_DAYS), ordered[-RECENT_BATCHES:][0])
    recent = [day for day in ordered if day >= first]
    rows = [rows_by_day[day] for day in recent]
    # The gap after the newest day is assumed to be as long as the others.
    between = max((newest - recent[0]).days, 1)
    return Volume(median(rows), sum(rows[:-1]) / between if len(rows) > 1 else rows[0])


def average_volume(rows: int, days_with_rows: int, days: DayRange | None) -> Volume | None:
    """The average volume over all rows of a table; None if there are too few days."""
    if days is None or days_with_rows < _FEWEST_DAYS:
        return None
    between = max(len(days) - 1, 1)
    of_a_day = rows / days_with_rows
    return Volume(of_a_day, of_a_day * (days_with_rows - 1) / between)


def window_volumes(config: MonitorConfig, volume: Volume) -> tuple[WindowVolume, ...]:
    """Each kind of repeating window, the shortest first."""
    found = []
    for spec in sorted(config.repeating_windows, key=length_days):
        rows = volume.rows_of(length_days(spec))
        found.append(WindowVolume(spec.name, rows, rows >= config.verdicts.min_rows))
    return tuple(found)


def with_judged_windows(config: MonitorConfig, volume: Volume | None) -> MonitorConfig:
    """The configuration with kinds of window for incidents that can be judged.

    If it does not name them, and the default ones have too few rows, the shortest kind with enough
    rows is added.
    """
    if volume is None:
        return config
    rules = config.incidents
    changes = {
        key: chosen
        for key, default in (
            ("windows", config.incident_windows),
            ("performance_windows", config.performance_windows),
        )
        if not getattr(rules, key)
        and (chosen := _with_judged(default, window_volumes(config, volume))) != default
    }
    if not changes:
        return config
    return config.model_copy(update={"incidents": rules.model_copy(update=changes)})


def _with_judged(default: tuple[str, ...], kinds: Sequence[WindowVolume]) -> tuple[str, ...]:
    judged = [kind.name for kind in kinds if kind.is_judged]
    if not judged or any(name in judged for name in default):
        return default
    return (*default, judged[0])


def window_lines(config: MonitorConfig, volume: Volume | None) -> Iterator[str]:
    """The windows that can be judged, and why others cannot."""
    if volume is None:
        yield f"fewer than {_FEWEST_DAYS} days with rows: the usable windows are not yet known"
        return
    kinds = window_volumes(config, volume)
    chosen = with_judged_windows(config, volume)
    shown = {*chosen.incident_windows}
    judged = [kind for kind in kinds if kind.is_judged]
    small = [kind for kind in kinds if not kind.is_judged]
    if judged:
        named = ", ".join(f"{kind.name} (about {kind.rows:,.0f} rows)" for kind in judged)
        incidents = ", ".join(kind.name for kind in judged if kind.name in shown)
        yield f"judged: {named}" + (f"; drift opens incidents by {incidents}" * bool(incidents))
    if small:
        named = ", ".join(f"{kind.name} (about {kind.rows:,.0f})" for kind in small)
        yield f"not judged (fewer than {config.verdicts.min_rows} rows): {named}"


def silent_windows(config: MonitorConfig, volume: Volume | None) -> tuple[str, str] | None:
    """The configuration key that prevents drift from ever being an incident, and why; None if it
    can be one."""
    if volume is None:
        return None
    kinds = {kind.name: kind for kind in window_volumes(config, volume)}
    chosen = with_judged_windows(config, volume).incident_windows
    if not kinds or any(kinds[name].is_judged for name in chosen if name in kinds):
        return None
    least = config.verdicts.min_rows
    known = [kinds[name] for name in chosen if name in kinds]
    held = ", ".join(f"{kind.name} has about {kind.rows:,.0f} rows" for kind in known)
    wording = f"can never open an incident: {held}, fewer than verdicts.min_rows ({least})"
    key = "incidents.windows" if config.incidents.windows else "windows"
    return key, f"{wording}; {_remedy(volume, least, list(kinds))}"


def _remedy(volume: Volume, least: int, known: Sequence[str]) -> str:
    for name, days in CALENDAR_DAYS.items():
        if volume.rows_of(days) >= least:
            return f"use {name}" if name in known else f"add {name}"
    days = ceil(least / volume.rows_per_day)
    if days <= 366:
        return f"add a trailing window of {counted(days, 'day')}, or lower verdicts.min_rows"
    return "lower verdicts.min_rows"


def chosen_windows(volume: Volume | None, least: int) -> tuple[str, ...]:
    """The windows of a first configuration, as YAML: calendar windows with enough rows, otherwise a
    trailing one."""
    if volume is None:
        return tuple(CALENDAR_DAYS)
    wanted = MARGIN * least
    found = tuple(name for name, days in CALENDAR_DAYS.items() if volume.rows_of(days) >= wanted)
    if found:
        return found
    days = min(ceil(wanted / volume.rows_per_day), 366)
    return ("month", f"{{name: last_{days}_days, trailing_days: {days}}}")


def judged_rows(volume: Volume | None, least: int) -> float:
    """Rows of the longest window in which drift can open an incident: a week, or a longer one if
    weeks do not have enough rows; 0 if the volume is unknown."""
    if volume is None:
        return 0.0
    lengths = [CALENDAR_DAYS[name] for name in ("week", "month")]
    rows = [volume.rows_of(days) for days in lengths]
    return next((held for held in rows if held >= least), rows[-1])
