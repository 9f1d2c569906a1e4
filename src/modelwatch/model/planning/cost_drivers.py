"""Cost drivers: the parts of a run's work that the configuration can omit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from modelwatch.model.plain_text import counted
from modelwatch.model.planning.cost import Cost, cost_of
from modelwatch.model.planning.workload import (
    LabelWork,
    SplitSize,
    WindowCount,
    Workload,
    segmentation_slice,
)

Measure = Callable[[Cost], float]


@dataclass(frozen=True)
class CostDriver:
    """A part of a workload, and the workload without it. ``key``: its configuration key."""

    what: str
    key: str
    without: Workload


@dataclass(frozen=True)
class CostShare:
    """A driver, and the share of the cost (0 to 1) that a run without it saves."""

    cause: CostDriver
    saved: float


def shares_of(work: Workload, measure: Measure) -> tuple[CostShare, ...]:
    """Every driver with what a run without it saves, the largest first.

    Shares of several drivers overlap: a segmentation is evaluated in every window.
    """
    whole = measure(cost_of(work))
    if whole <= 0:
        return ()
    shares = [CostShare(c, 1.0 - measure(cost_of(c.without)) / whole) for c in drivers_of(work)]
    return tuple(sorted(shares, key=lambda share: -share.saved))


def drivers_of(work: Workload) -> Iterator[CostDriver]:
    """Every part that can be omitted, each alone."""
    for split in work.splits:
        yield CostDriver(f"segmentation {split.name}", "segments", _without_split(work, split))
    for name in dict.fromkeys(window.name for window in _all_windows(work)):
        yield CostDriver(f"window {name}", "windows", _without_window(work, name))
    for at, reference in enumerate(work.references):
        before, after = work.references[:at], work.references[at + 1 :]
        if reference.segments and work.splits:
            alone = (*before, replace(reference, segments=False), *after)
            what = f"segments against {reference.name}"
            yield CostDriver(what, f"references[{at}].segments", replace(work, references=alone))
        if not reference.carries_bins:
            what = f"reference {reference.name}"
            yield CostDriver(what, "references", replace(work, references=(*before, *after)))
    if work.pair_features > 1:
        yield CostDriver("pairs of features", "pairs.max_features", replace(work, pair_features=0))
    if work.labels is not None:
        yield from _of_labels(work, work.labels)


def _of_labels(work: Workload, labels: LabelWork) -> Iterator[CostDriver]:
    segments = {segmentation_slice(split.name) for split in work.splits}
    own = {name: slices for name, slices in labels.slices.items() if name in segments}
    sliced = len(labels.slices) - len(own)
    if sliced:
        without = replace(labels, slices=own)
        what = f"slices of {counted(sliced, 'feature')}"
        yield CostDriver(what, "performance.slices", replace(work, labels=without))
    if labels.due_by_row:
        without = replace(labels, due_by_row=False, waiting_days=0)
        yield CostDriver("a due date per row", "labels.due", replace(work, labels=without))
    if labels.challengers:
        without = replace(labels, challengers=0)
        what = counted(labels.challengers, "challenger")
        yield CostDriver(what, "challengers", replace(work, labels=without))


def _all_windows(work: Workload) -> tuple[WindowCount, ...]:
    return (*work.windows, *(work.labels.windows if work.labels is not None else ()))


def _without_split(work: Workload, split: SplitSize) -> Workload:
    labels = work.labels
    if labels is not None:
        name = segmentation_slice(split.name)
        slices = {key: held for key, held in labels.slices.items() if key != name}
        labels = replace(labels, slices=slices)
    return replace(work, splits=tuple(s for s in work.splits if s != split), labels=labels)


def _without_window(work: Workload, name: str) -> Workload:
    labels = work.labels
    if labels is not None:
        labels = replace(labels, windows=_but(labels.windows, name))
    return replace(work, windows=_but(work.windows, name), labels=labels)


def _but(windows: tuple[WindowCount, ...], name: str) -> tuple[WindowCount, ...]:
    return tuple(window for window in windows if window.name != name)
