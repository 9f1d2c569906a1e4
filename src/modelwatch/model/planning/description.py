"""A plan in words, for ``--dry-run``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from modelwatch.model.days import day_ranges
from modelwatch.model.plain_text import counted, listed_names
from modelwatch.model.planning.plan import Plan
from modelwatch.model.planning.windows import Window
from modelwatch.model.profile.features import Feature, NotProfiled


def describe(plan: Plan) -> str:
    """The days, columns, scans, states, and windows of a plan, one line each."""
    lines = [f"Monitor {plan.monitor}, as of {plan.as_of}"]
    lines += [_line("source", source) for source in _sources(plan)]
    if plan.nothing_to_do:
        lines.append("Nothing to do: no day is new or changed, and no window needs evaluation.")
        lines += [_line("because", reason) for reason in plan.reasons]
    else:
        lines += [_line("because", reason) for reason in plan.reasons]
        lines += [_line("days", text) for text in _days(plan)]
        lines += [
            _line("reference", f"{r.name}: {r.days or 'all rows'} of {r.table} ({r.reason})")
            for r in plan.references
        ]
        lines += [_line("columns", text) for text in column_lines(plan.features, plan.not_profiled)]
        if plan.segmentations:
            lines.append(_line("segments", "all traffic, " + listed_names(plan.segmentations)))
        lines += [_line("scan", text) for text in _scans(plan)]
        if plan.states:
            lines.append(_line("states", f"at most {plan.states:,} for a model version"))
        lines += [_line("windows", text) for text in _windows(plan.windows)]
        lines += [_line("labels", text) for text in _labels(plan)]
    if plan.left_out:
        lines.append(_line("left out", f"{_counted_days(plan.left_out)}, for a later run"))
    return "\n".join(lines) + "\n"


def _line(what: str, text: str) -> str:
    return f"  {what:<10} {text}"


def _ranges(days: Iterable[date]) -> str:
    return listed_names([str(days) for days in day_ranges(days)])


def _counted_days(days: Sequence[date]) -> str:
    return f"{counted(len(days), 'day')}: {_ranges(days)}"


def _sources(plan: Plan) -> Iterator[str]:
    for source in plan.sources:
        changes = "first read" if source.from_version is None else f"since {source.from_version}"
        yield f"{source.role}: {source.table} at version {source.version} ({changes})"


def _days(plan: Plan) -> Iterator[str]:
    if not plan.days:
        yield "none: windows are evaluated from stored states"
    reasons = dict.fromkeys(planned.reason for planned in plan.days)
    for reason in reasons:
        days = [planned.day for planned in plan.days if planned.reason == reason]
        yield f"{_counted_days(days)} ({reason})"


def column_lines(
    features: Sequence[Feature], not_profiled: Sequence[NotProfiled]
) -> tuple[str, ...]:
    """The features, counted by kind and named, and on a second line columns that are not
    profiled."""
    kinds = Counter(feature.kind for feature in features)
    by_kind = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    lines = [f"{len(features)} ({by_kind}): {listed_names([feature.name for feature in features])}"]
    if not_profiled:
        lines.append(
            "not profiled: " + listed_names([f"{c.column} ({c.reason})" for c in not_profiled])
        )
    return tuple(lines)


def _scans(plan: Plan) -> Iterator[str]:
    for scan in plan.scans:
        days = "all rows" if scan.days is None else counted(scan.days, "day")
        columns = counted(len(scan.columns), "column")
        yield f"{scan.purpose}: {columns}, {days} of {' and '.join(scan.tables)}"


def _labels(plan: Plan) -> Iterator[str]:
    """The days that are compared with labels, and the windows whose performance is evaluated."""
    for reason in dict.fromkeys(plan.labels.days.values()):
        days = [day for day, why in plan.labels.days.items() if why == reason]
        yield f"{_counted_days(days)} ({reason})"
    yield from (f"performance of {text}" for text in _windows(plan.labels.windows))


def _windows(evaluated: Sequence[Window]) -> Iterator[str]:
    names = dict.fromkeys(window.name for window in evaluated)
    for name in names:
        windows = [window for window in evaluated if window.name == name]
        partial = sum(window.partial for window in windows)
        span = f"{windows[0].start}..{windows[-1].end}"
        yield f"{len(windows)} {name} in {span}" + (f", {partial} partial" if partial else "")
