"""Messages about a run that lost a process."""

from __future__ import annotations

import pytest

from modelwatch.model.runs.lost_runs import (
    APPLICATION_ENDED,
    CONNECTION_BROKEN,
    DIRECT_MEMORY,
    HEAP_MEMORY,
    MACHINE_MEMORY,
    Symptoms,
    java_end,
    remedy_after_death,
    sentence,
)

WRITER = (
    "stdout writer for python: OutOfMemoryError: Cannot reserve 8 bytes of direct buffer memory"
)


@pytest.mark.parametrize(
    ("symptoms", "what", "way"),
    [
        (Symptoms(dead_threads=(WRITER,), waiting_for_python=1), WRITER, DIRECT_MEMORY),
        (Symptoms(dead_threads=("x: OutOfMemoryError: Java heap space",)), "heap", HEAP_MEMORY),
        (Symptoms(ended=java_end(52)), "ran out of memory", HEAP_MEMORY),
        (Symptoms(ended=java_end(-9)), "was ended by signal 9", MACHINE_MEMORY),
        (Symptoms(ended=java_end(1)), "exited with code 1", MACHINE_MEMORY),
        (Symptoms(ended=java_end(None)), "the Spark JVM ended", MACHINE_MEMORY),
        (Symptoms(ended=CONNECTION_BROKEN), "connection", "run again"),
        (Symptoms(ended=APPLICATION_ENDED), "application ended", "cluster manager"),
        (Symptoms(stopped=(41, 42)), "stopped process 41, 42", "SIGSTOP"),
        (Symptoms(java_answers=False), "does not respond", MACHINE_MEMORY),
        (Symptoms(executors=0, tasks=0), "no executor", "cluster manager"),
        (Symptoms(waiting_for_python=2, tasks=2), "Python worker", "run again"),
        (Symptoms(awaited=("/out/runs",)), "writing /out/runs", "end the process"),
        (Symptoms(tasks=3), "3 Spark tasks are stuck", "storage"),
        (Symptoms(tasks=0), "no Spark task is active", "catalog"),
    ],
)
def test_a_sentence_says_what_died_and_what_to_do(symptoms: Symptoms, what: str, way: str) -> None:
    cause, _, advice = sentence(symptoms).partition("Fix: ")
    assert what in cause
    assert way in advice


def test_a_stall_is_reported_with_its_length_and_stage() -> None:
    wording = sentence(Symptoms(stages=("states", "performance"), quiet_seconds=300.4, tasks=1))
    assert wording.startswith(
        "the run made no progress for 300 s in the stage states, performance: "
    )


def test_what_has_ended_for_good_is_reported_before_its_traces() -> None:
    wording = sentence(Symptoms(ended=java_end(52), dead_threads=(WRITER,), stopped=(3,)))
    assert wording.startswith("the Spark JVM ran out of memory (exit code 52)")


def test_of_several_dead_threads_the_first_is_reported() -> None:
    wording = sentence(Symptoms(dead_threads=(WRITER, "other: Error", "third: Error")))
    assert WRITER in wording
    assert "and 2 more" in wording
    assert "other" not in wording


@pytest.mark.parametrize(
    ("said", "way"),
    [
        ("Python worker exited unexpectedly (crashed)", MACHINE_MEMORY),
        ("ExecutorLostFailure (executor 1 exited caused by one of the tasks)", MACHINE_MEMORY),
        ("java.lang.OutOfMemoryError: Java heap space", HEAP_MEMORY),
        (
            "java.lang.OutOfMemoryError: Cannot reserve 5 bytes of direct buffer memory",
            DIRECT_MEMORY,
        ),
        ("[PATH_NOT_FOUND] Path does not exist", None),
    ],
)
def test_an_error_of_a_task_that_died_has_its_way_out(said: str, way: str | None) -> None:
    assert remedy_after_death(said) == way
