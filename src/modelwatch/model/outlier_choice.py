"""What is told of outlying rows: what the configuration may say."""

from __future__ import annotations

from pydantic import Field

from modelwatch.model.section import Section


class Outliers(Section):
    """Rows that lie beyond what the reference had. Every key has a default."""

    fence: float = Field(
        default=3.0,
        ge=0.5,
        le=100,
        description="Interquartile ranges beyond the quartiles of the reference where outliers "
        "begin.",
    )
    rows: int = Field(
        default=20,
        ge=0,
        le=1000,
        description="Most outlying rows that are kept of a failing day; 0: none are looked for.",
    )
    days: int = Field(
        default=1,
        ge=0,
        le=31,
        description="Failing days of a run, newest first, whose rows are looked at: each is read "
        "again.",
    )
