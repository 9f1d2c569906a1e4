"""Table `feature_states`: the mergeable summary of each feature, day and segment."""

from __future__ import annotations

from modelwatch.tables.generation import DAYS, REFERENCES, Current
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
    comment="One row a feature, day, model version and segment: counts in frozen bins and sums "
    "that add up, so that any window is the sum of its days.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("day", "date", "Day of the events, in the monitor's time zone."),
        Column(
            "role",
            "string",
            "'inputs', 'predictions', or 'reference:<name>' for a reference with a table of its "
            "own.",
            False,
        ),
        MODEL_VERSION,
        SEGMENTATION,
        SEGMENT,
        Column("feature", "string", "Name of the feature; '*' for the pairs and the rows."),
        Column(
            "kind",
            "string",
            "'numeric', 'categorical', 'pairs' (the numeric block) or 'rows' (their account).",
            False,
        ),
        Column("binning", "string", "Fingerprint of the bins; see binnings. Null for rows."),
        Column("rows", "bigint", "All rows of the scope, nulls included.", False),
        Column("counts_length", "int", "Length of the vector of counts.", False),
        Column(
            "positions",
            "array<int>",
            "Positions in the vector of counts that are not zero, ascending from 0. Null where "
            "`counts` lists all of them: for pairs and rows, and where that is shorter.",
        ),
        Column(
            "counts",
            "array<bigint>",
            "The counts at these positions: rows by bin. Numeric: null, NaN, then a count for each "
            "edge of the binning. "
            "Categorical: null, other (known to the reference, without a bin), unseen, then the "
            "values of the binning. Pairs: four matrices of integer products. Rows: all, with "
            "inputs, with predictions, with both, repeated inputs, repeated predictions.",
        ),
        Column(
            "sums",
            "array<bigint>",
            "Numeric: the first three power sums of (x - center) / scale over finite values, in "
            "fixed point of 44, 40 and 34 binary digits; four longs each: high * 2^64 + "
            "middle * 2^32 + low, and rows too large for it. Null otherwise.",
        ),
        Column("minimum", "double", "Numeric: least finite value; null if there is none."),
        Column("maximum", "double", "Numeric: greatest finite value; null if there is none."),
        Column(
            "distinct_sketch",
            "binary",
            "The smallest 64-bit hashes of the values, little-endian and sorted, 256 at most; the "
            "number of distinct values is read from it. Null in segments.",
        ),
        Column(
            "unseen",
            "array<struct<value:string,rows:bigint>>",
            "Categorical: values that the reference never held, with their rows; a bounded sample. "
            "Null in segments.",
        ),
        Column("length_sum", "bigint", "Categorical: characters of all values; null in segments."),
        Column("length_min", "int", "Categorical: fewest characters; null without a value."),
        Column("length_max", "int", "Categorical: most characters; null without a value."),
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
    # A daily run reads the days of its references and windows: a day is a directory, so what it
    # reads does not grow with what is stored.
    partitioning=("monitor", "day"),
    current=Current(
        view="feature_states_current",
        row="One row per state that counts.",
        by=((DAYS, "role NOT LIKE 'reference:%'"), (REFERENCES, None)),
    ),
)
