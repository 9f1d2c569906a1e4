"""The `outliers` section of the configuration."""

from __future__ import annotations

from pydantic import Field

from modelwatch.model.config.section import Section


class Outliers(Section):
    """Outlying rows. Every key has a default."""

    fence: float = Field(
        default=3.0,
        ge=0.5,
        le=100,
        description="Distance of the fences from the quartiles of the reference, in interquartile "
        "ranges.",
    )
    rows: int = Field(
        default=20,
        ge=0,
        le=1000,
        description="Maximum number of outlying rows that are stored per failing day. 0 disables "
        "it.",
    )
    days: int = Field(
        default=1,
        ge=0,
        le=31,
        description="Number of failing days, newest first, whose rows are read again in a run.",
    )
