"""Whether a run makes progress, from samples of its counters, and how long it may go without
progress."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from pydantic import Field

from modelwatch.model.config.section import Section

LEAST_PROCESSOR_SHARE = 0.05
"""Processor time, as a share of one core, that counts as progress. An idle Java with its heartbeats
and the queries of the watchdog uses 1 to 2%. A task that computes uses most of a core, or its share
of one on a busy machine."""
_DEAD_THREAD_SHARE = 0.1


class StallLimits(Section):
    """When a run that makes no progress is ended: exit code 2, and outcome `failed` in `runs`.
    Progress means completed tasks and jobs; rows and bytes read, written, or shuffled; or processor
    time of the JVM and its Python workers. A slow run is not ended."""

    stall_seconds: int = Field(
        default=300,
        ge=1,
        le=86_400,
        description="Seconds without progress after which the run is ended. A warning is logged "
        "after half of it.",
    )
    executor_stall_seconds: int = Field(
        default=1800,
        ge=1,
        le=86_400,
        description="The same while tasks run on other machines, whose processor time the driver "
        "cannot see, while tasks wait for executors, and on Spark Connect. A task may "
        "compute for a while between two rows that it reads.",
    )


class ProgressVerdict(Enum):
    """The state of a run: it makes progress, has been quiet for half of its limit, or for all of
    it."""

    MOVING = "moving"
    QUIET = "quiet"
    STALLED = "stalled"


@dataclass(frozen=True)
class ProgressSample:
    """What is known about a run at one moment.

    ``counters``: anything that changes when work is done. ``processor_seconds``: used so far, by
    process id. ``hidden``: whether tasks may be computing where processor time cannot be seen.
    ``dead_threads``: threads of Java that died of an unhandled error.
    """

    counters: Mapping[str, int] = field(default_factory=dict)
    processor_seconds: Mapping[int, float] = field(default_factory=dict)
    hidden: bool = False
    dead_threads: tuple[str, ...] = ()


@dataclass(frozen=True)
class Quiet:
    """The number of consecutive seconds without progress, and the last sample."""

    sample: ProgressSample
    seconds: float = 0.0

    def after(self, sample: ProgressSample, elapsed_seconds: float) -> Quiet:
        """The state one sample later."""
        if moved(self.sample, sample, elapsed_seconds):
            return Quiet(sample)
        return replace(self, sample=sample, seconds=self.seconds + elapsed_seconds)

    def verdict(self, limits: StallLimits) -> ProgressVerdict:
        """The state under the given limits."""
        limit = limit_seconds(self.sample, limits)
        if self.seconds >= limit:
            return ProgressVerdict.STALLED
        return ProgressVerdict.QUIET if self.seconds >= limit / 2 else ProgressVerdict.MOVING


def moved(before: ProgressSample, now: ProgressSample, elapsed_seconds: float) -> bool:
    """Whether work was done between two samples."""
    if before.counters != now.counters:
        return True
    # A process that has ended no longer counts; a new one counts with all of its processor time.
    used = sum(
        max(0.0, seconds - before.processor_seconds.get(process, 0.0))
        for process, seconds in now.processor_seconds.items()
    )
    return used > 0 and used >= LEAST_PROCESSOR_SHARE * elapsed_seconds


def limit_seconds(sample: ProgressSample, limits: StallLimits) -> float:
    """Seconds without progress after which a run in this condition is ended.

    After a Java thread has died, a tenth of the usual limit, because something probably waits for
    it.
    """
    if sample.hidden:
        return float(limits.executor_stall_seconds)
    return limits.stall_seconds * (_DEAD_THREAD_SHARE if sample.dead_threads else 1.0)
