"""How a watchdog ends a run, against a Spark that is played."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

import pytest
from py4j.protocol import Py4JError, Py4JNetworkError

from modelwatch.io.delta.addresses import Place
from modelwatch.io.delta.locks import awaited_locks, table_lock
from modelwatch.io.session import watchdog
from modelwatch.io.session.processes import Process, descendants, processes
from modelwatch.io.session.vital_signs import Answer
from modelwatch.io.session.watchdog import Watchdog, Watched
from modelwatch.model.runs.progress import StallLimits

LIMITS = StallLimits(stall_seconds=1)
BOUND_SECONDS = 20.0


@dataclass
class PlayedSigns:
    """A Spark in local mode that does nothing, until something releases whoever waits for it."""

    released_by: str = "cancel"
    silent: bool = False
    exit_code: int | None = None
    stopped: bool = False
    local: bool = True
    at_hand: bool = True
    java_id: int | None = 1
    started_java: bool = True
    released: Event = field(default_factory=Event)
    done: list[str] = field(default_factory=list)

    def answer(self) -> Answer:
        if self.silent:
            Event().wait()
        return Answer({"job 1": 1}, tasks=1)

    def processes(self) -> dict[int, Process]:
        return {}

    def waiting_for_python(self) -> int:
        return 1

    def java_exit_code(self) -> int | None:
        return self.exit_code

    def java_ended(self) -> bool:
        return self.exit_code is not None

    def usable(self) -> bool:
        return not self.stopped

    def cancel(self) -> None:
        self._do("cancel")

    def cut_connections(self) -> None:
        self._do("cut")

    def kill_java(self) -> None:
        self._do("kill")

    def _do(self, what: str) -> None:
        if what not in self.done:
            self.done.append(what)
        if what == self.released_by:
            self.released.set()


@contextmanager
def watching(signs: PlayedSigns, written: list[str], marks: Any = lambda: 0) -> Iterator[Watchdog]:
    watched = Watched(lambda: ("states",), marks, written.append)
    with Watchdog(signs, LIMITS, watched) as dog:  # type: ignore[arg-type]
        yield dog


@pytest.fixture(autouse=True)
def _short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RELEASE_SECONDS", "CUT_SECONDS", "ROW_SECONDS", "_JAVA_END_SECONDS"):
        monkeypatch.setattr(watchdog, name, 0.5)
    monkeypatch.setattr(watchdog, "_SHORTEST_INTERVAL", 0.1)


def test_a_run_that_stalls_is_released_by_the_end_of_its_jobs() -> None:
    signs, written = PlayedSigns(), []
    with watching(signs, written) as dog:
        assert signs.released.wait(BOUND_SECONDS)
        message = dog.lost(RuntimeError("the job was cancelled"))
        assert message is not None
        assert dog.leave(message)
    assert "no progress for 1 s in the stage states" in message
    assert signs.done == ["cancel"]
    assert not written


def test_a_run_that_its_jobs_do_not_release_loses_its_connections() -> None:
    signs = PlayedSigns(released_by="cut")
    with watching(signs, []) as dog:
        assert signs.released.wait(BOUND_SECONDS)
        assert dog.leave("")
    assert signs.done == ["cancel", "cut"]


def test_the_row_is_written_for_a_run_that_nothing_releases() -> None:
    signs, written = PlayedSigns(released_by="nothing"), []
    with watching(signs, written) as dog:
        end = time.monotonic() + BOUND_SECONDS
        while not written and time.monotonic() < end:
            time.sleep(0.05)
        assert written == [dog.message]
        # Should it come back after all, it writes no second one.
        assert not dog.leave("")


def test_a_spark_that_does_not_answer_is_a_stall_too() -> None:
    signs = PlayedSigns(silent=True)
    with watching(signs, []) as dog:
        assert signs.released.wait(BOUND_SECONDS)
        assert dog.leave("")


def test_a_row_that_spark_does_not_take_in_time_is_written_without_it() -> None:
    written: list[str] = []
    with watching(PlayedSigns(), written) as dog:
        assert dog.leave("the disk is full")
        end = time.monotonic() + BOUND_SECONDS
        while not written and time.monotonic() < end:
            time.sleep(0.05)
    assert written == ["the disk is full"]


def test_a_run_that_gets_on_is_left_alone() -> None:
    signs = PlayedSigns()
    with watching(signs, [], marks=time.monotonic_ns):
        assert not signs.released.wait(3.0)
    assert not signs.done


def test_an_error_that_the_run_shows_itself_stays_its_own() -> None:
    with watching(PlayedSigns(), []) as dog:
        assert dog.leave("the disk is full")
        assert dog.left
        assert dog.lost(ValueError("the disk is full")) is None


def test_the_end_of_java_is_what_a_broken_answer_is_reported_by() -> None:
    with watching(PlayedSigns(exit_code=52), []) as dog:
        wording = dog.lost(Py4JNetworkError("Answer from Java side is empty"))
    assert wording is not None
    assert wording.startswith("the Spark JVM ran out of memory (exit code 52)")


@pytest.mark.parametrize(
    "error", [ConnectionRefusedError(111, "refused"), Py4JError("An error occurred while calling")]
)
def test_a_connection_that_breaks_is_reported_where_java_lives(error: Exception) -> None:
    with watching(PlayedSigns(), []) as dog:
        assert "connection between Python and the Spark JVM broke" in str(dog.lost(error))


def test_an_application_that_was_ended_is_reported() -> None:
    with watching(PlayedSigns(stopped=True), []) as dog:
        assert "application ended" in str(dog.lost(RuntimeError("SparkContext was shut down")))


@pytest.mark.parametrize(
    "error", [ValueError("no such day"), RuntimeError("x"), Py4JError("calling o1.f. Trace:\nno f")]
)
def test_any_other_error_is_none_of_its_concern(error: Exception) -> None:
    with watching(PlayedSigns(), []) as dog:
        assert dog.lost(error) is None


def test_processes_are_seen_with_their_state_and_descent() -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(command) as child:
        try:
            os.kill(child.pid, signal.SIGSTOP)
            os.waitpid(child.pid, os.WUNTRACED)
            seen = processes()
            if seen is None:
                pytest.skip("this machine has no /proc")
            of_us = descendants(seen, [os.getpid()])
            assert of_us[child.pid].stopped
            assert not of_us[os.getpid()].stopped
            assert os.getppid() not in of_us
            assert of_us[os.getpid()].processor_seconds > 0
        finally:
            child.kill()


def test_whose_turn_it_is_shows_those_who_wait_that_it_lives(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelwatch.io.delta.locks._TOUCH_SECONDS", 0.05)
    place = Place(path=str(tmp_path / "runs"))
    waiting = (
        "import sys; from modelwatch.io.delta.locks import table_lock, Place\n"
        "with table_lock(Place(path=sys.argv[1])): print('mine', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", waiting, str(place.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    with other:
        assert other.stdout is not None
        other.stdout.readline()
        seen: list[int] = []

        def look() -> None:
            end = time.monotonic() + BOUND_SECONDS
            while len(set(seen)) < 2 and time.monotonic() < end:
                seen.extend(awaited_locks().values())
                time.sleep(0.05)
            assert other.stdin is not None
            other.stdin.close()

        looking = Thread(target=look)
        looking.start()
        with table_lock(place):
            looking.join()
    assert len(set(seen)) == 2
    assert not awaited_locks()
