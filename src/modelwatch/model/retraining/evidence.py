"""The evidence for a retraining decision."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

DecisionKind = Literal["retrain", "wait", "cool_down", "not_enough_data"]


@dataclass(frozen=True)
class Loss:
    """A metric of one window of the due cohort compared with the reference, or an estimate of it.

    ``change``: the metric minus that of the reference, with the ends of its 95% interval; None if
    undefined. ``back_test_error``: for an estimate, its mean absolute error in windows whose labels
    have matured; None without such windows.
    """

    metric: str
    window_start: date
    window_end: date
    change: float | None
    lower: float | None
    upper: float | None
    back_test_error: float | None = None


@dataclass(frozen=True)
class RetrainingInputs:
    """A model and its data as of a run.

    ``first_day``: the first day with predictions of the model version. ``labelled``: labeled rows
    by day, of any version. ``losses`` and ``estimates``: of completed windows of one kind, in
    order, of the model version. ``importance``: of every input. ``drifted``: inputs with an open
    incident. ``broken_days``: days whose data should not be used for training. ``stable_from``:
    first day of the last stretch without a change; None if unknown. ``last_reported``: by policy,
    the last day on which it decided `retrain`.
    """

    as_of: date
    model_version: str
    first_day: date | None
    labelled: Mapping[date, int] = field(default_factory=dict)
    losses: Sequence[Loss] = ()
    estimates: Sequence[Loss] = ()
    importance: Mapping[str, float] = field(default_factory=dict)
    drifted: Collection[str] = ()
    broken_days: Collection[date] = ()
    stable_from: date | None = None
    last_reported: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True)
class PolicyResult:
    """The result of a rule: its decision, the value and its bound, and the reason."""

    decision: DecisionKind
    evidence: str
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    bound: float | None = None


@dataclass(frozen=True)
class RetrainingDecision:
    """The decision of one policy on one model version, and its evidence.

    ``training_first`` to ``training_last`` without ``broken_days`` are the suggested training days;
    None unless the decision is `retrain`.
    """

    as_of: date
    model_version: str
    policy: str
    kind: str
    decision: DecisionKind
    value: float | None
    lower: float | None
    upper: float | None
    bound: float | None
    evidence: str
    cool_down_until: date | None
    training_first: date | None
    training_last: date | None
    broken_days: tuple[date, ...]
