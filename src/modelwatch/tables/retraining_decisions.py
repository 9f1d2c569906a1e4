"""Table `retraining_decisions`: whether each policy asks for a new model, and on what evidence."""

from __future__ import annotations

from modelwatch.tables.table import MODEL_VERSION, MONITOR, RUN_ID, Column, Table

RETRAINING_DECISIONS = Table(
    name="retraining_decisions",
    version=1,
    comment="One row a policy and run: what it decided of the model that was in use, and why.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("as_of", "date", "Days before this one were known.", False),
        MODEL_VERSION,
        Column("policy", "string", "Name of the policy.", False),
        Column(
            "kind",
            "string",
            "'age', 'labels', 'performance', 'estimate' or 'drift': what the policy looks at.",
            False,
        ),
        Column(
            "decision",
            "string",
            "'retrain'; 'wait': nothing asks for it; 'cool_down': something does, too soon after "
            "the last time; 'not_enough_data': it can't be told.",
            False,
        ),
        Column("value", "double", "What the policy saw; null if it could not be told."),
        Column("lower", "double", "Lower end of its 95 % interval; null without one."),
        Column("upper", "double", "Upper end of that interval; null without one."),
        Column("bound", "double", "From where the policy asks for a new model; null without one."),
        Column("evidence", "string", "The reason in words."),
        Column("cool_down_until", "date", "Last day of the cool-down; null outside of one."),
        Column(
            "training_first",
            "date",
            "First day of the suggested training data; null where none is suggested.",
        ),
        Column("training_last", "date", "Last day of it; null where none is suggested."),
        Column(
            "broken_days",
            "array<date>",
            "Days in between to leave out, for their data were broken.",
        ),
        Column(
            "sources",
            "array<struct<role:string,table:string,version:bigint>>",
            "Versions of the tables that the decision was made on.",
        ),
    ),
    key=("run_id", "model_version", "policy"),
    partitioning=("monitor",),
)
