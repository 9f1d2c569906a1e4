"""When a model should be retrained: options of the configuration."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from modelwatch.model.config.section import Name, Section, Text


class _Policy(Section):
    name: Name = Field(description="Its name in the results.")
    cool_down_days: int = Field(
        default=30,
        ge=0,
        le=3660,
        description="Days after a new model version, or after the last `retrain` of this policy, "
        "in which the policy does not request retraining again.",
    )


class ByAge(_Policy):
    """After a fixed time."""

    kind: Literal["age"] = Field(description="`age`: days since the model version's first day.")
    days: int = Field(ge=1, le=36_600, description="Age in days from which the model is too old.")


class ByLabels(_Policy):
    """When there are enough new labels."""

    kind: Literal["labels"] = Field(
        description="`labels`: labeled rows of days that the model version has not been trained "
        "on, which are those since its first day."
    )
    rows: int = Field(ge=1, le=10**15, description="Number of labeled rows.")


class _OfMetric(_Policy):
    metric: Text = Field(description="Performance metric for which one direction is better.")
    tolerance: float = Field(
        ge=0,
        description="Tolerated loss compared with the reference, in units of the metric.",
    )


class ByPerformance(_OfMetric):
    """When labels show a loss beyond chance."""

    kind: Literal["performance"] = Field(
        description="`performance`: the loss in the due cohort exceeds the tolerance, and so does "
        "the better end of its 95% interval."
    )
    windows: int = Field(
        default=2,
        ge=1,
        le=366,
        description="Number of most recent windows in which it must be true.",
    )


class ByEstimate(_OfMetric):
    """When an estimated loss lasts, while labels are not due."""

    kind: Literal["estimate"] = Field(
        description="`estimate`: the estimated loss exceeds the tolerance, its interval excludes "
        "the tolerance, and the error of the back-test is within it."
    )
    windows: int = Field(
        default=4,
        ge=1,
        le=366,
        description="Number of most recent windows in which it must be true.",
    )


class ByDrift(_Policy):
    """When features that matter to the model have drifted; never because of other features."""

    kind: Literal["drift"] = Field(
        description="`drift`: features with an open incident, weighted by their importance."
    )
    importance: float = Field(
        default=1.5,
        ge=0,
        le=1000,
        description="Minimum importance of a feature to be counted. A feature about which nothing "
        "is known has importance 1.",
    )
    share: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="Share of the total importance that must have drifted.",
    )


Policy = Annotated[
    ByAge | ByLabels | ByPerformance | ByEstimate | ByDrift, Field(discriminator="kind")
]
POLICIES: dict[str, type[_Policy]] = {
    kind.model_fields["kind"].annotation.__args__[0]: kind  # type: ignore[union-attr]
    for kind in (ByAge, ByLabels, ByPerformance, ByEstimate, ByDrift)
}
"""Every kind of policy by its key."""


class Retraining(Section):
    """When a model should be retrained, and what happens afterward."""

    policies: tuple[Policy, ...] = Field(
        default=(), max_length=50, description="Each policy gives a decision in each run."
    )
    grace_days: int = Field(
        default=7,
        ge=0,
        le=366,
        description="Days after a new model version appears in which no policy applies, and in "
        "which changes in its predictions are attributed to it.",
    )
