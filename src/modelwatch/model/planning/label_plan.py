"""The work of a run on labels: days to compare with them, and windows to evaluate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from modelwatch.errors import present
from modelwatch.model.config.fingerprints import labels_fingerprint, performance_fingerprint
from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.days import DayRange, shifted
from modelwatch.model.planning.retention import NOTHING_RETIRED, Retired
from modelwatch.model.planning.window_changes import windows_touching
from modelwatch.model.planning.windows import Window
from modelwatch.model.sources.change import SourceChange

BECAME_KNOWN = "labels became known"
ARRIVED = "labels changed"
OF_TRAFFIC = "predictions or inputs changed"
NEW, REQUESTED, ANEW = "new", "requested", "configuration changed"


@dataclass(frozen=True)
class LabelDay:
    """What stored performance states of a day depend on, besides the tables.

    ``last_known``: the latest day on which a label that counts became known. ``next_known``: the
    earliest day on which a label that does not count yet becomes known. ``last_due``: the latest
    due date. ``as_of``: as-of day of the run that computed them.
    """

    last_known: date | None = None
    next_known: date | None = None
    last_due: date | None = None
    as_of: date | None = None

    def stands(self, as_of: date, due_by_row: bool = False) -> bool:
        """Whether the same labels were known on a day, and the states show which of them were due.

        ``due_by_row``: each row has its own due day; the states do not distinguish those that had
        passed when they were computed.
        """
        later = self.last_known is not None and self.last_known > as_of
        merged = due_by_row and self.as_of is not None and self.as_of > as_of
        waits = self.next_known is None or self.next_known > as_of
        return waits and not later and not merged


@dataclass(frozen=True)
class PublishedLabels:
    """What published runs have left: days with performance states, and the settings they depend
    on."""

    fingerprint: str | None = None
    performance_fingerprint: str | None = None
    as_of: date | None = None
    days: Mapping[date, LabelDay] = field(default_factory=dict)


@dataclass(frozen=True)
class LabelPlan:
    """Days to compare with their labels, each with its reason, and windows to evaluate.

    ``left_out``: days with states whose labels changed, and which are left to a later run.
    """

    days: Mapping[date, str] = field(default_factory=dict)
    windows: tuple[Window, ...] = ()
    left_out: tuple[date, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.days or self.windows)


EMPTY_LABEL_PLAN = LabelPlan()


def label_plan_of(
    config: MonitorConfig,
    changes: Iterable[SourceChange],
    published: PublishedLabels,
    traffic_days: frozenset[date],
    computed: frozenset[date],
    as_of: date,
    requested_days: DayRange | None = None,
    gone: Retired = NOTHING_RETIRED,
) -> LabelPlan:
    """The work that labels cause.

    ``traffic_days`` have states of features, now or after this run; ``computed`` are those of this
    run. Days are due if their labels arrived, changed, or became known since; if this run computes
    them; and all if the configuration changed. Days that are ``gone`` no longer have states, and
    get none.
    """
    if config.labels is None or config.performance is None:
        return EMPTY_LABEL_PLAN
    stale = published.fingerprint not in (None, labels_fingerprint(config))
    known = {} if stale else published.days
    by_row = config.labels.due.column is not None
    due = dict(_due(changes, known, published, traffic_days, computed, as_of, by_row))
    if stale:
        due |= dict.fromkeys(traffic_days.union(published.days), ANEW)
    if requested_days is not None:
        chosen = {day: REQUESTED for day in {*due, *traffic_days} if day in requested_days}
    else:
        chosen = due
    days = {day: chosen[day] for day in sorted(chosen) if day < as_of and day not in gone}
    anew = published.performance_fingerprint not in (None, performance_fingerprint(config))
    windows = windows_touching(
        config,
        {*known, *days},
        {*days, *_matured(config, known, published.as_of, as_of)},
        as_of,
        last_as_of=published.as_of,
        all_windows=anew or stale,
        gone=gone,
    )
    left_out = tuple(sorted(day for day in due if day in known and day not in days))
    return LabelPlan(days, windows, left_out)


def with_days(
    plan: LabelPlan,
    config: MonitorConfig,
    more: Mapping[date, str],
    as_of: date,
    gone: Retired = NOTHING_RETIRED,
) -> LabelPlan:
    """The same plan with more days, each with its reason, and all windows that contain any of them.

    A day in both keeps its reason. Days that are ``gone`` stay so.
    """
    asked = {day: reason for day, reason in more.items() if day < as_of and day not in gone}
    days = dict(sorted({**asked, **plan.days}.items()))
    windows = windows_touching(config, days, days, as_of, all_windows=True, gone=gone)
    return replace(plan, days=days, windows=windows)


def _due(
    changes: Iterable[SourceChange],
    known: Mapping[date, LabelDay],
    published: PublishedLabels,
    traffic_days: frozenset[date],
    computed: frozenset[date],
    as_of: date,
    due_by_row: bool,
) -> Iterator[tuple[date, str]]:
    """Days with the reason why they are due; for each day, the last reason counts."""
    for change in changes:
        if change.role == "labels" or change.role.startswith("challenger:"):
            days = traffic_days.union(known) if change.all_days else change.days
            yield from ((day, ARRIVED) for day in days)
    yield from (
        (day, BECAME_KNOWN) for day, held in known.items() if not held.stands(as_of, due_by_row)
    )
    yield from ((day, OF_TRAFFIC) for day in computed)
    yield from ((day, NEW) for day in traffic_days.union(computed) if day not in published.days)


def _matured(
    config: MonitorConfig, known: Mapping[date, LabelDay], last: date | None, as_of: date
) -> Iterator[date]:
    """Days whose labels became due between two days; with a due column, days for which this is
    possible."""
    labels = present(config.labels, "labels")
    if last is None or last == as_of:
        return
    first, until = min(last, as_of), max(last, as_of)
    for day, held in known.items():
        if labels.due.delay_days is not None:
            due = shifted(day, labels.due.delay_days)
            if first < due <= until:
                yield day
        elif held.last_due is not None and held.last_due > first:
            yield day
