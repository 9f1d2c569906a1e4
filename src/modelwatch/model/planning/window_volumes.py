"""Which kinds of window hold enough rows to be judged, from the rows that a table has by day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from statistics import median

from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.days import DayRange, shifted
from modelwatch.model.planning.window_specs import CALENDAR_DAYS, length_days
from modelwatch.model.sources.schedule import RECENT_BATCHES, RECENT_DAYS

FEWEST_DAYS = 7
"""Days with rows below which a table does not tell how many rows its windows hold."""
MARGIN = 1.2
"""Times the fewest rows that windows of a first configuration hold: the volume varies."""


@dataclass(frozen=True)
class Volume:
    """Rows that a table has: of a day with rows (the median), and per calendar day."""

    rows_of_a_day: float
    rows_per_day: float

    def rows_of(self, days: float) -> float:
        """Rows of a window of some days that holds a day with rows."""
        return max(self.rows_of_a_day, self.rows_per_day * days)


@dataclass(frozen=True)
class WindowVolume:
    """A kind of window, the rows that it usually holds, and whether they are enough."""

    name: str
    rows: float
    is_judged: bool


def volume_of(rows_by_day: Mapping[date, float]) -> Volume | None:
    """The volume of the newest days; None where there are too few of them to tell."""
    ordered = sorted(day for day, rows in rows_by_day.items() if rows > 0)
    if len(ordered) < FEWEST_DAYS:
        return None
    newest = ordered[-1]
    since = min(shifted(newest, 1 - RECENT_DAYS), ordered[-RECENT_BATCHES:][0])
    recent = [day for day in ordered if day >= since]
    rows = [rows_by_day[day] for day in recent]
    # The gap after the newest day is as long as the others.
    between = max((newest - recent[0]).days, 1)
    return Volume(median(rows), sum(rows[:-1]) / between if len(rows) > 1 else rows[0])


def average_volume(rows: int, days_with_rows: int, days: DayRange | None) -> Volume | None:
    """The volume of all rows of a table on average; None where there are too few days."""
    if days is None or days_with_rows < FEWEST_DAYS:
        return None
    between = max(len(days) - 1, 1)
    of_a_day = rows / days_with_rows
    return Volume(of_a_day, of_a_day * (days_with_rows - 1) / between)


def window_volumes(config: MonitorConfig, volume: Volume) -> tuple[WindowVolume, ...]:
    """Each kind of window that follows the calendar or the days, the shortest first."""
    found = []
    for spec in sorted(config.repeating_windows, key=length_days):
        rows = volume.rows_of(length_days(spec))
        found.append(WindowVolume(spec.name, rows, rows >= config.verdicts.min_rows))
    return tuple(found)


def with_judged_windows(config: MonitorConfig, volume: Volume | None) -> MonitorConfig:
    """The configuration with kinds of window for incidents that can be judged.

    Where it leaves them open and the default ones hold too few rows, the shortest kind that holds
    enough is added.
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
    """Which windows can be judged, and why not the others."""
    if volume is None:
        yield f"fewer than {FEWEST_DAYS} days with rows: the usable windows are not yet known"
        return
    kinds = window_volumes(config, volume)
    chosen = with_judged_windows(config, volume)
    shown = {*chosen.incident_windows}
    judged = [kind for kind in kinds if kind.is_judged]
    small = [kind for kind in kinds if not kind.is_judged]
    if judged:
        named = ", ".join(f"{kind.name} (about {kind.rows:,.0f} rows)" for kind in judged)
        incidents = ", ".join(kind.name for kind in judged if kind.name in shown)
        yield f"judged: {named}" + (f"; drift becomes an incident by {incidents}" * bool(incidents))
    if small:
        named = ", ".join(f"{kind.name} (about {kind.rows:,.0f})" for kind in small)
        yield f"not evaluated, fewer than {config.verdicts.min_rows} rows: {named}"


def silent_windows(config: MonitorConfig, volume: Volume | None) -> tuple[str, str] | None:
    """The key of the configuration by which no drift can ever be an incident, and why; None where
    it can."""
    if volume is None:
        return None
    kinds = {kind.name: kind for kind in window_volumes(config, volume)}
    chosen = with_judged_windows(config, volume).incident_windows
    if not kinds or any(kinds[name].is_judged for name in chosen if name in kinds):
        return None
    least = config.verdicts.min_rows
    known = [kinds[name] for name in chosen if name in kinds]
    held = ", ".join(f"{kind.name} holds about {kind.rows:,.0f} rows" for kind in known)
    wording = f"can never alarm: {held}, fewer than verdicts.min_rows ({least})"
    key = "incidents.windows" if config.incidents.windows else "windows"
    return key, f"{wording}; {_remedy(volume, least, list(kinds))}"


def _remedy(volume: Volume, least: int, known: Sequence[str]) -> str:
    for name, days in CALENDAR_DAYS.items():
        if volume.rows_of(days) >= least:
            return f"use {name}" if name in known else f"add {name}"
    days = ceil(least / volume.rows_per_day)
    if days <= 366:
        return f"add a trailing window of {days} days, or lower verdicts.min_rows"
    return "lower verdicts.min_rows"


def chosen_windows(volume: Volume | None, least: int) -> tuple[str, ...]:
    """The windows of a first configuration, as YAML: those of the calendar that hold enough rows,
    else a trailing one that does."""
    if volume is None:
        return tuple(CALENDAR_DAYS)
    wanted = MARGIN * least
    found = tuple(name for name, days in CALENDAR_DAYS.items() if volume.rows_of(days) >= wanted)
    if found:
        return found
    days = min(ceil(wanted / volume.rows_per_day), 366)
    return ("month", f"{{name: last_{days}_days, trailing_days: {days}}}")


def judged_rows(volume: Volume | None, least: int) -> float:
    """Rows of the longest window that drift becomes an incident by: a week, or a longer one where
    weeks do not hold enough; 0 where the volume is not known."""
    if volume is None:
        return 0.0
    lengths = [CALENDAR_DAYS[name] for name in ("week", "month")]
    rows = [volume.rows_of(days) for days in lengths]
    return next((held for held in rows if held >= least), rows[-1])
