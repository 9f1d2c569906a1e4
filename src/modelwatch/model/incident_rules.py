"""When failures become an incident, and when it is over: what the configuration may say."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from modelwatch.model.section import ColumnName, Name, Section

MAX_WINDOWS = 366


class Clear(Section):
    """When an incident is over."""

    windows: int = Field(
        default=3, ge=1, le=MAX_WINDOWS, description="Windows in a row that must be quiet."
    )
    below: float = Field(
        default=0.8,
        ge=0,
        le=1,
        description="Fraction of the threshold below which a window is quiet, so that an incident "
        "does not open and close at its threshold.",
    )


class IncidentRules(Section):
    """When failures become an incident. Every key has a default."""

    windows: tuple[Name, ...] = Field(
        default=(),
        max_length=10,
        description="Windows whose failures become incidents. Default: `day`, which shows "
        "what breaks, and `week`, which shows what drifts, as far as they are among `windows`; "
        "without them `month`, else the first trailing one.",
    )
    performance_windows: tuple[Name, ...] = Field(
        default=(),
        max_length=10,
        description="The same for performance. Left out: `week` and `month` as far as they are "
        "among `windows`, as a day has no interval; without them, as above.",
    )
    fails: int = Field(
        default=2, ge=1, le=MAX_WINDOWS, description="Windows that must fail, of the last `of`."
    )
    of: int = Field(
        default=3, ge=1, le=MAX_WINDOWS, description="Windows among which `fails` are counted."
    )
    at_once: float = Field(
        default=10.0,
        ge=1,
        le=1_000_000,
        description="Times its threshold at which broken data opens an incident with its first "
        "window: shares of nulls, NaN, infinities and unseen values, volume and repeated ids, of "
        "all traffic. Broken constraints of severity `fail`, missing days, and days without 80 % "
        "of the expected rows, and values that were delivered before always do.",
    )
    clear: Clear = Field(default_factory=Clear, description="When an incident is over.")
    reopen_days: int = Field(
        default=30,
        ge=0,
        le=3660,
        description="Days after its end within which an incident that comes back is the same one.",
    )
    join_windows: int = Field(
        default=3,
        ge=0,
        le=MAX_WINDOWS,
        description="Subjects that begin to fail within so many windows of one another may have "
        "one cause; what was found of them tells whether they are one incident.",
    )
    importance: dict[ColumnName, Annotated[float, Field(ge=0, le=1000)]] = Field(
        default_factory=dict,
        description="By feature, how much it matters to the model; 1 where it is not said and "
        "cannot be learned from the model's scores. 0: never told, only listed.",
    )
    history_days: int = Field(
        default=400,
        ge=7,
        le=3660,
        description="Days of verdicts that are folded into incidents at each run, beside the days "
        "after which labels are due.",
    )

    @model_validator(mode="after")
    def _some_of_them(self) -> IncidentRules:
        if self.fails > self.of:
            raise ValueError(f"fails {self.fails} exceeds of {self.of}")
        return self
