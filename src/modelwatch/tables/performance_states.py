"""Table `performance_states`: what predictions and labels of a day add up to."""

from __future__ import annotations

from modelwatch.tables.generation import LABEL_DAYS, Current
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
    comment="One row per day, model version, segment and kind: predictions by decision, label and "
    "score in frozen bins, in numbers that add up. A vector is stored as the positions that hold "
    "something; one with many positions takes several rows.",
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
            "'binary', 'multiclass' or 'regression' (the task), 'undecided' (rows without a "
            "decision), 'slice' (by bins of a feature), 'value' (a business metric), 'maturity' "
            "(by age of the label), 'labels' (account of the labels read), 'values' (values of "
            "a label or decision: with a value, empty, and those that the configuration does not "
            "name by what they count as), 'spelling:' and a subject (rows by such a value), "
            "'expected_loss' (losses "
            "that a regressor expects), 'paired', 'paired_champion', 'paired_challenger' (rows "
            "that both models scored).",
            False,
        ),
        Column(
            "name",
            "string",
            "Feature, business metric, challenger or fingerprint of a loss model; 'label', "
            "'decision' or a challenger with 'challenger:' before it; a value; '*' for none.",
            False,
        ),
        Column("part", "int", "Number of the row among those of one vector, from 0.", False),
        Column("binning", "string", "Fingerprint of the bins of the score; null for labels."),
        AS_OF,
        Column("counts_length", "int", "Length of the vector of counts.", False),
        Column("sums_length", "int", "Length of the vector of sums; 0 for none.", False),
        Column(
            "due_days",
            "array<date>",
            "For each position: day on which the labels of its rows are due; null if never. With a "
            "due date per row, labels that are due by the as-of day are not told apart: it stands "
            "for their due days.",
            False,
        ),
        Column(
            "positions",
            "array<int>",
            "Positions of the vectors that hold something. Binary: decision (negative, positive) x "
            "label (unlabeled, negative, positive) x position of the score (null, NaN, bins). "
            "Labels: rows read, rows beyond the first of an id, corrections, conflicts, labels of "
            "unknown ids, of an unknown class, rows due before their day, scores null, NaN, "
            "no probabilities. Values: rows with a value, rows with an empty text or NaN, rows "
            "whose value is not named and counts as nothing, as negative, as another class; the "
            "last three are those of a spelling.",
            False,
        ),
        Column("counts", "array<bigint>", "Rows at each position.", False),
        Column(
            "sums",
            "array<bigint>",
            "Sums at each position, in the fixed point of the kind; 0 beyond the vector of sums.",
            False,
        ),
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
        row="One row per part of a state of performance that counts.",
        by=((LABEL_DAYS, None),),
    ),
)
