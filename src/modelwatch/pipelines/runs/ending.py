"""The end of a run in which something dies: within bounded time, with a message and its row."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timezone
from threading import Thread, current_thread, main_thread
from typing import Any

from pyspark.sql import SparkSession

from modelwatch.io.failures import with_remedy
from modelwatch.io.session.environment import code_version, libraries
from modelwatch.io.session.late_row import LateRow
from modelwatch.io.session.spark_session import opened_here
from modelwatch.io.session.vital_signs import VitalSigns
from modelwatch.io.session.watchdog import Watchdog, Watched
from modelwatch.io.store.output_tables import Store
from modelwatch.log import LOG, log_of_run
from modelwatch.model.config.configuration import (
    MonitorConfig,
    config_fingerprint,
    evaluation_fingerprint,
    labels_fingerprint,
    performance_fingerprint,
    states_fingerprint,
)
from modelwatch.model.errors import ProblemsError
from modelwatch.model.runs.exit_codes import EXIT_FAILED
from modelwatch.model.runs.lost_runs import RunLostError, remedy_after_death, signaled
from modelwatch.model.runs.progress import StallLimits
from modelwatch.pipelines.runs.run import Run


@contextmanager
def ending(
    run: Run, store: Store, config: MonitorConfig, text: str, as_of: date
) -> Iterator[Watchdog]:
    """A block in which a run is watched, so that it ends whatever dies.

    What died is raised as RunLostError. By then the row of the run is written, by a separate Spark
    session if necessary. If nothing else can release a thread of the run, the process exits with
    code 2, provided that it opened the session itself.
    """
    signs = VitalSigns(run.spark)

    def write_row(message: str) -> None:
        row = row_without_spark(run, config, text, as_of, message)
        failure = LateRow(config.output, row, signs.settings).write()
        if failure is not None:
            LOG.warning("could not record in table runs that the run failed: %s", failure)

    watched = Watched(
        stages=lambda: tuple(run.going_on),
        marks=lambda: len(run.stages) + len(run.outputs),
        write_row=write_row,
        own_process=opened_here(run.spark),
    )
    with (
        log_of_run(run.run_id),
        Watchdog(signs, config.progress, watched) as watchdog,
        _stopped_by_signals(watchdog),
    ):
        try:
            yield watchdog
        except Exception as error:
            message = None if watchdog.left else _death(watchdog, error)
            # The row for any other error is written where the run is known.
            if message is None:
                raise
            if watchdog.leave(message):
                watchdog.cancel()
                row = row_without_spark(run, config, text, as_of, message)
                leave(watchdog, store, row)
            raise RunLostError(message) from error


@contextmanager
def _stopped_by_signals(watchdog: Watchdog) -> Iterator[None]:
    """A block in which SIGTERM and the first SIGINT end the run with its row, if the process is its
    own. A second SIGINT interrupts the process."""
    if not watchdog.watched.own_process or current_thread() is not main_thread():
        yield
        return

    def stop(number: int, frame: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        what = signaled(signal.Signals(number).name)
        Thread(target=watchdog.stop, args=(what,), name="modelwatch stops", daemon=True).start()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def watched(spark: SparkSession, limits: StallLimits, command: str) -> Iterator[None]:
    """A block of a command that writes no row of a run, but is watched like one. What died is
    raised as RunLostError."""
    target = Watched(
        stages=lambda: (command,),
        marks=lambda: 0,
        write_row=lambda message: None,
        own_process=opened_here(spark),
    )
    with Watchdog(VitalSigns(spark), limits, target) as watchdog:
        try:
            yield
        except Exception as error:
            message = _death(watchdog, error)
            if message is None:
                raise
            watchdog.leave(message)
            raise RunLostError(message) from error


def _death(watchdog: Watchdog, error: Exception) -> str | None:
    """What died in a block that ends with an error, and what to do; None for other errors."""
    message = watchdog.lost(error)
    if message is None and remedy_after_death(str(error)):
        message = with_remedy(error)
    return None if isinstance(error, ProblemsError) else message


def leave(watchdog: Watchdog, store: Store, row: Mapping[str, Any]) -> None:
    """Write the row of a failed run. If that fails as well, the first error counts."""
    if watchdog.usable():
        try:
            # The table or its folder may not exist yet.
            store.prepare(("runs",))
            store.publish(row)
            return
        except Exception as error:
            if watchdog.usable():
                message = "could not record in table runs that the run failed: %s"
                LOG.warning(message, with_remedy(error))
                return
    watchdog.write_apart()


def row_without_spark(
    run: Run, config: MonitorConfig, text: str, as_of: date, message: str
) -> dict[str, Any]:
    """The row of a failed run, as far as known without Spark."""
    return {
        "monitor": config.monitor,
        "run_id": run.run_id,
        "started_at": run.started_at,
        "finished_at": datetime.now(timezone.utc),
        "outcome": "failed",
        "exit_code": EXIT_FAILED,
        "message": message,
        "as_of": as_of,
        "config_yaml": text,
        "config_fingerprint": config_fingerprint(config),
        "states_fingerprint": states_fingerprint(config),
        "evaluation_fingerprint": evaluation_fingerprint(config),
        "labels_fingerprint": labels_fingerprint(config),
        "performance_fingerprint": performance_fingerprint(config),
        "code_version": code_version(),
        "libraries": [{"name": n, "version": v} for n, v in libraries().items()],
        "spark_session": run.session_row,
        "stages": [{"stage": name, "seconds": seconds} for name, seconds in run.stages],
    }
