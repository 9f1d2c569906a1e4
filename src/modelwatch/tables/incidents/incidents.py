"""Tables of incidents, their changes, and the responses of people."""

from __future__ import annotations

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

INCIDENT_ID = Column(
    "incident_id",
    "string",
    "Id of the incident. It does not change when past days are judged again.",
    False,
)


INCIDENTS = Table(
    name="incidents",
    version=1,
    comment="Incidents: one row per incident or part, each time a run opens or changes "
    "it. The newest row of a published run is the current state.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("as_of", "date", "As-of day of the run.", False),
        INCIDENT_ID,
        Column(
            "parent_id",
            "string",
            "Incident that this part belongs to; null for the incident itself.",
        ),
        Column(
            "state",
            "string",
            "'open'; 'closed': it is over; 'withdrawn': restated data no longer supports it.",
            False,
        ),
        Column("severity", "string", "'warn' or 'fail'.", False),
        Column(
            "area",
            "string",
            "Area: 'source' (an entire table), 'data' (a feature), 'constraint', "
            "'performance', 'estimate', or 'labels'.",
            False,
        ),
        Column("role", "string", "'inputs', 'predictions' or 'labels'.", False),
        Column(
            "subject",
            "string",
            "Feature, performance metric, or constraint; the role for an entire table.",
            False,
        ),
        SEGMENTATION,
        SEGMENT,
        WINDOW,
        Column("onset", "date", "Onset: first day of the first failing window.", False),
        Column("opened", "date", "Last day of the window that opened the incident.", False),
        Column("last_failing", "date", "Last day of the last failing window.", False),
        Column(
            "closed", "date", "Last day of the window that closed the incident; null if it is open."
        ),
        Column("reopened", "int", "Number of times it was reopened.", False),
        Column("failing_windows", "int", "Number of failing windows.", False),
        Column("metric", "string", "Metric with the largest effect.", False),
        Column("metrics", "array<string>", "All failing metrics, sorted.", False),
        Column(
            "reference",
            "string",
            "Reference of that metric; null if it is compared with its own history.",
        ),
        MODEL_VERSION,
        Column("value", "double", "Value of the metric; null for none."),
        Column("expected", "double", "Value of the reference or the history; null if unknown."),
        Column("threshold", "double", "Threshold of the metric; null for none."),
        Column("effect", "double", "Largest effect so far: change divided by threshold.", False),
        Column("latest_effect", "double", "Effect in the last window; null if it is quiet."),
        Column("adjusted_p", "double", "Smallest corrected p-value; null for none."),
        Column(
            "row_count", "bigint", "Rows of the window with the largest effect; null if unknown."
        ),
        Column("worst_start", "date", "First day of the window with the largest effect.", False),
        Column("worst_end", "date", "Last day of the window with the largest effect.", False),
        Column(
            "traffic_share",
            "double",
            "Share of traffic that the incident affects; null if unknown.",
        ),
        Column("importance", "double", "Importance of the subject to the model.", False),
        Column("score", "double", "Score by which incidents are ranked, largest first.", False),
        Column("rank", "int", "Rank among the open incidents, starting with 1; null for none."),
        Column("children", "int", "Number of parts.", False),
        Column(
            "related",
            "array<string>",
            "Incidents at the same time that may be related.",
            False,
        ),
        Column("reported_effect", "double", "Effect at the last notification.", False),
        Column("acknowledged_at", "timestamp", "When it was acknowledged; null if it was not."),
        Column("acknowledged_by", "string", "Who acknowledged it; null for nobody."),
        Column("muted_until", "date", "Last day of the mute; null if not muted."),
        Column(
            "false_alarm_at",
            "timestamp",
            "When it was marked as a false alarm; null if it was not.",
        ),
        Column("kind", "string", "Kind of change, or 'undetermined'; null if not determined."),
        Column("confidence", "double", "Confidence in the kind, from 0 to 1; null without a kind."),
        Column("evidence", "string", "Evidence for the kind in words; null without a kind."),
        Column(
            "shape",
            "string",
            "Shape of the change: sudden, gradual, or 'undetermined'; null if not examined.",
        ),
        Column("onset_lower", "date", "Earliest possible day of the change; null if unknown."),
        Column("onset_upper", "date", "Latest possible day of the change; null if unknown."),
        Column(
            "affected_share",
            "double",
            "Minimum share of rows that the change must have affected; null if not examined.",
        ),
        Column(
            "follows",
            "string",
            "Feature of the inputs whose change explains this one; null for none.",
        ),
        Column(
            "spread",
            "string",
            "'value': the rows of one value of another column carry the change; "
            "'everywhere': no value does; null if not examined.",
        ),
        Column("carrier_column", "string", "Column whose value carries the change; null for none."),
        Column(
            "carrier_value",
            "string",
            "Value, or group of numeric values, that carries the change; null for none.",
        ),
        Column(
            "carrier_changed_share",
            "double",
            "Share of the changed rows with this value; null for none.",
        ),
        Column(
            "carrier_row_share",
            "double",
            "Share of all rows of these days with this value; null for none.",
        ),
        Column("sentence", "string", "Description of the incident; null for parts without one."),
        Column("query", "string", "SQL query that shows the evidence; null for none."),
    ),
    key=("run_id", "incident_id"),
    partitioning=("monitor",),
)
COLUMN_OF_FIELD = {"id": "incident_id", "window": "window_name", "rows": "row_count"}
"""Columns of incident or verdict fields with different names."""


INCIDENT_ACTIONS = Table(
    name="incident_actions",
    version=1,
    comment="Responses of people to incidents: one row per response, by `modelwatch "
    "incidents` or INSERT. Runs do not write here, so each row counts at once. "
    "The last of contradictory responses counts.",
    columns=(
        MONITOR,
        INCIDENT_ID,
        Column(
            "action",
            "string",
            "'acknowledge': someone is working on it. 'mute': no notifications until a "
            "day. 'unmute': undo a mute. 'false_alarm': nothing was wrong; the threshold "
            "of the subject is raised. 'reopen': undo all earlier responses.",
            False,
        ),
        Column("until", "date", "Last day of a mute; null for 30 days, and for other actions."),
        Column("responded_by", "string", "Who responded; null if no name was given."),
        Column("note", "string", "Note for other people; null for none."),
        Column("responded_at", "timestamp", "When the response was given.", False),
    ),
    key=("monitor", "incident_id", "responded_at", "action"),
    of_runs=False,
)


INCIDENT_EVENTS = Table(
    name="incident_events",
    version=1,
    comment="Changes of incidents: one row per change that a run observed, including "
    "responses of people that the run processed.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("position", "int", "Order among the changes of the run, from 0.", False),
        INCIDENT_ID,
        Column(
            "event",
            "string",
            "'opened', 'child_added', 'worsened', 'closed', 'reopened', 'restated', 'withdrawn', "
            "'acknowledged', 'muted', 'unmuted' or 'false_alarm'.",
            False,
        ),
        Column(
            "day", "date", "Day of the change: of the window that showed it, or of the response."
        ),
        Column("detail", "string", "The change in words."),
        Column(
            "is_reported",
            "boolean",
            "Whether the change has a message of its own, instead of a line in a digest.",
            False,
        ),
        Column("responded_by", "string", "Who responded; null for changes without a person."),
        Column("reported_at", "timestamp", "When the run recorded the change.", False, False),
    ),
    key=("run_id", "position"),
    partitioning=("monitor",),
)
