"""When incidents open and close: options of the configuration."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from modelwatch.model.config.section import ColumnName, Name, Section

MAX_WINDOWS = 366


class Clear(Section):
    """When an incident is closed."""

    windows: int = Field(
        default=3, ge=1, le=MAX_WINDOWS, description="Number of consecutive quiet windows."
    )
    below: float = Field(
        default=0.8,
        ge=0,
        le=1,
        description="Fraction of the threshold below which a window is quiet. It keeps an "
        "incident at the threshold from opening and closing repeatedly.",
    )


class IncidentRules(Section):
    """When failures become an incident. Every key has a default."""

    windows: tuple[Name, ...] = Field(
        default=(),
        max_length=10,
        description="Kinds of window whose failures become incidents. Default: `day`, which shows "
        "faults, and `week`, which shows drift, if they are among `windows`; "
        "otherwise `month`, or the first trailing window.",
    )
    performance_windows: tuple[Name, ...] = Field(
        default=(),
        max_length=10,
        description="The same for performance. Default: `week` and `month`, if they are among "
        "`windows`, because a single day has no interval; otherwise as above.",
    )
    fails: int = Field(
        default=2,
        ge=1,
        le=MAX_WINDOWS,
        description="Number of the last `of` windows that must fail.",
    )
    of: int = Field(
        default=3,
        ge=1,
        le=MAX_WINDOWS,
        description="Number of windows in which failures are counted.",
    )
    immediate_effect: float = Field(
        default=10.0,
        ge=1,
        le=1_000_000,
        description="Effect at which broken data opens an incident with its first window: shares "
        "of nulls, NaN, infinities, and unseen values, row counts, and repeated ids, "
        "for all traffic. Failed constraints of severity `fail`, missing days, days "
        "that lack 80% or more of the expected rows, and repeated deliveries of old "
        "values always do.",
    )
    clear: Clear = Field(default_factory=Clear, description="When an incident is closed.")
    reopen_days: int = Field(
        default=30,
        ge=0,
        le=3660,
        description="Number of days after its end within which a returning incident is reopened.",
    )
    join_windows: int = Field(
        default=3,
        ge=0,
        le=MAX_WINDOWS,
        description="Subjects that begin to fail within this number of windows may have the same "
        "cause. What is known about each change decides whether they are one "
        "incident.",
    )
    importance: dict[ColumnName, Annotated[float, Field(ge=0, le=1000)]] = Field(
        default_factory=dict,
        description="By feature: its importance to the model. Default: learned from the scores of "
        "the model, or 1. With 0, incidents are listed, but nobody is notified.",
    )
    history_days: int = Field(
        default=400,
        ge=7,
        le=3660,
        description="Days of verdicts from which incidents are derived in each run, in addition "
        "to the label delay.",
    )

    @model_validator(mode="after")
    def _some_of_them(self) -> IncidentRules:
        if self.fails > self.of:
            raise ValueError(f"fails {self.fails} exceeds of {self.of}")
        return self
