"""Table `performance_states_monthly`: performance of months whose days are no longer kept."""

from __future__ import annotations

from modelwatch.tables.generation import MAINTENANCE, Current
from modelwatch.tables.states.performance_states import PERFORMANCE_STATES
from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

_OF_A_DAY = ("monitor", "run_id", "day", "due_days", "as_of", "last_known", "next_known")

PERFORMANCE_STATES_MONTHLY = Table(
    name="performance_states_monthly",
    version=1,
    comment="Monthly performance states: one row per month, model version, segment, and "
    "kind. Each is the sum of daily states that `modelwatch maintain` has "
    "removed, with the labels known then. A month can have several rows, which "
    "add up if their bins are equal.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("month", "date", "First day of the month.", False),
        Column("days", "int", "Number of days that were added up.", False),
        *(column for column in PERFORMANCE_STATES.columns if column.name not in _OF_A_DAY),
    ),
    key=(
        "run_id",
        "month",
        "model_version",
        "segmentation",
        "segment",
        "kind",
        "name",
        "binning",
        "part",
    ),
    partitioning=("monitor", "month"),
    current=Current(
        view="performance_states_monthly_current",
        row="Monthly performance states whose daily states were removed: one row per state.",
        by=((MAINTENANCE, None),),
    ),
)
