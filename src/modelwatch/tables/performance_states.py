"""Table `performance_states`: what predictions and labels of a day add up to."""

from __future__ import annotations

from modelwatch.tables.performance_columns import AS_OF
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
    comment="One row a day, due day, model version, segment and kind: predictions by decision, "
    "label and score in frozen bins, in numbers that add up.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("day", "date", "Day of the predictions, in the monitor's time zone.", False),
        Column("due_day", "date", "Day on which their labels are due; null where they never are."),
        MODEL_VERSION,
        SEGMENTATION,
        SEGMENT,
        Column(
            "kind",
            "string",
            "'binary', 'multiclass' or 'regression' (the task), 'slice' (by bins of a feature), "
            "'value' (a business metric), 'maturity' (by age of the label), 'labels' (account of "
            "the labels read), 'expected_loss' (losses that a regressor expects), 'paired', "
            "'paired_champion', 'paired_challenger' (rows that both models scored).",
            False,
        ),
        Column(
            "name",
            "string",
            "Feature, business metric, challenger or fingerprint of a loss model; '*' for none.",
            False,
        ),
        Column("binning", "string", "Fingerprint of the bins of the score; null for labels."),
        AS_OF,
        Column(
            "counts",
            "array<bigint>",
            "Rows, in the layout of the kind. Binary: decision (negative, positive) x label "
            "(unlabelled, negative, positive) x position of the score (null, NaN, bins). Labels: "
            "rows read, rows beyond the first of an id, corrections, conflicts, labels of unknown "
            "ids, of an unknown class, rows due before their day, scores null, NaN, outside "
            "[0, 1].",
            False,
        ),
        Column("sums", "array<bigint>", "Sums in fixed point, by kind; null where there is none."),
        Column(
            "last_known",
            "date",
            "Kind labels: latest day on which a label that counts became known; null for none.",
        ),
        Column(
            "next_known",
            "date",
            "Kind labels: earliest day on which a label that does not count yet becomes known; "
            "null for none.",
        ),
    ),
    key=(
        "run_id",
        "day",
        "due_day",
        "model_version",
        "segmentation",
        "segment",
        "kind",
        "name",
    ),
    # As feature_states.
    partitioning=("monitor", "day"),
)
