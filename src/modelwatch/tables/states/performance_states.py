"""Tables of the states of scores and labels, by day and by month."""

from __future__ import annotations

from modelwatch.tables.generation import LABEL_DAYS, MAINTENANCE_RUNS, Current
from modelwatch.tables.performance.columns import AS_OF
from modelwatch.tables.table import (
    MODEL_VERSION,
    MONITOR,
    RUN_ID,
    SEGMENT,
    SEGMENTATION,
    Column,
    Table,
)

PERFORMANCE_STATES = Table(
    name="performance_states",
    version=1,
    comment="Performance states: one row per day, model version, segment, and kind, with "
    "predictions counted by decision, label, and score bin. A vector is stored by "
    "its nonzero positions; long vectors take several rows.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("day", "date", "Day of the predictions, in the monitor's time zone.", False),
        MODEL_VERSION,
        SEGMENTATION,
        SEGMENT,
        Column(
            "kind",
            "string",
            "'binary', 'multiclass', or 'regression' (the task); 'undecided' (rows "
            "without a decision); 'slice' (by bins of a feature); 'value' (a business "
            "metric); 'maturity' (by age of the label); 'labels' (numbers of labels "
            "read); 'values' (values of a label or decision: present, empty, and not "
            "named in the configuration, by what they count as); 'spelling:<subject>' "
            "(rows by such a value); 'expected_loss' (losses predicted by a regressor); "
            "'paired', 'paired_champion', 'paired_challenger' (rows scored by both "
            "models).",
            False,
        ),
        Column(
            "name",
            "string",
            "Feature, business metric, challenger, or fingerprint of a loss model; "
            "'label', 'decision', or 'challenger:<name>'; a value; '*' for none.",
            False,
        ),
        Column("part", "int", "Number of the row within a vector, from 0.", False),
        Column("binning", "string", "Fingerprint of the score bins; null for labels."),
        AS_OF,
        Column("counts_length", "int", "Length of the count vector.", False),
        Column("sums_length", "int", "Length of the vector of sums; 0 for none.", False),
        Column(
            "due_days",
            "array<date>",
            "For each position: due date of its rows; null if never due. With a due date "
            "per row, labels that are due by the as-of day are combined, with the as-of "
            "day as their due date.",
            False,
        ),
        Column(
            "positions",
            "array<int>",
            "Nonzero positions of the vectors. Binary: decision (negative, positive) x "
            "label (unlabeled, negative, positive) x score position (null, NaN, bins). "
            "Labels: rows read, rows beyond the first of an id, corrections, conflicts, "
            "labels of unknown ids, labels of unknown classes, rows due before their day, "
            "null scores, NaN scores, scores that are not probabilities. Values: rows "
            "with a value, rows with an empty string or NaN, and rows whose value is not "
            "named and counts as nothing, as negative, or as another class; a spelling "
            "has the last three.",
            False,
        ),
        Column("counts", "array<bigint>", "Rows at each position.", False),
        Column(
            "sums",
            "array<bigint>",
            "Sums at each position, as fixed-point numbers; 0 beyond the vector of sums.",
            False,
        ),
        Column(
            "last_known",
            "date",
            "Kind 'labels': latest day on which a counted label became known; null for none.",
        ),
        Column(
            "next_known",
            "date",
            "Kind 'labels': earliest day on which a label that does not count yet becomes "
            "known; null for none.",
        ),
    ),
    key=(
        "run_id",
        "day",
        "model_version",
        "segmentation",
        "segment",
        "kind",
        "name",
        "part",
    ),
    # As feature_states.
    partitioning=("monitor", "day"),
    current=Current(
        view="performance_states_current",
        row="Current performance states: one row per part of a state.",
        by=((LABEL_DAYS, None),),
    ),
)


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
        by=((MAINTENANCE_RUNS, None),),
    ),
)
