"""The stages of a run, in the order in which they begin."""

from __future__ import annotations

from enum import Enum

from modelwatch.model.config.configuration import MonitorConfig


class Stage(Enum):
    """A stage of a run, by the name that the log and the table runs give it."""

    PLAN = "plan"
    RULES = "rules"
    BINS = "bins"
    STATES = "states"
    LOSS_MODEL = "loss model"
    LABELS = "labels"
    PERFORMANCE = "performance"
    PROFILE = "profile"
    DRIFT = "drift"
    CONSTRAINTS = "constraints"
    VERDICTS = "verdicts"
    INCIDENTS = "incidents"
    FINDINGS = "findings"
    OUTLIERS = "outliers"
    SOURCE_HEALTH = "source health"
    RETRAINING = "retraining"
    CURRENT_RESULTS = "current results"
    VIEWS = "views"
    REPORT = "report"


_SELDOM = frozenset({Stage.LOSS_MODEL, Stage.VIEWS})
"""Stages of the first run of a monitor, or of one whose configuration changed."""


def stages_of(config: MonitorConfig) -> tuple[Stage, ...]:
    """The stages that a run of a monitor usually may have."""
    configured = {
        Stage.RULES: bool(config.rules),
        Stage.LABELS: config.labels is not None,
        Stage.PERFORMANCE: config.labels is not None,
        Stage.CURRENT_RESULTS: bool(config.output.publish),
        Stage.REPORT: config.report is not None,
    }
    return tuple(one for one in Stage if one not in _SELDOM and configured.get(one, True))
