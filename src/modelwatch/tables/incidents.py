"""Table `incidents`: failures that persisted, as of each run."""

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
    comment="One row per incident, or per subject that fails with it, that a run opened or "
    "changed. The newest published row is its current state.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("as_of", "date", "As-of day of the run.", False),
        INCIDENT_ID,
        Column(
            "parent_id",
            "string",
            "Incident that this subject belongs to; null for the incident itself.",
        ),
        Column(
            "state",
            "string",
            "'open', 'closed', or 'withdrawn': restated data no longer show it.",
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
        Column("opened", "date", "Last day of the window that opened it.", False),
        Column("last_failing", "date", "Last day of the last window that failed.", False),
        Column("closed", "date", "Last day of the window that closed it; null if open."),
        Column("reopened", "int", "How many times it was reopened.", False),
        Column("failing_windows", "int", "Windows that failed.", False),
        Column("figure", "string", "Metric or statistic with the largest effect.", False),
        Column(
            "figures", "array<string>", "All metrics and statistics that failed, sorted.", False
        ),
        Column("reference", "string", "Reference of that metric; null if the history is."),
        MODEL_VERSION,
        Column("value", "double", "Value of the metric; null if it has none."),
        Column("expected", "double", "Value of the reference or the history; null if unknown."),
        Column("threshold", "double", "Size from which the metric matters; null if none."),
        Column("effect", "double", "Largest size so far, in multiples of the threshold.", False),
        Column("effect_now", "double", "The same in the last window; null if that is quiet."),
        Column("adjusted_p", "double", "Smallest corrected p-value; null without one."),
        Column("rows", "bigint", "Rows of the window of the largest effect; null if unknown."),
        Column("worst_start", "date", "First day of that window.", False),
        Column("worst_end", "date", "Last day of that window.", False),
        Column("traffic_share", "double", "Share of all rows that it affects; null if unknown."),
        Column("importance", "double", "Importance of the subject to the model.", False),
        Column("score", "double", "Score by which incidents are ranked, largest first.", False),
        Column("rank", "int", "Rank among the open incidents, from 1; null if closed."),
        Column("children", "int", "Subjects that fail with it.", False),
        Column(
            "related",
            "array<string>",
            "Incidents at the same time that may be related.",
            False,
        ),
        Column("told_effect", "double", "Effect when it was last reported.", False),
        Column("acknowledged_at", "timestamp", "When it was acknowledged; null if it was not."),
        Column("acknowledged_by", "string", "Who acknowledged it; null if nobody did."),
        Column("muted_until", "date", "Last day of its mute; null if not muted."),
        Column(
            "false_alarm_at",
            "timestamp",
            "When it was marked as a false alarm; null if it was not.",
        ),
        Column("kind", "string", "Kind of change, or 'undetermined'; null if not determined."),
        Column("confidence", "double", "Confidence in the kind, 0 to 1; null without a kind."),
        Column("evidence", "string", "Evidence for the kind, in words; null without a kind."),
        Column(
            "shape",
            "string",
            "'step', 'steps', 'ramp' (gradual) or 'undetermined'; null if not determined.",
        ),
        Column("since_lower", "date", "Earliest possible day of the change, or null."),
        Column("since_upper", "date", "Latest possible day of the change, or null."),
        Column(
            "touched_share",
            "double",
            "Minimum share of the rows that the change affects; null if not determined.",
        ),
        Column(
            "follows",
            "string",
            "Feature of the inputs whose change explains this one; null without one.",
        ),
        Column(
            "spread",
            "string",
            "'value': the change is in the rows of one value of another column; 'everywhere': "
            "no value explains it; null if not determined.",
        ),
        Column("carrier_column", "string", "That column; null without one."),
        Column(
            "carrier_value",
            "string",
            "That value, or the group of values of a number; null without one.",
        ),
        Column("carrier_changed_share", "double", "Its share of the changed rows; or null."),
        Column("carrier_row_share", "double", "Its share of all rows of those days; or null."),
        Column(
            "sentence",
            "string",
            "What changed, where, since when, its likely kind and what to check.",
        ),
        Column("query", "string", "SQL that shows the evidence; null without one."),
    ),
    key=("run_id", "incident_id"),
    partitioning=("monitor",),
)
