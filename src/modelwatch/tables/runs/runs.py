"""Table `runs`: what a run read, did, and wrote. Its row publishes the run."""

from __future__ import annotations

from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

RUNS = Table(
    name="runs",
    version=1,
    comment="Runs: one row per run. Rows of all other tables count only if their run has "
    "the outcome 'published'.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("started_at", "timestamp", "When the run started.", False),
        Column("finished_at", "timestamp", "When the run was published or ended.", False),
        Column(
            "outcome",
            "string",
            "'published': the results count; 'nothing_to_do': no day was new or changed; "
            "'failed': see `message`; 'maintained': old states were removed.",
            False,
        ),
        Column(
            "exit_code",
            "int",
            "Exit code: 0 nothing needs attention, 1 something does, 2 the run failed.",
        ),
        Column("message", "string", "Summary of the findings, or why the run failed."),
        Column("as_of", "date", "As-of day: days before it were considered."),
        Column("config_yaml", "string", "The whole configuration, as read."),
        Column("config_fingerprint", "string", "Fingerprint of the configuration."),
        Column(
            "states_fingerprint",
            "string",
            "Fingerprint of the settings of the states. Days are reused from runs with "
            "the same fingerprint.",
        ),
        Column(
            "evaluation_fingerprint",
            "string",
            "Fingerprint of the other settings of metrics and verdicts.",
        ),
        Column(
            "code_version",
            "string",
            "Release of modelwatch, followed by `+` and twelve digits of a fingerprint of "
            "its files.",
        ),
        Column(
            "libraries",
            "array<struct<name:string,version:string>>",
            "Versions of Python and of packages that may affect results.",
        ),
        Column(
            "spark_session",
            "struct<version:string,interface:string,constraint_engine:string,lacking:array<string>>",
            "The Spark session: the release of Spark that computed; `interface`: 'classic' or "
            "'connect' (Spark Connect); the engine of constraints, 'deequ' or 'native' (null "
            "without constraints); and what the session lacks, with what follows.",
        ),
        Column(
            "requested_days",
            "string",
            "Days given by `--days`, as `first..last`; null if the run determined its days itself.",
        ),
        Column(
            "history",
            "struct<runs:int,last:string>",
            "Earlier published runs of the monitor: their number, and the newest.",
        ),
        Column(
            "contracts",
            "array<struct<name:string,version:int,fingerprint:string>>",
            "Data contracts that were checked, with their versions; see `contracts`.",
        ),
        Column(
            "sources",
            "array<struct<role:string,table_name:string,version:bigint,seen:bigint,table_id:string,"
            "files:bigint,bytes:bigint,row_count:bigint,columns_fingerprint:string>>",
            "Source tables: role, address, Delta version, and table id as read; `seen`: "
            "version up to which all changes are in the states (older than `version` if "
            "the run left changed days to a later run); files, bytes, and rows of the "
            "days read (null if unknown); `columns`: fingerprint of names, types, order, "
            "and nullability.",
        ),
        Column(
            "reads",
            "array<struct<role:string,reader:string,reason:string>>",
            "Who read the rows of which states were computed, by role: reader 'files' (Python "
            "workers read the table's files) or 'spark', with the reason. Null for runs that "
            "computed none.",
        ),
        Column(
            "outputs",
            "array<struct<table_name:string,version:bigint>>",
            "Output tables, and the Delta version that the run wrote.",
        ),
        Column("days", "array<date>", "Days whose states and constraints the run computed."),
        Column(
            "retired_days",
            "array<date>",
            "Days whose states were removed, for outcome 'maintained'; null otherwise.",
        ),
        Column(
            "reference_days",
            "array<struct<role:string,day:date>>",
            "References with their own table whose states were computed: role "
            "'reference:<name>', and the first configured day (null for an entire table).",
        ),
        Column(
            "windows",
            "array<struct<window_name:string,window_start:date,window_end:date>>",
            "Windows whose metrics the run computed.",
        ),
        Column(
            "labels_fingerprint",
            "string",
            "Fingerprint of the settings of performance states; null without labels.",
        ),
        Column(
            "performance_fingerprint",
            "string",
            "Fingerprint of the other settings of performance metrics; null without labels.",
        ),
        Column(
            "label_days",
            "array<struct<day:date,last_known:date,next_known:date,last_due:date>>",
            "Days whose performance states were computed, with the latest day on which a "
            "counted label became known, the earliest day on which a label that does not "
            "count yet becomes known, and the latest due date. Null without labels.",
        ),
        Column(
            "performance_windows",
            "array<struct<window_name:string,window_start:date,window_end:date>>",
            "Windows whose performance was computed. Null without labels.",
        ),
        Column(
            "verdict_windows",
            "array<struct<source:string,window_name:string,window_start:date,window_end:date>>",
            "Windows that were judged, by source as in `verdicts`.",
        ),
        Column(
            "stages",
            "array<struct<stage:string,seconds:double>>",
            "Wall-clock seconds of each stage, in order. Stages overlap.",
        ),
        Column(
            "executor_seconds",
            "double",
            "Total seconds of all Spark tasks; null if the session does not tell "
            "(`spark_session`).",
        ),
        Column(
            "spark_jobs",
            "int",
            "Number of Spark jobs; null if the session does not tell (`spark_session`).",
        ),
        Column(
            "work",
            "struct<tasks:bigint,bytes_read:bigint,rows_read:bigint,shuffle_bytes:bigint,"
            "spill_bytes:bigint>",
            "Work of Spark tasks: number of tasks, bytes and rows that Spark read from storage "
            "(not those of reader 'files' in `reads`), bytes shuffled, and bytes spilled to "
            "disk; null if the session does not tell "
            "(`spark_session`).",
        ),
        Column("input_rows", "bigint", "Rows of the inputs that were read; null for none."),
        Column(
            "prediction_rows", "bigint", "Rows of the predictions that were read; null for none."
        ),
        Column(
            "duplicate_ids",
            "bigint",
            "Rows beyond the first of an id and day, in both tables. They are counted "
            "here, and ignored otherwise. Null if there is only one table.",
        ),
        Column(
            "unmatched_inputs",
            "bigint",
            "Inputs without a prediction of the same id and day. Null if there is only one table.",
        ),
        Column(
            "unmatched_predictions",
            "bigint",
            "Predictions without inputs of the same id and day. Null if there is only one table.",
        ),
        Column(
            "not_profiled",
            "array<struct<role:string,column_name:string,type:string,reason:string>>",
            "Columns that are not profiled because of their type, such as arrays and structs.",
        ),
        Column(
            "findings",
            "array<struct<severity:string,kind:string,subject:string,window_name:string,"
            "window_start:date,value:double,bound:double,message:string>>",
            "Findings: severity 'warn' or 'fail', kind (a statistic or kind of "
            "constraint), subject (feature or constraint, with its segment), value, and "
            "bound.",
        ),
    ),
    key=("run_id",),
    # Every reader needs all published runs of a monitor. With one file per run, each daily run
    # would open one more file than the last.
    compact_every=32,
)
