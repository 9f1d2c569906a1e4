"""The section ``retention`` of the configuration: what is kept for how long."""

from __future__ import annotations

from pydantic import Field

from modelwatch.model.config.section import Section


class Retention(Section):
    """How long results are kept. Without a number, they are kept forever."""

    states_days: int | None = Field(
        default=None,
        ge=90,
        le=36_600,
        description="Number of days whose daily states are kept. `modelwatch maintain` adds older "
        "months up to one state per month. Days of fixed references, and months with "
        "labels that are not due, are kept. Default: all.",
    )
    metrics_days: int | None = Field(
        default=None,
        ge=400,
        le=36_600,
        description="Number of days whose profiles, drift, and outliers are kept. Default: all.",
    )
    unpublished_days: int = Field(
        default=7,
        ge=1,
        le=3660,
        description="Days after which rows of failed or killed runs, which no view shows, are "
        "removed.",
    )
    file_hours: int = Field(
        default=168,
        ge=168,
        le=87_840,
        description="Hours for which files that no longer belong to the newest version of an "
        "output table are kept. Old versions can be read for as long.",
    )
