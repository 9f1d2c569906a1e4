"""The cost of a plan in words: what it writes, how long it takes, and its main drivers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.performance.slices import sliced_features, unsliced_features
from modelwatch.model.planning.cost import Cost, cost_of
from modelwatch.model.planning.cost_drivers import CostShare, Measure, shares_of
from modelwatch.model.planning.workload import Workload
from modelwatch.model.profile.features import Feature

_MOST_STATE_BYTES = 4e9
"""Bytes of states in memory above which a plan warns."""
MOST_RESULT_ROWS = 20e6
MOST_SECONDS = 3600.0
"""Processor time of one core above which a plan warns."""
_FEWEST_SAVED = 0.05
_MOST_CAUSES = 3
_MOST_NAMES = 20


@dataclass(frozen=True)
class _CostItem:
    """A component of the cost, with its bound and its name in a warning."""

    what: str
    measure: Measure
    most: float


def _state_bytes(cost: Cost) -> float:
    return float(cost.state_bytes)


def _result_rows(cost: Cost) -> float:
    return float(cost.result_rows)


def _seconds(cost: Cost) -> float:
    return cost.seconds


_COST_ITEMS = (
    _CostItem("states", _state_bytes, _MOST_STATE_BYTES),
    _CostItem("results", _result_rows, MOST_RESULT_ROWS),
    _CostItem("time", _seconds, MOST_SECONDS),
)


def cost_summary(work: Workload) -> str:
    """The lines of a plan about its cost, with warnings; each ends with a newline."""
    cost = cost_of(work)
    lines_by_cause = {
        "states": f"{_states(cost)}",
        "results": f"{_results(cost)}",
        "time": f"about {_time(cost.seconds)} of one core, divided by the available cores",
    }
    most = "at most " if any(split.bound for split in work.splits) else ""
    lines = []
    for item in _COST_ITEMS:
        shares = _named(shares_of(work, item.measure))
        why = "; " + ", ".join(_saving(share) for share in shares) if shares else ""
        lines.append(("cost", f"{item.what}: {most}{lines_by_cause[item.what]}{why}"))
    if most:
        bounded = ", ".join(f"{s.name} {s.segments}" for s in work.splits if s.bound)
        lines.append(("cost", f"as many segments as max_values allows: {bounded}"))
    lines += [("warning", text) for text in warnings_of(work)]
    return "".join(f"  {what:<10} {text}\n" for what, text in lines)


def warnings_of(work: Workload) -> Iterator[str]:
    """What exceeds its bound in a run, and which keys reduce it by how much."""
    cost = cost_of(work)
    units = {"states": _bytes, "results": lambda n: f"{n:,.0f} rows", "time": _time}
    for item in _COST_ITEMS:
        found = item.measure(cost)
        if found <= item.most:
            continue
        unit = units[item.what]
        keys = ", ".join(
            f"{share.saved:.0%} less without {share.cause.what} (`{share.cause.key}`)"
            for share in _named(shares_of(work, item.measure))
        )
        yield (
            f"{item.what}: {unit(found)} is more than {unit(item.most)}"
            + (f"; {keys}" if keys else "")
            + "; --days FROM..TO computes a part"
        )


def slice_summary(config: MonitorConfig, features: Sequence[Feature]) -> str:
    """The lines about the features by which performance is kept, and those by which it is not."""
    if config.performance is None:
        return ""
    taken, left = sliced_features(config, features), unsliced_features(config, features)
    lines_by_cause = [f"performance by {len(taken)} of {len(taken) + len(left)} features"]
    if taken:
        lines_by_cause[0] += f": {_names(taken)}"
    if left:
        lines_by_cause.append(f"not by {_names(left)} (`performance.slices`)")
    return "".join(f"  {'slices':<10} {text}\n" for text in lines_by_cause)


def cost_line(work: Workload) -> str:
    """The estimate in one line, for the log."""
    cost = cost_of(work)
    rows = cost.feature_states.rows + cost.performance_states.rows
    return (
        f"estimated: {rows:,} rows of states ({_bytes(cost.state_bytes)}), {cost.result_rows:,} "
        f"rows of results, {_time(cost.seconds)} of processor time"
    )


def _states(cost: Cost) -> str:
    features, scores = cost.feature_states, cost.performance_states
    tables = [("feature_states", features), ("performance_states", scores)]
    named = [
        f"{one.rows:,} rows of {name} ({_bytes(one.bytes)})" for name, one in tables if one.rows
    ]
    return " and ".join(named) or "none"


def _results(cost: Cost) -> str:
    held = [f"{name} {rows:,}" for name, rows in cost.results.items() if rows]
    return f"{cost.result_rows:,} rows" + (f" ({', '.join(held)})" if held else "")


def _named(shares: Iterable[CostShare]) -> list[CostShare]:
    return [share for share in shares if share.saved >= _FEWEST_SAVED][:_MOST_CAUSES]


def _saving(share: CostShare) -> str:
    return f"{share.saved:.0%} less without {share.cause.what}"


def _names(features: Sequence[Feature]) -> str:
    shown = ", ".join(feature.name for feature in features[:_MOST_NAMES])
    more = len(features) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _bytes(count: float) -> str:
    if count >= 1e9:
        return f"{count / 1e9:,.1f} GB"
    return f"{count / 1e6:,.0f} MB" if count >= 1e6 else f"{count / 1e3:,.0f} kB"


def _time(seconds: float) -> str:
    if seconds >= 2 * 3600:
        return f"{seconds / 3600:,.0f} h"
    return f"{seconds / 60:,.0f} min" if seconds >= 120 else f"{seconds:,.0f} s"
