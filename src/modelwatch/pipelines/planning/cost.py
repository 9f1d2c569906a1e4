"""The cost of what a run is asked, from what tables and stored bins tell without a query."""

from __future__ import annotations

from modelwatch.model.planning.cost_summary import cost_line, cost_summary, slice_summary
from modelwatch.model.planning.description import describe
from modelwatch.model.planning.plan import Plan
from modelwatch.model.planning.workload import KnownSizes, Workload, workload_of
from modelwatch.pipelines.runs.run import Request
from modelwatch.pipelines.sources.frames import Sources
from modelwatch.pipelines.states.day_states import StatesOf


def plan_text(request: Request) -> str:
    """A plan in words, and what it costs."""
    plan = request.plan
    if plan.nothing_to_do:
        return describe(plan)
    return describe(plan) + cost_text(request.sources, plan)


def cost_text(sources: Sources, plan: Plan) -> str:
    """The lines of a plan that say what it costs, and by which features it slices."""
    config = sources.config
    return slice_summary(config, plan.features) + cost_summary(_workload(sources, plan))


def estimate_line(request: Request, states: StatesOf) -> str:
    """The estimate of a run whose bins are known, in one line."""
    return cost_line(_workload(request.sources, request.plan, states))


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
    """Rows of the inputs on a day with data, of all days; None where the log does not tell."""
    days = next((one.present for one in plan.sources if one.role == "inputs"), None)
    if not days:
        return None
    rows = sources.opened["inputs"].volume(days).rows
    return None if rows is None else rows / len(days)
