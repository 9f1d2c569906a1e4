"""Table `feature_states_monthly`: states of months whose days are no longer kept."""

from __future__ import annotations

from modelwatch.tables.generation import MAINTENANCE, Current
from modelwatch.tables.states.feature_states import FEATURE_STATES
from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

_OF_A_DAY = ("monitor", "run_id", "day")

FEATURE_STATES_MONTHLY = Table(
    name="feature_states_monthly",
    version=1,
    comment="Monthly states of features: one row per feature, month, model version, and "
    "segment. Each is the sum of daily states that `modelwatch maintain` has "
    "removed. A month can have several rows, which add up if their bins are "
    "equal.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("month", "date", "First day of the month.", False),
        Column("days", "int", "Number of days that were added up.", False),
        *(column for column in FEATURE_STATES.columns if column.name not in _OF_A_DAY),
    ),
    key=(
        "run_id",
        "month",
        "role",
        "model_version",
        "segmentation",
        "segment",
        "feature",
        "kind",
        "binning",
    ),
    partitioning=("monitor", "month"),
    current=Current(
        view="feature_states_monthly_current",
        row="Monthly states of features whose daily states were removed: one row per state.",
        by=((MAINTENANCE, None),),
    ),
)
