"""The log of the package."""

from __future__ import annotations

import logging
from threading import Thread

import pytest

from modelwatch.log import LOG, log_of_run


def logged_in_a_thread(message: str) -> None:
    thread = Thread(target=LOG.info, args=(message,))
    thread.start()
    thread.join()


def test_every_line_of_a_run_has_its_id(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "modelwatch"), log_of_run("20130212T101500-1a2b"):
        LOG.info("computing %d days", 3)
    assert caplog.messages == ["20130212T101500-1a2b computing 3 days"]
    assert [record.run_id for record in caplog.records] == ["20130212T101500-1a2b"]


def test_lines_of_threads_that_a_run_has_started_have_its_id(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, "modelwatch"), log_of_run("r1"):
        logged_in_a_thread("beside")
    assert caplog.messages == ["r1 beside"]


def test_two_runs_at_once_are_not_taken_for_one_another(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, "modelwatch"), log_of_run("r1"), log_of_run("r2"):
        LOG.info("own")
        logged_in_a_thread("of either")
    assert caplog.messages == ["r2 own", "of either"]


def test_a_line_outside_of_runs_is_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "modelwatch"):
        LOG.info("starting Spark")
    assert caplog.messages == ["starting Spark"]
