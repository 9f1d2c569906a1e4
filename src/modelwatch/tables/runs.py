"""Table `runs`: what a run read, did and wrote. Its row is what publishes a run."""

from __future__ import annotations

from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

RUNS = Table(
    name="runs",
    version=4,
    comment="One row a run. The rows of all other tables count only once their run stands here "
    "with outcome 'published'.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("started_at", "timestamp", "When the run began.", False),
        Column("finished_at", "timestamp", "When the run was published or ended.", False),
        Column(
            "outcome",
            "string",
            "'published': results stand; 'nothing_to_do': no day was new or changed; 'failed': "
            "see message; 'maintained': old states were removed.",
            False,
        ),
        Column("exit_code", "int", "Exit code of the job: 0 success, 1 needs attention, 2 failed."),
        Column("message", "string", "What the run found or why it failed, in one sentence."),
        Column("as_of", "date", "Days before this one were considered."),
        Column("config_yaml", "string", "The whole configuration, as read."),
        Column("config_fingerprint", "string", "Fingerprint of the configuration."),
        Column(
            "states_fingerprint",
            "string",
            "Fingerprint of what the states depend on. Days are reused from runs that have the "
            "same.",
        ),
        Column(
            "evaluation_fingerprint",
            "string",
            "Fingerprint of what metrics and verdicts depend on beside the states.",
        ),
        Column(
            "code_version",
            "string",
            "Release of modelwatch, `+` and twelve digits of a fingerprint of its own files.",
        ),
        Column(
            "libraries",
            "array<struct<name:string,version:string>>",
            "Versions of Python and of the packages that may change a result.",
        ),
        Column(
            "asked_days",
            "string",
            "Days that `--days` asked for, as `first..last`; null where the run found by itself "
            "what was due.",
        ),
        Column(
            "history",
            "struct<runs:int,last:string>",
            "Published runs of the monitor that this one knew of: how many, and the newest.",
        ),
        Column(
            "contracts",
            "array<struct<name:string,version:int,fingerprint:string>>",
            "Data contracts that the data was held to, and their versions; `contracts` has them.",
        ),
        Column(
            "sources",
            "array<struct<role:string,table:string,version:bigint,seen:bigint,table_id:string,"
            "files:bigint,bytes:bigint,rows:bigint,columns:string>>",
            "Source tables: role, address, Delta version and table id as read; `seen`: version up "
            "to which every change is in the states (older than `version` where the run left "
            "changed days to a later one); files, bytes and rows of the days read (null where not "
            "known); `columns`: fingerprint of its names, types, order and nullability.",
        ),
        Column(
            "outputs",
            "array<struct<table:string,version:bigint>>",
            "Output tables and the Delta version that the run wrote of each.",
        ),
        Column("days", "array<date>", "Days whose states and constraints the run computed."),
        Column(
            "retired_days",
            "array<date>",
            "Days whose states were removed, of outcome 'maintained'; null for others.",
        ),
        Column(
            "reference_days",
            "array<struct<role:string,day:date>>",
            "References with a table of their own whose states the run computed: role "
            "'reference:<name>', and the first day configured (null for the whole table).",
        ),
        Column(
            "windows",
            "array<struct<window:string,window_start:date,window_end:date>>",
            "Windows whose metrics the run computed.",
        ),
        Column(
            "labels_fingerprint",
            "string",
            "Fingerprint of what the states of performance depend on; null without labels.",
        ),
        Column(
            "performance_fingerprint",
            "string",
            "Fingerprint of what is asked of those states; null without labels.",
        ),
        Column(
            "label_days",
            "array<struct<day:date,last_known:date,next_known:date,last_due:date>>",
            "Days whose states of performance the run computed: the latest day on which a label "
            "that counts became known, the earliest on which one that does not count yet does, and "
            "the latest on which one is due. Null without labels.",
        ),
        Column(
            "performance_windows",
            "array<struct<window:string,window_start:date,window_end:date>>",
            "Windows whose performance the run computed. Null without labels.",
        ),
        Column(
            "verdict_windows",
            "array<struct<source:string,window:string,window_start:date,window_end:date>>",
            "Windows that the run judged, by source of the figures as in `verdicts`.",
        ),
        Column(
            "stages",
            "array<struct<stage:string,seconds:double>>",
            "Wall-clock seconds of each stage, in order.",
        ),
        Column(
            "executor_seconds",
            "double",
            "Seconds of all Spark tasks together; null where the cluster does not tell.",
        ),
        Column("spark_jobs", "int", "Spark jobs of the run; null where the cluster does not tell."),
        Column(
            "work",
            "struct<tasks:bigint,bytes_read:bigint,rows_read:bigint,shuffle_bytes:bigint,"
            "spill_bytes:bigint>",
            "What Spark's tasks did: how many there were, bytes and rows read from storage, bytes "
            "shuffled, and bytes spilled to disk for want of memory; null where the cluster does "
            "not tell.",
        ),
        Column("input_rows", "bigint", "Rows of inputs read; null if none were read."),
        Column("prediction_rows", "bigint", "Rows of predictions read; null if none were read."),
        Column(
            "duplicate_ids",
            "bigint",
            "Rows beyond the first of an id on a day, in both tables; they are counted here and "
            "left out everywhere else. Null in one-table mode.",
        ),
        Column(
            "unmatched_inputs",
            "bigint",
            "Inputs without a prediction of the same id and day. Null in one-table mode.",
        ),
        Column(
            "unmatched_predictions",
            "bigint",
            "Predictions without inputs of the same id and day. Null in one-table mode.",
        ),
        Column(
            "not_profiled",
            "array<struct<role:string,column:string,type:string,reason:string>>",
            "Columns that are no features because of their type, such as arrays and structs.",
        ),
        Column(
            "findings",
            "array<struct<severity:string,kind:string,subject:string,window:string,"
            "window_start:date,value:double,bound:double,message:string>>",
            "What must be looked at: severity 'warn' or 'fail', kind (a statistic or a kind of "
            "constraint), subject (feature or constraint, with its segment), value and bound.",
        ),
    ),
    key=("run_id",),
    # Every reader needs all published runs of a monitor; a file a run would make each daily run
    # open one file more than the last.
    compact_every=32,
)
