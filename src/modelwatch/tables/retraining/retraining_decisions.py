"""Table `retraining_decisions`: the decision of each policy, with its evidence."""

from __future__ import annotations

from modelwatch.tables.table import MODEL_VERSION, MONITOR, RUN_ID, Column, Table

RETRAINING_DECISIONS = Table(
    name="retraining_decisions",
    version=1,
    comment="Retraining decisions: one row per policy and run, for the model that is in use.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("as_of", "date", "As-of day of the run.", False),
        MODEL_VERSION,
        Column("policy", "string", "Name of the policy.", False),
        Column(
            "kind",
            "string",
            "Kind of policy: 'age', 'labels', 'performance', 'estimate', or 'drift'.",
            False,
        ),
        Column(
            "decision",
            "string",
            "'retrain'; 'wait': no reason to retrain; 'cool_down': a reason, but too soon "
            "after the last one; 'not_enough_data': undecided.",
            False,
        ),
        Column("value", "double", "Observed value; null if unknown."),
        Column("lower", "double", "Lower end of its 95% interval; null for none."),
        Column("upper", "double", "Upper end of that interval; null without one."),
        Column(
            "bound", "double", "Value from which the policy requests retraining; null for none."
        ),
        Column("evidence", "string", "The reason in words."),
        Column("cool_down_until", "date", "Last day of the cool-down period; null outside of one."),
        Column(
            "training_first",
            "date",
            "First day of the suggested training data; null for none.",
        ),
        Column("training_last", "date", "Last day of the suggested training data; null for none."),
        Column(
            "broken_days",
            "array<date>",
            "Days to leave out, because their data was broken.",
        ),
        Column(
            "sources",
            "array<struct<role:string,table_name:string,version:bigint>>",
            "Source versions that the decision is based on.",
        ),
    ),
    key=("run_id", "model_version", "policy"),
    partitioning=("monitor",),
)
