"""Table `incidents`: what failed for long enough to be told, as each run left it."""

from __future__ import annotations

from modelwatch.tables.incident_columns import INCIDENT_ID
from modelwatch.tables.table import (
    MODEL_VERSION,
    MONITOR,
    RUN_ID,
    SEGMENT,
    SEGMENTATION,
    WINDOW,
    Column,
    Table,
)

INCIDENTS = Table(
    name="incidents",
    version=1,
    comment="One row an incident, or a subject that fails with one, that a run opened or changed, "
    "whole. The newest of its published rows is what it is now.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("as_of", "date", "As-of day of the run.", False),
        INCIDENT_ID,
        Column(
            "parent_id",
            "string",
            "Incident that this subject fails with; null for the incident itself.",
        ),
        Column(
            "state",
            "string",
            "'open'; 'closed': over; 'withdrawn': restated data no longer show it.",
            False,
        ),
        Column("severity", "string", "'warn' or 'fail'.", False),
        Column(
            "family",
            "string",
            "What it is about: 'source' (a whole table), 'data' (a feature), 'constraint', "
            "'performance', 'estimate' or 'labels'.",
            False,
        ),
        Column("role", "string", "'inputs', 'predictions' or 'labels'.", False),
        Column(
            "subject",
            "string",
            "Feature, metric of performance or constraint; the role itself for a whole table.",
            False,
        ),
        SEGMENTATION,
        SEGMENT,
        WINDOW,
        Column("since", "date", "First day of the first window that failed.", False),
        Column("opened", "date", "Last day of the window with which it was sure.", False),
        Column("last_failing", "date", "Last day of the last window that failed.", False),
        Column("closed", "date", "Last day of the window with which it was over; null if open."),
        Column("reopened", "int", "How many times it came back.", False),
        Column("failing_windows", "int", "Windows that failed.", False),
        Column("figure", "string", "Figure of the largest effect.", False),
        Column("figures", "array<string>", "All figures that failed, sorted.", False),
        Column("reference", "string", "Reference of that figure; null where the history is it."),
        MODEL_VERSION,
        Column("value", "double", "Value of the figure; null if it has none."),
        Column("expected", "double", "What the reference or the history had; null if not known."),
        Column(
            "threshold", "double", "Size from which the figure matters; null where none applies."
        ),
        Column("effect", "double", "Largest size in thresholds so far.", False),
        Column(
            "effect_now", "double", "Size in thresholds in the last window; null if it is quiet."
        ),
        Column("adjusted_p", "double", "Smallest corrected p-value; null where there is none."),
        Column("rows", "bigint", "Rows of the window of the largest effect; null if not known."),
        Column("worst_start", "date", "First day of that window.", False),
        Column("worst_end", "date", "Last day of that window.", False),
        Column("traffic_share", "double", "Share of the rows that it is of; null if not known."),
        Column("importance", "double", "How much the subject matters to the model.", False),
        Column("score", "double", "What incidents are ranked by, the largest first.", False),
        Column("rank", "int", "Place among the open incidents, 1 first; null if it has none."),
        Column("children", "int", "Subjects that fail with it.", False),
        Column(
            "related",
            "array<string>",
            "Incidents at the same time that may have to do with it.",
            False,
        ),
        Column("told_effect", "double", "Effect when it was last told.", False),
        Column("acknowledged_at", "timestamp", "When somebody took it on; null if nobody did."),
        Column("acknowledged_by", "string", "Who did; null if nobody did."),
        Column("muted_until", "date", "Last day on which it is not told; null if not muted."),
        Column("false_alarm_at", "timestamp", "When it was marked as none; null if it was not."),
        Column("kind", "string", "Kind of change, or 'undetermined'; null where not looked for."),
        Column("confidence", "double", "How sure that is, 0 to 1; null without a kind."),
        Column("evidence", "string", "What speaks for it, in words; null without a kind."),
        Column(
            "shape",
            "string",
            "Whether it came suddenly or gradually, or 'undetermined'; null where not looked for.",
        ),
        Column("since_lower", "date", "Earliest day that the change may have been on, or null."),
        Column("since_upper", "date", "Latest day that the change may have been on, or null."),
        Column(
            "touched_share",
            "double",
            "Least share of the rows that the change must have touched; null where not looked for.",
        ),
        Column(
            "follows",
            "string",
            "Feature of the inputs whose change leads one to expect this one; null without one.",
        ),
        Column(
            "spread",
            "string",
            "'value': the rows of one value of another column carry the change; 'everywhere': no "
            "value does; null where not looked for.",
        ),
        Column("carrier_column", "string", "That column; null without one."),
        Column(
            "carrier_value",
            "string",
            "That value, or the group of values of a number; null without one.",
        ),
        Column("carrier_changed_share", "double", "Its share of the changed rows; or null."),
        Column("carrier_row_share", "double", "Its share of all rows of those days; or null."),
        Column("sentence", "string", "What happened, where, since when, and how sure; or null."),
        Column("query", "string", "SQL that shows the evidence; null without one."),
    ),
    key=("run_id", "incident_id"),
    partitioning=("monitor",),
)
