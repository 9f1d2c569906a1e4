"""Windows, references, and thresholds: how stored states are evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from modelwatch.model.config.section import ConfiguredDays, Day, Name, Section, did_you_mean
from modelwatch.model.days import DayRange
from modelwatch.model.sources.tables import DaySource, TableAddress
from modelwatch.stats.drift import statistics  # noqa: F401 (registers the statistics)
from modelwatch.stats.drift.statistic import default_thresholds

CalendarUnit = Literal["day", "week", "month"]
CALENDAR: tuple[CalendarUnit, ...] = ("day", "week", "month")
"""Windows that only need a name."""
CALENDAR_DAYS: Mapping[str, float] = {"day": 1.0, "week": 7.0, "month": 365.25 / 12}
"""Their lengths in days; for a month, the average."""
_MAX_SPAN = 3660
"""Number of days of a trailing window or of a lag."""
DEFAULT_THRESHOLDS = default_thresholds()
"""Absolute values above which a change matters. Whether it exceeds chance is determined separately,
from the days of the reference."""

WindowKind = Literal["day", "week", "month", "trailing", "custom"]
ReferenceKind = Literal["fixed", "previous", "lag", "trailing"]


def _calendar_window(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value not in CALENDAR:
        raise ValueError(
            f"{value!r} is not one of {', '.join(CALENDAR)}{did_you_mean(value, CALENDAR)}"
        )
    return {"name": value}


class WindowSpec(Section):
    """A kind of window: `day`, `week` or `month`, or a mapping with a name and days."""

    name: Name = Field(description="Its name in the results.")
    trailing_days: int | None = Field(
        default=None,
        ge=2,
        le=_MAX_SPAN,
        description="Length in days of a window that ends on each day with data.",
    )
    first: Day | None = Field(
        default=None, alias="from", description="First day of a custom window."
    )
    last: Day | None = Field(default=None, alias="to", description="Last day of a custom window.")

    @model_validator(mode="after")
    def _one_kind(self) -> WindowSpec:
        custom = self.first is not None or self.last is not None
        if self.name in CALENDAR:
            if custom or self.trailing_days is not None:
                raise ValueError(f"{self.name!r} is the calendar's window: choose another name")
            return self
        if custom == (self.trailing_days is not None):
            raise ValueError("needs either trailing_days, or from and to")
        if custom and (self.first is None or self.last is None):
            raise ValueError("needs both from and to")
        if self.first is not None and self.last is not None and self.last < self.first:
            raise ValueError(f"ends on {self.last}, before it begins on {self.first}")
        return self

    @property
    def kind(self) -> WindowKind:
        """The type of window."""
        for calendar in CALENDAR:
            if self.name == calendar:
                return calendar
        return "custom" if self.trailing_days is None else "trailing"

    @property
    def days(self) -> DayRange | None:
        """The days of a custom window; None for others."""
        return DayRange(self.first, self.last) if self.first and self.last else None


def length_days(spec: WindowSpec) -> float:
    """The length in days of a repeating kind of window, for a month the average; 0 for a custom
    window."""
    return float(spec.trailing_days or 0) or CALENDAR_DAYS.get(spec.name, 0.0)


WindowChoice = Annotated[WindowSpec, BeforeValidator(_calendar_window)]


class Reference(Section):
    """Rows that windows are compared with."""

    name: Name = Field(description="Its name in the results.")
    days: ConfiguredDays | None = Field(
        default=None,
        description="Fixed days, such as `2013-01-01..2013-01-31`. With `table`, they can be "
        "omitted to use the entire table.",
    )
    first_days: int | None = Field(
        default=None,
        ge=1,
        le=_MAX_SPAN,
        description="Number of days with input rows to use as the reference, for a model without "
        "history. It starts on the first day with a typical number of rows. Until there are enough "
        "days, the reference grows in steps (1, 2, 4, 7, 14 days, and so on), and each step "
        "evaluates all windows again.",
    )
    table: TableAddress | None = Field(
        default=None, description="A table other than the inputs, such as the training data."
    )
    version: int | None = Field(
        default=None, ge=0, description="Delta version of `table`. Default: the newest."
    )
    day: DaySource | None = Field(
        default=None,
        description="How the day of a row of `table` is determined. Required with `days`.",
    )
    previous_windows: int | None = Field(
        default=None,
        ge=1,
        le=366,
        description="The given number of preceding windows of the same kind.",
    )
    lag_days: int | None = Field(
        default=None,
        ge=1,
        le=_MAX_SPAN,
        description="The same window, the given number of days earlier.",
    )
    trailing_days: int | None = Field(
        default=None,
        ge=1,
        le=_MAX_SPAN,
        description="The given number of days before the window starts.",
    )

    segments: bool | None = Field(
        None,
        description="Whether segments are also compared with this reference. Default: yes for "
        "fixed references, no for moving ones, which keeps the output small.",
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Reference:
        fixed = self.days is not None or self.table is not None or self.first_days is not None
        moving = (self.previous_windows, self.lag_days, self.trailing_days)
        if int(fixed) + sum(value is not None for value in moving) != 1:
            raise ValueError(
                "needs one of days (or table), first_days, previous_windows, lag_days, "
                "trailing_days"
            )
        if self.first_days is not None and (self.days is not None or self.table is not None):
            raise ValueError(
                "first_days cannot be combined with other keys: the days are those of the inputs"
            )
        if self.table is None and (self.version is not None or self.day is not None):
            raise ValueError("version and day require table")
        if self.table is not None and (self.days is None) != (self.day is None):
            raise ValueError("a table with days also needs day, the day of its rows")
        return self

    @property
    def kind(self) -> ReferenceKind:
        """The type of reference; only a fixed one can carry the bins."""
        if self.previous_windows is not None:
            return "previous"
        if self.lag_days is not None:
            return "lag"
        return "fixed" if self.trailing_days is None else "trailing"

    @property
    def compares_segments(self) -> bool:
        """Whether segments are compared with it, in addition to all traffic."""
        return self.kind == "fixed" if self.segments is None else self.segments

    @property
    def role(self) -> str:
        """Its role among the sources: ``inputs``, or ``reference:<name>`` with its own table."""
        return "inputs" if self.table is None else f"reference:{self.name}"
