"""When a model is to be trained again: what the configuration may say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from modelwatch.model.section import Name, Section, Text


class _Policy(Section):
    name: Name = Field(description="Its name in the results.")
    cool_down_days: int = Field(
        default=30,
        ge=0,
        le=3660,
        description="Days after a new model version, or after this policy last said `retrain`, in "
        "which it does not say so again.",
    )


class ByAge(_Policy):
    """After a time, whatever the figures say."""

    kind: Literal["age"] = Field(description="`age`: days since the model version's first day.")
    days: int = Field(ge=1, le=36_600, description="Age from which the model is too old.")


class ByLabels(_Policy):
    """When there is enough to learn from."""

    kind: Literal["labels"] = Field(
        description="`labels`: labelled rows of days that the model version has not been trained "
        "on, which are those since its first day."
    )
    rows: int = Field(ge=1, le=10**15, description="Labelled rows that are enough.")


class _OfMetric(_Policy):
    metric: Text = Field(description="Metric of performance, for which one way is better.")
    tolerance: float = Field(
        ge=0,
        description="Loss against the reference that is tolerated, in units of the metric.",
    )


class ByPerformance(_OfMetric):
    """When labels show a loss that chance does not explain."""

    kind: Literal["performance"] = Field(
        description="`performance`: the due cohort lost more than the tolerance, and so does the "
        "better end of its 95 % interval, which is that of the days."
    )
    windows: int = Field(
        default=2, ge=1, le=366, description="Last windows in a row of which it must be true."
    )


class ByEstimate(_OfMetric):
    """When a loss is believed for long, where labels are not due."""

    kind: Literal["estimate"] = Field(
        description="`estimate`: the estimated metric lost more than the tolerance, its interval "
        "excludes it, and its back-test was within the tolerance."
    )
    windows: int = Field(
        default=4, ge=1, le=366, description="Last windows in a row of which it must be true."
    )


class ByDrift(_Policy):
    """When features that matter to the model have moved; never on others alone."""

    kind: Literal["drift"] = Field(
        description="`drift`: features with an open incident, weighed by their importance."
    )
    importance: float = Field(
        default=1.5,
        ge=0,
        le=1000,
        description="Features less important than this count for nothing. 1 is that of a feature "
        "of which nothing is known.",
    )
    share: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="Share of the importance of all features that must have moved.",
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
    """When a model is to be trained again, and what holds after it was."""

    policies: tuple[Policy, ...] = Field(
        default=(), max_length=50, description="Each gives a decision at each run."
    )
    grace_days: int = Field(
        default=7,
        ge=0,
        le=366,
        description="Days after a model version appears in which no policy decides on it, and in "
        "which what moves in its answers is laid to it.",
    )
    new_reference: Literal["keep", "first_days"] = Field(
        default="keep",
        description="What a new model version is held against: `keep` the references as they are, "
        "or its own `first_days`.",
    )
    reference_days: int = Field(
        default=28,
        ge=7,
        le=366,
        description="With `first_days`: days from the version's first one that are its reference.",
    )
