"""How metric values become verdicts: options of the configuration."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from modelwatch.model.config.section import ColumnName, Day, Section, Text
from modelwatch.model.performance.thresholds import DEFAULT_PERFORMANCE_THRESHOLDS, OF_REFERENCE
from modelwatch.stats.verdicts.multiplicity import Correction

MAX_WATCHED = 1000
"""Metrics whose series can be watched."""

Share = Annotated[float, Field(gt=0, le=1)]


class WatchedSeries(Section):
    """A profile metric whose daily series is compared with its own history."""

    metric: Text = Field(description="Numeric profile metric, such as `mean` or `null_share`.")
    feature: ColumnName = Field(
        description="The feature, or `*` for every feature that has the metric."
    )
    threshold_in_sd: float = Field(
        default=4.0,
        ge=1,
        le=100,
        description="Difference from the expected value that matters, in robust standard "
        "deviations.",
    )


class Verdicts(Section):
    """When a metric fails. Every key has a default."""

    level: float = Field(
        default=0.05,
        ge=0.000001,
        le=0.5,
        description="False discovery rate among the comparisons of a window.",
    )
    correction: Correction = Field(
        default="benjamini_hochberg",
        description="Correction of p-values for multiple comparisons. `benjamini_yekutieli` is "
        "valid under any dependence, and less sensitive.",
    )
    min_rows: int = Field(
        default=100,
        ge=1,
        le=1_000_000_000,
        description="Number of rows that a kind of window must usually contain to be judged. A "
        "single window with at least half as many is also judged; one with fewer has "
        "the verdict `too_few_rows`.",
    )
    assumed_design_effect: float = Field(
        default=10.0,
        ge=1,
        le=1_000_000,
        description="Factor by which metrics vary more between days than between independent "
        "rows. It supplements references of fewer than seven days, with a weight of "
        "four days.",
    )
    performance: dict[Text, Annotated[float, Field(gt=0)] | None] = Field(
        default_factory=dict,
        description="By metric: the change from the reference that matters, for the worse, or in "
        "either direction if no direction is better. It is relative to the reference "
        "for "
        + ", ".join(f"`{key}`" for key in sorted(OF_REFERENCE))
        + ". It replaces the default of that metric; `null` disables it. Defaults: "
        + "; ".join(
            f"{task} "
            + ", ".join(f"`{key}: {threshold:g}`" for key, threshold in thresholds.items())
            for task, thresholds in DEFAULT_PERFORMANCE_THRESHOLDS.items()
        )
        + ".",
    )
    coverage: Share | None = Field(
        default=0.1,
        description="Decrease of the coverage that matters. `null` disables it.",
    )
    volume: Annotated[float, Field(gt=0, le=100)] | None = Field(
        default=0.3,
        description="Relative difference from the expected number of rows that matters. The "
        "expectation is based on the weekday and the recent weeks. `null` disables "
        "it.",
    )
    duplicates: Share | None = Field(
        default=0.01, description="Share of repeated ids that matters. `null` disables it."
    )
    late_days: int = Field(
        default=1,
        ge=0,
        le=366,
        description="Number of days by which data may be late. Which days have data is learned "
        "from the table: every day, some weekdays, every 14 days, days of the month, "
        "and so on.",
    )
    holidays: tuple[Day, ...] = Field(
        default=(),
        max_length=10_000,
        description="Days on which no data is expected, regardless of the schedule of the table.",
    )
    anomalies: tuple[WatchedSeries, ...] = Field(
        default=(),
        max_length=MAX_WATCHED,
        description="Profile metrics whose daily series is compared with its own history.",
    )

    @property
    def fewest_rows(self) -> int:
        """Minimum number of rows for a verdict on a single window."""
        return max(1, self.min_rows // 2)
