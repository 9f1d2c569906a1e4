"""The cost of a plan, from what tables and stored bins show without a query."""

from __future__ import annotations

from modelwatch.model.planning.cost_summary import cost_line, cost_summary, slice_summary
from modelwatch.model.planning.description import describe
from modelwatch.model.planning.plan import Plan
from modelwatch.model.planning.workload import KnownSizes, Workload, workload_of
from modelwatch.pipelines.sources.frames import Sources
from modelwatch.pipelines.states.day_states import StatesOf


def plan_text(sources: Sources, plan: Plan) -> str:
    """A plan in words, and its cost."""
    if plan.nothing_to_do:
        return describe(plan)
    return describe(plan) + cost_text(sources, plan)


def cost_text(sources: Sources, plan: Plan) -> str:
    """The lines of a plan about its cost, and about the features by which it slices."""
    config = sources.config
    return slice_summary(config, plan.features) + cost_summary(_workload(sources, plan))


def estimate_line(sources: Sources, plan: Plan, states: StatesOf) -> str:
    """The estimate for a run whose bins are known, in one line."""
    return cost_line(_workload(sources, plan, states))


def _workload(sources: Sources, plan: Plan, states: StatesOf | None = None) -> Workload:
    config = sources.config
    rows = _rows_per_day(sources, plan)
    if states is None:
        return workload_of(config, plan, KnownSizes(rows))
    splits = states.plan((), config.segments).segmentations
    bins = {key: binning.length for key, binning in states.bins.items()}
    segments = {split.name: max(1, len(split.segments)) for split in splits}
    return workload_of(config, plan, KnownSizes(rows, bins, segments))


def _rows_per_day(sources: Sources, plan: Plan) -> float | None:
    """Rows of the inputs per day with data, over all days; None if the log does not contain it."""
    days = next((one.present for one in plan.sources if one.role == "inputs"), None)
    if not days:
        return None
    rows = sources.opened["inputs"].volume(days).rows
    return None if rows is None else rows / len(days)
