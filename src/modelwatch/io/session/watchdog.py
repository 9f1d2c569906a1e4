"""Threads that check a run for progress, and end it if there is none."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from types import TracebackType
from typing import TypeVar

from modelwatch.capabilities import OUT_OF_REACH
from modelwatch.io.delta.locks import awaited_locks
from modelwatch.io.session.vital_signs import Answer, VitalSigns
from modelwatch.io.terminal import print_error
from modelwatch.log import LOG
from modelwatch.model.runs.exit_codes import EXIT_FAILED
from modelwatch.model.runs.lost_runs import (
    APPLICATION_ENDED,
    CONNECTION_BROKEN,
    Symptoms,
    java_end,
    sentence,
)
from modelwatch.model.runs.progress import (
    ProgressSample,
    ProgressVerdict,
    Quiet,
    StallLimits,
    limit_seconds,
)
from modelwatch.query_failures import is_broken_connection

RELEASE_SECONDS = 20.0
"""Maximum time for the run to notice that its jobs were canceled."""
CUT_SECONDS = 5.0
"""The same after its connections to the JVM were closed."""
ROW_SECONDS = 60.0
"""Maximum time for a remaining Spark to write the row of the run, unless a stall takes longer."""
_JAVA_END_SECONDS = 3.0
"""Maximum time between a broken connection and the end of the process behind it."""
_QUESTION_SECONDS = 10.0
"""Maximum waiting time for one answer of the JVM, such as a dump of its threads."""
_LONGEST_INTERVAL, _SHORTEST_INTERVAL = 15.0, 1.0

Result = TypeVar("Result")


@dataclass(frozen=True)
class Watched:
    """What a watchdog needs to know about a run.

    ``stages`` that are active, and ``marks`` that change when the run makes progress outside of
    Spark. ``write_row`` writes the row of the failed run without its Spark, given the message.
    ``own_process``: whether the process may be ended with the run.
    """

    stages: Callable[[], tuple[str, ...]]
    marks: Callable[[], int]
    write_row: Callable[[str], None]
    own_process: bool = False


@dataclass
class Watchdog:
    """Watches a run during its block, in separate threads.

    If nothing happens for the time given by ``limits``, it cancels the Spark jobs, so that the
    thread of the run continues with an error. If it does not, its connections to the JVM are
    closed. If it still waits, and the process may be ended, the row is written and the process
    exits with code 2.
    """

    signs: VitalSigns
    limits: StallLimits
    watched: Watched
    message: str | None = None
    """Why the run is ended; None while it continues."""
    _left: Event = field(default_factory=Event)
    _done: Event = field(default_factory=Event)
    _claim: Lock = field(default_factory=Lock)
    _answer: Answer | None = None
    _own_seconds: dict[str, float] = field(default_factory=dict)
    _last_words: str = ""
    _apart: bool = False
    _written: bool = False
    _asked_at: float | None = None

    def __enter__(self) -> Watchdog:
        """Begin to watch."""
        self._interval = min(
            max(self.limits.stall_seconds / 20, _SHORTEST_INTERVAL), _LONGEST_INTERVAL
        )
        Thread(target=self._ask, name="modelwatch asks", daemon=True).start()
        Thread(target=self._watch, name="modelwatch watches", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop watching."""
        self._done.set()

    def leave(self, message: str) -> bool:
        """Report that the thread of the run is back and writes the row, for which it gets its time.

        False if the row is written already. If the process is being ended, it never returns.
        """
        with self._claim:
            if self._left.is_set() or self._written:
                return False
            self._last_words = self.message or message
            self._left.set()
            return True

    @property
    def left(self) -> bool:
        """Whether the thread of the run has reported back."""
        return self._left.is_set()

    def cancel(self) -> None:
        """Cancel remaining jobs of the run, which would delay its row."""
        _bounded(self.signs.cancel)

    def write_apart(self) -> None:
        """Write the row without the Spark of the run, in the thread of the run."""
        self._apart = True
        self.watched.write_row(self._last_words)

    def lost(self, error: BaseException) -> str | None:
        """What died in the run, if the error comes from that; None for other errors."""
        if self.message is not None or not isinstance(error, OUT_OF_REACH):
            return self.message
        # A broken response may be the first sign that the JVM has died.
        end = time.monotonic() + _JAVA_END_SECONDS
        broken = is_broken_connection(error)
        while broken and not self.signs.java_ended() and time.monotonic() < end:
            time.sleep(0.1)
        if self.signs.java_ended():
            return sentence(self._ended(java_end(self.signs.java_exit_code())))
        if broken:
            return sentence(self._ended(CONNECTION_BROKEN))
        return None if self.usable() else sentence(self._ended(APPLICATION_ENDED))

    def usable(self) -> bool:
        """Whether Spark still accepts a query; False if it does not answer in time."""
        return not self.signs.java_ended() and bool(_bounded(self.signs.usable))

    def _ask(self) -> None:
        """Query Spark repeatedly: only this thread waits if it does not answer."""
        while not self._done.is_set():
            try:
                self._asked_at = time.monotonic()
                self._answer = self.signs.answer()
            except OUT_OF_REACH:
                # The other thread decides what that means, from the responses that are missing.
                self._answer = None
            self._asked_at = None
            self._own_seconds["ask"] = time.thread_time()
            self._done.wait(self._interval)

    def _watch(self) -> None:
        quiet, seen_at, warned = Quiet(self._sample(None)), time.monotonic(), False
        reported: tuple[str, ...] = ()
        while not self._done.wait(self._interval) and self.message is None:
            if self._left.is_set():
                self._await_row()
                return
            now = time.monotonic()
            # Time in which the machine or process was suspended does not count.
            elapsed, seen_at = min(now - seen_at, 2 * self._interval), now
            quiet = quiet.after(self._sample(quiet.sample), elapsed)
            if quiet.sample.dead_threads != reported:
                reported = quiet.sample.dead_threads
                LOG.warning("a Java thread died: %s", "; ".join(reported))
            verdict = quiet.verdict(self.limits)
            if verdict is ProgressVerdict.QUIET and not warned:
                self._warn(quiet)
            warned = verdict is not ProgressVerdict.MOVING
            if self.signs.java_ended():
                self._end(self._ended(java_end(self.signs.java_exit_code())))
                return
            if verdict is ProgressVerdict.STALLED:
                self._end(self._symptoms(quiet))
                return

    def _sample(self, before: ProgressSample | None) -> ProgressSample:
        answer, signs = self._answer, self.signs
        # While Spark does not respond, its last counters are used.
        of_spark = answer.counters if answer else {} if before is None else before.counters
        locks = {f"lock {table}": moment for table, moment in awaited_locks().items()}
        seen = signs.processes()
        used = {one.process_id: one.processor_seconds for one in (seen or {}).values()}
        # The processor time of this thread is not progress.
        self._own_seconds["watch"] = time.thread_time()
        if os.getpid() in used:
            used[os.getpid()] -= sum(self._own_seconds.values())
        elsewhere = not signs.local and answer is not None and bool(answer.counters)
        return ProgressSample(
            {**of_spark, **locks, "marks": self.watched.marks()},
            used,
            hidden=signs.java_id is None or seen is None or elsewhere,
            dead_threads=answer.dead_threads if answer else (),
        )

    def _warn(self, quiet: Quiet) -> None:
        stages = ", ".join(self.watched.stages()) or "the run"
        message = "%s: no progress for %.0f s; the run ends after %.0f s without progress"
        LOG.warning(message, stages, quiet.seconds, limit_seconds(quiet.sample, self.limits))

    def _symptoms(self, quiet: Quiet) -> Symptoms:
        asked_at = self._asked_at
        silent = asked_at is not None and time.monotonic() - asked_at > _QUESTION_SECONDS
        answer = self._answer or Answer()
        can_ask = self.signs.at_hand and not silent
        seen = self.signs.processes() or {}
        return Symptoms(
            stages=self.watched.stages(),
            quiet_seconds=quiet.seconds,
            java_answers=not silent,
            dead_threads=answer.dead_threads,
            stopped=tuple(sorted(one.process_id for one in seen.values() if one.stopped)),
            waiting_for_python=(_bounded(self.signs.waiting_for_python) or 0) if can_ask else 0,
            tasks=answer.tasks,
            executors=answer.executors if answer.counters else None,
            awaited=tuple(sorted(awaited_locks())),
        )

    def stop(self, what: str) -> None:
        """End the run as if something had died, such as on a signal."""
        self._end(self._ended(what))

    def _ended(self, what: str) -> Symptoms:
        return Symptoms(self.watched.stages(), ended=what)

    def _end(self, symptoms: Symptoms) -> None:
        """Let the thread of the run continue with an error, otherwise end the run without it."""
        with self._claim:
            if self.message is not None or self._left.is_set():
                return
            self.message = self._last_words = sentence(symptoms)
        LOG.error("the run is being ended: %s", self.message.partition(". ")[0])
        Thread(target=self._cancel, name="modelwatch cancels", daemon=True).start()
        if not self._left.wait(RELEASE_SECONDS) and not self._done.is_set():
            LOG.error("the run did not end with its jobs; closing its connections to the JVM")
            self.signs.cut_connections()
            self._left.wait(CUT_SECONDS)
        if self._left.is_set() or self._done.is_set():
            self._await_row()
        else:
            self._end_without_it()

    def _cancel(self) -> None:
        # Other threads of the run may start jobs until they notice that one has failed.
        while not (self._left.is_set() or self._done.is_set()):
            try:
                self.signs.cancel()
            except OUT_OF_REACH:
                return
            self._left.wait(1.0)

    def _await_row(self) -> None:
        seconds = max(ROW_SECONDS, self.limits.stall_seconds)
        if not self._done.wait(seconds) and not self._apart:
            LOG.error("the row of the run was not written within %.0f s", seconds)
            self._end_without_it()

    def _end_without_it(self) -> None:
        """Write the row and end the process, whatever its other threads wait for."""
        with self._claim:
            if self.watched.own_process and (self.signs.started_java or not self.usable()):
                self.signs.kill_java()
            self._written = True
            self.watched.write_row(self._last_words)
            if not self.watched.own_process:
                LOG.error("%s", self._last_words)
                return
            with suppress(OSError):
                print_error(self._last_words, flush=True)
                sys.stdout.flush()
            os._exit(EXIT_FAILED)


def _bounded(question: Callable[[], Result]) -> Result | None:
    """The answer of the JVM to a call; None if it fails or takes too long."""
    answers: list[Result] = []

    def ask() -> None:
        with suppress(*OUT_OF_REACH):
            answers.append(question())

    asking = Thread(target=ask, name="modelwatch asks once", daemon=True)
    asking.start()
    asking.join(_QUESTION_SECONDS)
    return answers[0] if answers else None
