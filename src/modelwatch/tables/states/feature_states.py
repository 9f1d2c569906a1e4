"""Tables of the states of features, by day and by month."""

from __future__ import annotations

from modelwatch.tables.generation import DAYS, MAINTENANCE_RUNS, REFERENCES, Current
from modelwatch.tables.table import (
    MODEL_VERSION,
    MONITOR,
    RUN_ID,
    SEGMENT,
    SEGMENTATION,
    Column,
    Table,
)

FEATURE_STATES = Table(
    name="feature_states",
    version=1,
    comment="States of features: one row per feature, day, model version, and segment, "
    "with counts in frozen bins and sums. States add up: any window is the sum of "
    "its days.",
    columns=(
        MONITOR,
        RUN_ID,
        Column(
            "day",
            "date",
            "Day of the rows, in the monitor's time zone; null for a reference table without days.",
        ),
        Column(
            "role",
            "string",
            "'inputs', 'predictions', or 'reference:<name>' for a reference with its own table.",
            False,
        ),
        MODEL_VERSION,
        SEGMENTATION,
        SEGMENT,
        Column("feature", "string", "Name of the feature; '*' for pairs and rows."),
        Column(
            "kind",
            "string",
            "'numeric', 'categorical', 'pairs' (all numeric features together), or 'rows' "
            "(numbers of rows).",
            False,
        ),
        Column("binning", "string", "Fingerprint of the bins in `binnings`; null for rows."),
        Column("row_count", "bigint", "All rows, including nulls.", False),
        Column("counts_length", "int", "Length of the count vector.", False),
        Column(
            "positions",
            "array<int>",
            "Positions of the count vector that are not zero, ascending from 0. Null if "
            "`counts` contains all positions: for pairs and rows, and whenever that is "
            "shorter.",
        ),
        Column(
            "counts",
            "array<bigint>",
            "Counts at these positions. Numeric: null, NaN, then one count per edge. "
            "Categorical: null, other (in the reference, without a bin), unseen, then the "
            "values of the binning. Pairs: four matrices of integer products. Rows: all, "
            "with inputs, with predictions, with both, repeated inputs, repeated "
            "predictions.",
        ),
        Column(
            "sums",
            "array<bigint>",
            "Numeric: the first three power sums of (x - center) / scale over finite "
            "values, as fixed-point numbers with 44, 40, and 34 binary places. Each is "
            "stored in four longs: high * 2^64 + middle * 2^32 + low, and the number of "
            "rows too large for it. Null for other kinds.",
        ),
        Column("minimum", "double", "Numeric: smallest finite value; null for none."),
        Column("maximum", "double", "Numeric: largest finite value; null for none."),
        Column(
            "distinct_sketch",
            "binary",
            "Sketch of the distinct values: the smallest 64-bit hashes, at most 256, "
            "little-endian and sorted. Null in segments.",
        ),
        Column(
            "unseen",
            "array<struct<value:string,row_count:bigint>>",
            "Categorical: a bounded sample of values that the reference does not contain, "
            "with their rows. Null in segments.",
        ),
        Column(
            "length_sum", "bigint", "Categorical: total number of characters; null in segments."
        ),
        Column(
            "length_min", "int", "Categorical: smallest number of characters; null without values."
        ),
        Column(
            "length_max", "int", "Categorical: largest number of characters; null without values."
        ),
    ),
    key=(
        "run_id",
        "day",
        "role",
        "model_version",
        "segmentation",
        "segment",
        "feature",
        "kind",
    ),
    # A daily run reads the days of its references and windows. With one folder per day, it does not
    # read more as the history grows.
    partitioning=("monitor", "day"),
    current=Current(
        view="feature_states_current",
        row="Current states of features: one row per state.",
        by=((DAYS, "role NOT LIKE 'reference:%'"), (REFERENCES, None)),
    ),
)


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
        by=((MAINTENANCE_RUNS, None),),
    ),
)
