"""A past run as recorded: its plan, its environment, and why a replay may differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.planning.label_plan import NEW, LabelPlan
from modelwatch.model.planning.plan import Plan, PlannedDay, PlannedReference
from modelwatch.model.planning.windows import Window

ROUNDING = 1e-9
"""Relative difference between two numbers that a different order of additions may cause."""


@dataclass(frozen=True)
class Environment:
    """The environment of a run; empty if it was not recorded."""

    code: str = ""
    libraries: Mapping[str, str] = field(default_factory=dict)


def recorded_plan(plan: Plan, config: MonitorConfig, run: Mapping[str, Any]) -> Plan:
    """The plan with the days, references, and windows that a run recorded.

    ``run``: a row of the table runs. The logs of the sources may no longer show what changed, so
    the record counts.
    """
    as_of: date = run["as_of"]
    known = {planned.day: planned for planned in plan.days}
    days = tuple(known.get(day, PlannedDay(day, "changed", ())) for day in run["days"] or ())
    labels = LabelPlan(
        {
            held["day"]: plan.labels.days.get(held["day"], NEW)
            for held in sorted(run["label_days"] or (), key=lambda held: held["day"])
        },
        _windows(run["performance_windows"], as_of),
        plan.labels.left_out,
    )
    roles = {held["role"] for held in run["reference_days"] or ()}
    return replace(
        plan,
        days=days,
        references=tuple(_references(plan, config, roles)),
        windows=_windows(run["windows"], as_of),
        labels=labels,
    )


def _windows(held: Iterable[Mapping[str, Any]] | None, as_of: date) -> tuple[Window, ...]:
    return tuple(
        Window(w["window_name"], w["window_start"], w["window_end"], w["window_end"] >= as_of)
        for w in held or ()
    )


def _references(
    plan: Plan, config: MonitorConfig, roles: Iterable[str]
) -> Iterable[PlannedReference]:
    planned = {f"reference:{one.name}": one for one in plan.references}
    versions = {change.role: change.version for change in plan.sources}
    for reference in config.references:
        if reference.table is not None and reference.role in set(roles):
            yield planned.get(reference.role) or PlannedReference(
                reference.name,
                str(reference.table),
                versions.get(reference.role, 0),
                reference.days,
                "changed",
            )


def likely_causes(
    before: Environment,
    now: Environment,
    *,
    only_rounding: bool,
    known_runs: tuple[int | None, int],
) -> tuple[str, ...]:
    """Why a replay may differ from its run: one sentence per cause, the most likely first.

    ``only_rounding``: only the last digits differ. ``known_runs``: number of published runs that
    the run recorded, and that the replay used.
    """
    causes = []
    recorded, shown = known_runs
    if recorded is not None and recorded != shown:
        causes.append(
            f"The run knew of {recorded} published runs, the replay knows of {shown}: another run "
            "was published at the same time, or rows of the table runs were deleted."
        )
    if before.code and before.code != now.code:
        causes.append(
            f"The run was computed by modelwatch {before.code}, this is {now.code}. Replay it with "
            "that version to rule out this cause."
        )
    changed = [
        f"{name} {version} before, {now.libraries.get(name, 'none')} now"
        for name, version in sorted(before.libraries.items())
        if now.libraries.get(name) != version
    ]
    if changed:
        causes.append(f"Libraries differ: {'; '.join(changed)}.")
    if only_rounding:
        causes.append(
            "Only the last digits differ: floating-point sums were computed in a different order, "
            "as with a different number of cores or partitions."
        )
    if not before.code:
        causes.append("The run is from a release that did not record code and libraries.")
    if not causes:
        causes.append(
            "Code, libraries, and table versions are those of the run. Rows of the output may have "
            "been changed by hand, or a table without versions may have changed."
        )
    return tuple(causes)
