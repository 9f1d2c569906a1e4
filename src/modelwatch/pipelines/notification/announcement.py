"""The end of a published run: writing the report and delivering messages."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from modelwatch.io.failures import typed_message
from modelwatch.io.sinks.delivery import sink_of
from modelwatch.io.store.outbox import drain
from modelwatch.io.store.output_tables import Store
from modelwatch.io.store.result_queries import ResultQueries
from modelwatch.log import LOG
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.errors import ProblemsError
from modelwatch.model.notification.message_links import MessageLinks
from modelwatch.model.plain_text import LONGEST_WARNING, one_line, shortened
from modelwatch.model.runs.stages import Stage
from modelwatch.pipelines.report.pages import report
from modelwatch.pipelines.runs.run import Request, Run

_MUTE_DAYS = 7
"""Number of days of the mute that a message offers as a command."""


def announced(run: Run, store: Store, request: Request, config_path: str) -> str:
    """Write the report if configured, and deliver all messages that are due; the last lines of the
    output of the run.

    ``config_path``: the path of the configuration in commands. If the report cannot be written, a
    warning is printed, because the results are published.
    """
    lines = _reported(run, request.config, config_path)
    _deliver(run, store, request, config_path)
    return lines


def _reported(run: Run, config: MonitorConfig, config_path: str) -> str:
    if config.report is None:
        return ""
    try:
        with run.stage(Stage.REPORT, "writing the report"):
            report(
                ResultQueries(config.output, lambda: run.spark),
                config,
                config_path,
                Path(config.report.path),
            )
    except Exception as error:
        wording = str(error) if isinstance(error, ProblemsError) else typed_message(error)
        reason = shortened(one_line(wording), LONGEST_WARNING)
        LOG.warning("the report was not written: %s", reason)
        return f"The report was not written: {reason}\n"
    return f"Report: {MessageLinks(report=config.report.address).page()}\n"


def _deliver(run: Run, store: Store, request: Request, config_path: str) -> None:
    """Deliver the messages of this run, and earlier ones that could not be delivered."""
    config = request.config
    if not config.notify:
        return
    published = {run.run_id, *(row["run_id"] for row in request.history.runs)}
    until = request.plan.as_of + timedelta(days=_MUTE_DAYS)
    message_links = replace(_message_links(config, config_path), mute_until=until)
    sinks = [sink_of(choice, os.environ, message_links) for choice in config.notify]
    drain(run.spark, store, config.monitor, sinks, run.run_id, published)


def _message_links(config: MonitorConfig, config_path: str) -> MessageLinks:
    if config.report is None:
        return MessageLinks(config_path)
    pages = frozenset(page.name for page in Path(config.report.path).glob("*.html"))
    return MessageLinks(config_path, config.report.address, pages)
