"""What is known when it is asked whether a model must be trained again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Decision = Literal["retrain", "wait", "cool_down", "not_enough_data"]


@dataclass(frozen=True)
class Loss:
    """A metric of one window of the due cohort against the reference, or what is believed of it.

    ``change``: the metric less that of the reference, with the ends of its 95 % interval, None
    where they are undefined. ``back_test_error``: of an estimate, its mean absolute error on
    windows whose labels have matured; None where there were none.
    """

    metric: str
    window_start: date
    window_end: date
    change: float | None
    lower: float | None
    upper: float | None
    back_test_error: float | None = None


@dataclass(frozen=True)
class Situation:
    """A model and its data as of a run.

    ``first_day``: the first one with predictions of the model version. ``labelled``: rows with a
    label by day, of any version. ``losses`` and ``estimates``: of windows of one kind that are
    over, in order, of the model version. ``importance``: of every input. ``drifted``: inputs with
    an open incident. ``broken_days``: days on which data failed so that nobody should learn from
    them. ``stable_since``: first day of the last stretch without a change, None where not known.
    ``said``: by policy, the last day on which it said `retrain`.
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
    stable_since: date | None = None
    said: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """What a rule makes of a situation: its decision, the figure and its bound, and why."""

    decision: Decision
    evidence: str
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    bound: float | None = None


@dataclass(frozen=True)
class RetrainingDecision:
    """The decision of one policy on one model version, and the evidence that it was made on.

    ``training_first`` to ``training_last`` without ``broken_days`` are suggested to learn from;
    None where it does not say `retrain`.
    """

    as_of: date
    model_version: str
    policy: str
    kind: str
    decision: Decision
    value: float | None
    lower: float | None
    upper: float | None
    bound: float | None
    evidence: str
    cool_down_until: date | None
    training_first: date | None
    training_last: date | None
    broken_days: tuple[date, ...]
