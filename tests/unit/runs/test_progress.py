"""When a run is said to make progress, and when it is said to stall."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.model.runs.progress import (
    ProgressSample,
    ProgressVerdict,
    Quiet,
    StallLimits,
    moved,
)

LIMITS = StallLimits(stall_seconds=300, executor_stall_seconds=1800)
IDLE = ProgressSample({"stage 1 numCompleteTasks": 3, "marks": 2}, {10: 50.0, 11: 7.0})

steps = st.floats(0.5, 30.0)
counters = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 10**12), min_size=1)


def followed(samples: list[ProgressSample], seconds: float) -> list[ProgressVerdict]:
    """The verdict after each sample but the first, a fixed time apart."""
    quiet, verdicts = Quiet(samples[0]), []
    for sample in samples[1:]:
        quiet = quiet.after(sample, seconds)
        verdicts.append(quiet.verdict(LIMITS))
    return verdicts


@given(st.lists(counters, min_size=2, max_size=60), steps, st.booleans())
def test_a_run_is_never_stalled_while_any_counter_moves(
    seen: list[dict[str, int]], seconds: float, hidden: bool
) -> None:
    moving = [seen[0], *(now for before, now in pairwise(seen) if now != before)]
    changing = [one for one, after in pairwise([*moving, {}]) if one != after]
    samples = [ProgressSample(one, {}, hidden) for one in changing]
    assert all(verdict is ProgressVerdict.MOVING for verdict in followed(samples, seconds))


@given(st.floats(0.06, 4.0), steps, st.integers(2, 200))
def test_a_run_is_never_stalled_while_a_process_computes(
    cores: float, seconds: float, count: int
) -> None:
    samples = [ProgressSample(IDLE.counters, {10: cores * seconds * i}) for i in range(count)]
    assert all(verdict is ProgressVerdict.MOVING for verdict in followed(samples, seconds))


@given(counters, st.floats(0.0, 0.04), steps, st.booleans())
def test_a_run_is_stalled_exactly_when_nothing_moved_for_its_limit(
    seen: dict[str, int], idle_share: float, seconds: float, hidden: bool
) -> None:
    limit = 1800 if hidden else 300
    count = int(limit / seconds) + 3
    samples = [ProgressSample(seen, {10: idle_share * seconds * i}, hidden) for i in range(count)]
    verdicts = followed(samples, seconds)
    passed = [seconds * (i + 1) for i in range(len(verdicts))]
    # Sums of floating-point steps may miss a limit by a rounding error.
    for verdict, now in zip(verdicts, passed, strict=True):
        if now >= limit * (1 + 1e-9):
            assert verdict is ProgressVerdict.STALLED
        elif now < limit * (1 - 1e-9):
            assert verdict is not ProgressVerdict.STALLED
    assert verdicts[-1] is ProgressVerdict.STALLED


def test_half_of_the_limit_is_quiet() -> None:
    assert Quiet(IDLE, 149.0).verdict(LIMITS) is ProgressVerdict.MOVING
    assert Quiet(IDLE, 150.0).verdict(LIMITS) is ProgressVerdict.QUIET
    assert Quiet(IDLE, 299.0).verdict(LIMITS) is ProgressVerdict.QUIET


def test_one_movement_begins_the_count_anew() -> None:
    later = ProgressSample({**IDLE.counters, "stage 1 numCompleteTasks": 4}, IDLE.processor_seconds)
    assert Quiet(IDLE, 299.0).after(later, 15.0).seconds == 0.0


def test_after_a_thread_of_java_has_died_a_tenth_of_the_time_is_enough() -> None:
    dead = ProgressSample(IDLE.counters, dead_threads=("writer: OutOfMemoryError",))
    assert Quiet(dead, 29.0).verdict(LIMITS) is not ProgressVerdict.STALLED
    assert Quiet(dead, 30.0).verdict(LIMITS) is ProgressVerdict.STALLED


def test_a_dead_thread_shortens_nothing_while_tasks_compute_out_of_sight() -> None:
    dead = ProgressSample(IDLE.counters, hidden=True, dead_threads=("cleaner: OutOfMemoryError",))
    assert Quiet(dead, 800.0).verdict(LIMITS) is ProgressVerdict.MOVING


def test_a_dead_thread_does_not_stop_what_still_moves() -> None:
    dead = ProgressSample(IDLE.counters, {10: 50.0}, dead_threads=("writer: OutOfMemoryError",))
    working = ProgressSample(IDLE.counters, {10: 60.0}, dead_threads=dead.dead_threads)
    assert Quiet(dead, 29.0).after(working, 15.0).verdict(LIMITS) is ProgressVerdict.MOVING


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ({10: 1.0, 11: 5.0}, {10: 1.0}, False),
        ({10: 1.0}, {10: 1.0, 11: 2.0}, True),
        ({10: 1.0, 11: 9.0}, {10: 1.8}, True),
        ({10: 1.0}, {10: 1.7}, False),
    ],
    ids=["a process ended", "a process began", "one ended, one computed", "idle"],
)
def test_processor_time_is_that_of_processes_that_live(
    before: dict[int, float], now: dict[int, float], expected: bool
) -> None:
    assert moved(ProgressSample({}, before), ProgressSample({}, now), 15.0) is expected
