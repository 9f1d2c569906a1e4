"""How figures become verdicts: what the configuration may say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from modelwatch.model.performance_thresholds import DEFAULT_PERFORMANCE_THRESHOLDS, OF_REFERENCE
from modelwatch.model.section import ColumnName, Day, Section, Text

Correction = Literal["benjamini_hochberg", "benjamini_yekutieli"]
MAX_WATCHED = 1000
"""Series of stored metrics that may be watched."""

Share = Annotated[float, Field(gt=0, le=1)]


class WatchedSeries(Section):
    """A metric of the profile whose daily series is held against its own history."""

    metric: Text = Field(
        description="Metric of the profile that is a number, such as `mean` or `null_share`."
    )
    feature: ColumnName = Field(description="The feature, or `*` for each that has the metric.")
    threshold_in_sd: float = Field(
        default=4.0,
        ge=1,
        le=100,
        description="Distance from the value expected from the weekday and the last weeks "
        "that matters, in robust standard deviations.",
    )


class Verdicts(Section):
    """When a figure is beyond chance and matters. Every key has a default."""

    level: float = Field(
        default=0.05,
        ge=0.000001,
        le=0.5,
        description="False discovery rate among the comparisons of a window.",
    )
    correction: Correction = Field(
        default="benjamini_hochberg",
        description="How p-values are corrected for their number: `benjamini_yekutieli` is valid "
        "under any dependence and has less power.",
    )
    min_rows: int = Field(
        default=100,
        ge=1,
        le=1_000_000_000,
        description="Rows that windows of a kind must usually have to be evaluated. A single "
        "window with at least half as many is evaluated too, so that a slow day leaves no gap; "
        "one with fewer gets the verdict `too_few_rows`.",
    )
    assumed_design_effect: float = Field(
        default=10.0,
        ge=1,
        le=1_000_000,
        description="Assumed ratio of the variance of metrics between days to that of "
        "independent rows. For a reference of fewer than seven days, this assumption is weighted "
        "like four days.",
    )
    performance: dict[Text, Annotated[float, Field(gt=0)] | None] = Field(
        default_factory=dict,
        description="By metric, the change from the reference that matters: for the worse, or "
        "either way where neither is better; relative to the reference's value for "
        + ", ".join(f"`{key}`" for key in sorted(OF_REFERENCE))
        + ". It replaces the default of that metric; `null` removes it. Defaults: "
        + "; ".join(
            f"{task} "
            + ", ".join(f"`{key}: {threshold:g}`" for key, threshold in thresholds.items())
            for task, thresholds in DEFAULT_PERFORMANCE_THRESHOLDS.items()
        )
        + ".",
    )
    coverage: Share | None = Field(
        default=0.1,
        description="Decrease of the label coverage that matters; `null`: none.",
    )
    volume: Annotated[float, Field(gt=0, le=100)] | None = Field(
        default=0.3,
        description="Relative difference from the number of rows expected from the weekday and "
        "the last weeks that matters; `null`: none.",
    )
    duplicates: Share | None = Field(
        default=0.01, description="Share of repeated ids that matters; `null`: none."
    )
    late_days: int = Field(
        default=1,
        ge=0,
        le=366,
        description="Days by which data may be late. The schedule is learned from the table: "
        "every day, some weekdays, every 14 days, days of the month, and so on.",
    )
    holidays: tuple[Day, ...] = Field(
        default=(),
        max_length=10_000,
        description="Days on which no data are expected, whatever the schedule of the table is.",
    )
    anomalies: tuple[WatchedSeries, ...] = Field(
        default=(),
        max_length=MAX_WATCHED,
        description="Profile metrics whose daily series is monitored in addition to the drift "
        "statistics.",
    )

    @property
    def fewest_rows(self) -> int:
        """Rows without which a single window gets no verdict."""
        return max(1, self.min_rows // 2)
