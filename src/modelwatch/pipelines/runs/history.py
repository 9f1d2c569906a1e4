"""What published runs of a monitor have left: the current run of each day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.io.delta.snapshot import RowFilter
from modelwatch.io.store.arrow_rows import table_of_values
from modelwatch.io.store.output_tables import Store
from modelwatch.model.days import shifted
from modelwatch.model.planning.label_plan import LabelDay, PublishedLabels
from modelwatch.model.planning.plan import Published
from modelwatch.spark.days import among_days
from modelwatch.spark.local_frames import frame_of
from modelwatch.tables.generation import DAYS, LABEL_DAYS, REFERENCES, VERDICT_WINDOWS, Generation


@dataclass(frozen=True)
class RunHistory:
    """The published runs of a monitor, oldest first.

    ``runs``: rows of the table runs with ``HISTORY_COLUMNS``. ``retired``: days whose states were
    removed, with the time.
    """

    runs: Sequence[Mapping[str, Any]]
    retired: Mapping[date, datetime] = field(default_factory=dict)

    @property
    def last(self) -> Mapping[str, Any] | None:
        """The newest run."""
        return self.runs[-1] if self.runs else None

    def run_of_day(self, states_fingerprint: str) -> dict[date, str]:
        """For each day with states of the fingerprint, the newest run that computed it."""
        return self._run_of_day(DAYS, "states_fingerprint", states_fingerprint)

    def _run_of_day(self, generation: Generation, name: str, fingerprint: str) -> dict[date, str]:
        """For each day of a generation, the newest run with a fingerprint whose states exist."""
        runs = [run for run in self.runs if run[name] == fingerprint]
        ended = {run["run_id"]: run for run in runs}
        found = generation.newest(runs)
        return {day: run for (day,), run in found.items() if self._stands(ended[run], day)}

    def _stands(self, run: Mapping[str, Any], day: date) -> bool:
        """Whether the states of a day from a run were not removed since."""
        return day not in self.retired or run["finished_at"] > self.retired[day]

    @property
    def retired_before(self) -> date | None:
        """The first day whose states were never removed; None if none ever was."""
        newest = max(self.retired, default=None)
        return None if newest is None else shifted(newest, 1)

    def run_of_reference(self, states_fingerprint: str) -> dict[str, str]:
        """For each role of a reference with its own table, the newest run that computed it."""
        runs = [run for run in self.runs if run["states_fingerprint"] == states_fingerprint]
        return {role: run for (role,), run in REFERENCES.newest(runs).items()}

    def run_of_label_day(self, labels_fingerprint: str) -> dict[date, str]:
        """For each day with performance states, the newest run that computed it."""
        return self._run_of_day(LABEL_DAYS, "labels_fingerprint", labels_fingerprint)

    def run_of_verdicts(self) -> dict[tuple[str, str, date], str]:
        """For each source of metrics and window (its name and first day), the newest run that
        judged it."""
        newest = VERDICT_WINDOWS.newest(self.runs)
        return {(source, window, start): run for (source, window, start), run in newest.items()}

    def published_labels(self, labels_fingerprint: str | None) -> PublishedLabels:
        """What a plan needs to know about performance, with the fingerprint of the
        configuration."""
        with_labels = [run for run in self.runs if run["labels_fingerprint"] is not None]
        if not with_labels:
            return PublishedLabels()
        last = with_labels[-1]
        stale = last["labels_fingerprint"] != labels_fingerprint
        return PublishedLabels(
            fingerprint=last["labels_fingerprint"],
            performance_fingerprint=last["performance_fingerprint"],
            as_of=last["as_of"],
            days={
                held["day"]: LabelDay(
                    held["last_known"], held["next_known"], held["last_due"], run["as_of"]
                )
                for run in with_labels
                if stale or run["labels_fingerprint"] == labels_fingerprint
                for held in run["label_days"] or ()
                if self._stands(run, held["day"])
            },
        )

    def seen_version(self, role: str, table: str) -> int | None:
        """Version of a source up to which every change is in the states; None if there is none."""
        for run in reversed(self.runs):
            for source in run["sources"] or ():
                if source["role"] == role and source["table_name"] == table:
                    return None if source["seen"] is None else int(source["seen"])
        return None

    def version_before(self, role: str, table: str, as_of: date) -> int | None:
        """Version of a source that the newest run as of an earlier day read; None if there is
        none."""
        for run in reversed(self.runs):
            for source in run["sources"] or ():
                if run["as_of"] < as_of and (source["role"], source["table_name"]) == (role, table):
                    return int(source["version"])
        return None

    @property
    def written(self) -> dict[str, int]:
        """By output table, the newest version that a run has written."""
        return {
            held["table_name"]: int(held["version"])
            for run in self.runs
            for held in run["outputs"] or ()
        }

    def source(self, role: str, table: str) -> dict[str, Any] | None:
        """A source table as the newest run read it: its struct in the table runs."""
        for run in reversed(self.runs):
            for source in run["sources"] or ():
                if source["role"] == role and source["table_name"] == table:
                    return dict(source)
        return None

    def table_id(self, role: str, table: str) -> str | None:
        """Identity of a source table as the newest run read it."""
        for run in reversed(self.runs):
            for source in run["sources"] or ():
                if source["role"] == role and source["table_name"] == table:
                    return source["table_id"]  # type: ignore[no-any-return]
        return None

    def published(
        self, states_fingerprint: str, labels_fingerprint: str | None = None
    ) -> Published:
        """What a plan needs to know, with the fingerprints of the current configuration."""
        if self.last is None:
            return Published()
        references = self.run_of_reference(states_fingerprint)
        ever = {day for run in self.runs for day in run["days"] or ()}
        current = self.run_of_day(states_fingerprint)
        stale = self.last["states_fingerprint"] != states_fingerprint
        return Published(
            states_fingerprint=self.last["states_fingerprint"],
            evaluation_fingerprint=self.last["evaluation_fingerprint"],
            as_of=self.last["as_of"],
            days=frozenset(ever if stale else current),
            references=frozenset(role.partition(":")[2] for role in references),
            bins=True,
            retired_before=self.retired_before,
            labels=self.published_labels(labels_fingerprint),
        )


HISTORY_COLUMNS = (
    "run_id",
    "as_of",
    "states_fingerprint",
    "evaluation_fingerprint",
    "sources",
    "outputs",
    "days",
    "reference_days",
    "labels_fingerprint",
    "performance_fingerprint",
    "label_days",
    "verdict_windows",
    "retired_days",
)


def history_of(runs: DataFrame) -> RunHistory:
    """The published runs among the rows of a monitor in the table runs."""
    # A table that an older version of the code wrote gets its new columns when the run begins.
    columns = [
        F.col(name) if name in runs.columns else F.lit(None).alias(name) for name in HISTORY_COLUMNS
    ]
    found = runs.select("outcome", "finished_at", *columns).collect()
    return history_of_rows(row.asDict(recursive=True) for row in found)


def stored_history(store: Store, monitor: str) -> RunHistory:
    """The published runs of a monitor, if the table runs exists.

    OutputError if one of its columns has the wrong type.
    """
    store.check_runs()
    wanted = RowFilter({"monitor": [monitor]})
    rows = store.rows("runs", wanted, "outcome", "finished_at", *HISTORY_COLUMNS)
    return history_of_rows(rows.to_pylist())


def history_of_rows(runs: Iterable[Mapping[str, Any]]) -> RunHistory:
    """The published runs among rows with ``HISTORY_COLUMNS``, ``outcome``, and ``finished_at``."""
    rows = sorted(runs, key=lambda row: (row["finished_at"], row["run_id"]))
    published = [row for row in rows if row["outcome"] == "published"]
    retired = {
        day: row["finished_at"]
        for row in rows
        if row["outcome"] == "maintained"
        for day in row["retired_days"] or ()
    }
    return RunHistory(published, retired)


def of_days(states: DataFrame, days: Collection[date]) -> DataFrame:
    """The rows of some days, so that only their directories are read."""
    return states.where(among_days(F.col("day"), days))


def rows_of_runs(
    rows: pa.Table, key: Sequence[str], run_of_key: Mapping[tuple[Any, ...], str]
) -> pa.Table:
    """The rows of each key (values of some columns) that its current run wrote."""
    names = (*key, "run_id")
    counting = [(*values, run) for values, run in run_of_key.items()]
    runs = table_of_values(pa.schema([rows.schema.field(name) for name in names]), counting)
    # A join cannot aggregate lists, so it only identifies the rows.
    at = pa.array(range(rows.num_rows), pa.int64())
    places = rows.select(names).append_column("place", at)
    return rows.take(places.join(runs, list(names), join_type="left semi")["place"])


def of_runs(states: DataFrame, run_of_day: Mapping[date, str]) -> DataFrame:
    """The rows of each day that its current run wrote."""
    spark = states.sparkSession
    generations = frame_of(
        spark,
        [(day, run) for day, run in sorted(run_of_day.items())],
        "generation_day date, generation_run string",
    )
    return states.join(
        F.broadcast(generations),
        (F.col("day") == F.col("generation_day")) & (F.col("run_id") == F.col("generation_run")),
        "left_semi",
    )
