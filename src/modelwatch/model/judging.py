"""How figures become verdicts: what the configuration may say."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from modelwatch.model.performance_thresholds import DEFAULT_PERFORMANCE_THRESHOLDS, OF_REFERENCE
from modelwatch.model.section import ColumnName, Day, Section, Text
from modelwatch.stats.multiplicity import Correction

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
        description="Distance from what the weekday and the last weeks lead to expect that "
        "matters, in robust standard deviations.",
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
        description="How p-values are corrected for their number: `benjamini_yekutieli` holds "
        "under any dependence, and finds less.",
    )
    min_rows: int = Field(
        default=100,
        ge=1,
        le=1_000_000_000,
        description="Rows that a kind of window usually has to hold to be judged. A single window "
        "of at least half as many is judged as well, so that a slow day is no gap; one of fewer "
        "gets the verdict `too_few_rows`.",
    )
    assumed_design_effect: float = Field(
        default=10.0,
        ge=1,
        le=1_000_000,
        description="Factor by which figures vary more between days than rows that were "
        "independent would. A reference of fewer than seven days is weighed against it: the "
        "assumption counts for four days.",
    )
    performance: dict[Text, Annotated[float, Field(gt=0)] | None] = Field(
        default_factory=dict,
        description="By metric, the change from the reference that matters: for the worse, or "
        "either way where neither is better; a share of the reference's figure for "
        + ", ".join(f"`{key}`" for key in sorted(OF_REFERENCE))
        + ". It replaces the default of that metric; `null` takes it away. Defaults: "
        + "; ".join(
            f"{task} "
            + ", ".join(f"`{key}: {threshold:g}`" for key, threshold in thresholds.items())
            for task, thresholds in DEFAULT_PERFORMANCE_THRESHOLDS.items()
        )
        + ".",
    )
    coverage: Share | None = Field(
        default=0.1,
        description="Fall of the share of due labels that came in that matters; `null`: none.",
    )
    volume: Annotated[float, Field(gt=0, le=100)] | None = Field(
        default=0.3,
        description="Share of rows more or fewer than the weekday and the last weeks lead to "
        "expect that matters; `null`: none.",
    )
    duplicates: Share | None = Field(
        default=0.01, description="Share of repeated ids that matters; `null`: none."
    )
    late_days: int = Field(
        default=1,
        ge=0,
        le=366,
        description="Days by which data may be late. Which days have data is learned from the "
        "table: every day, some weekdays, every 14 days, days of the month, and so on.",
    )
    holidays: tuple[Day, ...] = Field(
        default=(),
        max_length=10_000,
        description="Days on which no data are expected, whatever the schedule of the table is.",
    )
    anomalies: tuple[WatchedSeries, ...] = Field(
        default=(),
        max_length=MAX_WATCHED,
        description="Stored metrics whose daily series is watched beside the drift statistics.",
    )

    @property
    def fewest_rows(self) -> int:
        """Rows without which a single window gets no verdict."""
        return max(1, self.min_rows // 2)
