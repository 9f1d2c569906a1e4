"""The section ``retention`` of a configuration: what is kept for how long."""

from __future__ import annotations

from pydantic import Field

from modelwatch.model.section import Section


class Retention(Section):
    """How long results are kept. Without a number they stay for ever."""

    states_days: int | None = Field(
        default=None,
        ge=90,
        le=36_600,
        description="Days of states that are kept day by day. Older months are added up to one "
        "state a month by `modelwatch maintain`; days of fixed references are kept, and months "
        "with days whose labels are not due yet. Left out: all.",
    )
    metrics_days: int | None = Field(
        default=None,
        ge=400,
        le=36_600,
        description="Days of windows whose profile, drift and outliers are kept. Left out: all.",
    )
    unpublished_days: int = Field(
        default=7,
        ge=1,
        le=3660,
        description="Days after which rows of runs that died or failed, which no view shows, are "
        "removed.",
    )
    file_hours: int = Field(
        default=168,
        ge=168,
        le=87_840,
        description="Hours that files are kept which no longer belong to the newest version of an "
        "output table: so far back can its versions be read.",
    )
