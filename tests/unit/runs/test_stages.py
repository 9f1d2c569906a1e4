"""The stages of a run, as its progress and its log name them."""

from __future__ import annotations

from modelwatch.model.runs.stages import Stage, stages_of
from monitored import monitor


def test_what_is_not_configured_is_no_stage_of_a_run() -> None:
    plain, with_report = stages_of(monitor()), stages_of(monitor(report={"path": "pages"}))
    assert {*with_report} - {*plain} == {Stage.REPORT}
    assert not {Stage.RULES, Stage.LABELS, Stage.CURRENT_RESULTS}.intersection(plain)


def test_what_only_a_first_run_does_is_not_counted_as_left() -> None:
    assert not {Stage.LOSS_MODEL, Stage.VIEWS}.intersection(stages_of(monitor()))
