"""An active run, and its row in the table runs."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from functools import partial
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.capabilities import Capabilities, capabilities
from modelwatch.constraints import chosen_engine
from modelwatch.io.delta.source_columns import columns_fingerprint
from modelwatch.io.session.effort import Effort, effort, work
from modelwatch.io.session.environment import code_version, libraries
from modelwatch.io.store.output_tables import Store
from modelwatch.log import LOG
from modelwatch.model.config.configuration import (
    MonitorConfig,
    config_fingerprint,
    evaluation_fingerprint,
    labels_fingerprint,
    performance_fingerprint,
    states_fingerprint,
)
from modelwatch.model.contracts.contract import ContractFile
from modelwatch.model.days import DayRange
from modelwatch.model.performance.value_accounts import ValueAccount
from modelwatch.model.planning.label_plan import LabelDay
from modelwatch.model.planning.plan import Plan
from modelwatch.model.planning.window_volumes import Volume
from modelwatch.model.runs.stages import Stage
from modelwatch.model.sources.freshness import TableAge
from modelwatch.model.sources.health import HealthRow
from modelwatch.model.states.shared_bins import SharedBin
from modelwatch.pipelines.runs.history import RunHistory
from modelwatch.pipelines.sources.frames import Sources
from modelwatch.pipelines.states.worker_reads import TableRead
from modelwatch.tables import TABLES


@dataclass(frozen=True)
class Request:
    """The request of a run: the configuration, its text, and its plan over pinned sources.

    ``missing``: by role, overdue days without data. ``requested_days``: those given by a person.
    ``contracts``: those that are checked. ``ages``: of the data of each table. ``volume``: the
    usual number of rows of the inputs. ``outside``: new rows of each table that belong to no
    window, as rows of source health.
    """

    config: MonitorConfig
    config_text: str
    sources: Sources
    history: RunHistory
    plan: Plan
    requested_days: DayRange | None = None
    contracts: tuple[ContractFile, ...] = ()
    missing: Mapping[str, tuple[date, ...]] = field(default_factory=dict)
    ages: tuple[TableAge, ...] = ()
    volume: Volume | None = None
    outside: tuple[HealthRow, ...] = ()

    @property
    def days(self) -> list[date]:
        """Days to compute."""
        return self.plan.dates


@dataclass(frozen=True)
class EvaluatedWindow:
    """A window that a run judged, by source of the metrics."""

    source: str
    window: str
    window_start: date
    window_end: date

    def as_dict(self) -> dict[str, Any]:
        """The window as a struct of the table runs."""
        return {
            "source": self.source,
            "window_name": self.window,
            "window_start": self.window_start,
            "window_end": self.window_end,
        }


@dataclass
class Run:
    """Identity of a run, its completed and active stages, and what it wrote.

    Its id begins with the time of its start, so ids ascend.
    """

    spark: SparkSession
    started_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    stages: list[tuple[str, float]] = field(default_factory=list)
    outputs: dict[str, int] = field(default_factory=dict)
    label_days: dict[date, LabelDay] = field(default_factory=dict)
    label_values: dict[date, tuple[ValueAccount, ...]] = field(default_factory=dict)
    shared_bins: tuple[SharedBin, ...] = ()
    reads: list[TableRead] = field(default_factory=list)
    judged: list[EvaluatedWindow] = field(default_factory=list)
    going_on: list[str] = field(default_factory=list)
    constraint_engine: str | None = None
    run_id: str = field(init=False)
    _here: Capabilities = field(init=False)
    _effort: Effort = field(init=False)

    def __post_init__(self) -> None:
        """Name the run, and note what Spark can do and has done before it."""
        self.run_id = f"{self.started_at:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        # Read at the start, so that it is known even if the session is lost.
        self._here = capabilities(self.spark)
        self._effort = effort(self.spark)

    def say_where(self, config: MonitorConfig) -> None:
        """Say in one line where the run computes, and by which engine its constraints if any."""
        here = self._here
        said = [
            f"Spark {here.spark_version}",
            "over Spark Connect" if here.interface == "connect" else "classic",
        ]
        if config.constraints or config.contracts:
            engine = chosen_engine(self.spark, config.constraint_engine)
            self.constraint_engine = engine.name
            said.append(f"constraints by the {engine.name} engine ({engine.reason})")
        LOG.info("%s", "; ".join((*said, *here.lacking)))

    @contextmanager
    def stage(self, stage: Stage, wording: str) -> Iterator[None]:
        """Times a stage, and logs its description."""
        name = stage.value
        LOG.info("%s", wording, extra={"stage": name})
        began = time.monotonic()
        # A failed stage is not removed, so that the error message can name it.
        self.going_on.append(name)
        yield
        self.going_on.remove(name)
        seconds = time.monotonic() - began
        self.stages.append((name, seconds))
        LOG.info("  %s took %.1f s", name, seconds, extra={"stage": name, "seconds": seconds})

    def append(
        self, store: Store, config: MonitorConfig, table: str, rows: DataFrame | pa.Table
    ) -> None:
        """Writes the monitor's rows of the run to a table, and records the resulting version."""
        if isinstance(rows, pa.Table):
            named = pa.repeat(pa.scalar(config.monitor), rows.num_rows)
            marked = rows.append_column("monitor", named)
        else:
            marked = rows.withColumn("monitor", F.lit(config.monitor))
        self.outputs[table] = store.append(table, marked, self.run_id)

    def append_all(
        self, store: Store, config: MonitorConfig, frames: Mapping[str, DataFrame | pa.Table]
    ) -> None:
        """The same for several tables at once, because a commit takes most of the time for few
        rows."""
        with ThreadPoolExecutor(max_workers=max(1, len(frames))) as pool:
            list(pool.map(partial(self.append, store, config), frames, frames.values()))

    @property
    def session_row(self) -> dict[str, Any]:
        """Where the run computes, as a struct of the table runs."""
        here = self._here
        return {
            "version": here.spark_version,
            "interface": here.interface,
            "constraint_engine": self.constraint_engine,
            "lacking": list(here.lacking),
        }

    def row(self, request: Request, outcome: str, exit_code: int) -> dict[str, Any]:
        """The row of the run, without message, findings, and row counts."""
        plan, config = request.plan, request.config
        done = effort(self.spark).minus(self._effort)
        tasks = work(self.spark, self._effort)
        last = request.history.last
        published = outcome == "published"
        return {
            "monitor": config.monitor,
            "run_id": self.run_id,
            "started_at": self.started_at,
            "finished_at": datetime.now(timezone.utc),
            "outcome": outcome,
            "exit_code": exit_code,
            "as_of": plan.as_of,
            "config_yaml": request.config_text,
            "config_fingerprint": config_fingerprint(config),
            "states_fingerprint": states_fingerprint(config),
            "evaluation_fingerprint": evaluation_fingerprint(config),
            "code_version": code_version(),
            "libraries": [{"name": n, "version": v} for n, v in libraries().items()],
            "spark_session": self.session_row,
            "requested_days": None
            if request.requested_days is None
            else str(request.requested_days),
            "history": {"runs": len(request.history.runs), "last": last and last["run_id"]},
            "contracts": [file.used for file in request.contracts],
            "sources": _source_rows(request),
            "reads": [read.as_dict() for read in self.reads] or None,
            "outputs": [
                {"table_name": name, "version": self.outputs[name]}
                for name in TABLES
                if name in self.outputs
            ],
            "days": request.days if published else [],
            "reference_days": [
                {"role": f"reference:{ref.name}", "day": ref.days.first if ref.days else None}
                for ref in plan.references
                if published
            ],
            "windows": [
                {"window_name": w.name, "window_start": w.start, "window_end": w.end}
                for w in plan.windows
                if published
            ],
            "labels_fingerprint": labels_fingerprint(config),
            "performance_fingerprint": performance_fingerprint(config),
            "label_days": [
                {
                    "day": day,
                    "last_known": held.last_known,
                    "next_known": held.next_known,
                    "last_due": held.last_due,
                }
                for day, held in self.label_days.items()
                if published
            ],
            "performance_windows": [
                {"window_name": w.name, "window_start": w.start, "window_end": w.end}
                for w in plan.labels.windows
                if published
            ],
            "verdict_windows": [judged.as_dict() for judged in self.judged if published],
            "not_profiled": [
                {"role": c.role, "column_name": c.column, "type": c.spark_type, "reason": c.reason}
                for c in plan.not_profiled
            ],
            "stages": [{"stage": name, "seconds": seconds} for name, seconds in self.stages],
            "executor_seconds": tasks and tasks.executor_seconds,
            "spark_jobs": done.jobs,
            "work": tasks and {k: v for k, v in vars(tasks).items() if k != "executor_seconds"},
        }


def _source_rows(request: Request) -> list[dict[str, Any]]:
    history, days = request.history, request.days
    known = {day for row in history.runs for day in row["days"] or ()}
    late = bool(known.intersection(request.plan.left_out))
    late_labels = late or bool(request.plan.labels.left_out)
    return [
        _source_row(request.sources, role, history, days, late_labels if _of_labels(role) else late)
        for role in request.sources.opened
    ]


def _of_labels(role: str) -> bool:
    return role == "labels" or role.startswith("challenger:")


def _source_row(
    sources: Sources, role: str, history: RunHistory, days: Sequence[date], late: bool
) -> dict[str, Any]:
    source = sources.opened[role]
    table = str(source.address)
    volume = source.volume(days) if role in ("inputs", "predictions") and days else None
    return {
        "role": role,
        "table_name": table,
        "version": source.version,
        # A later run must find changed days that this run leaves out.
        "seen": history.seen_version(role, table) if late else source.version,
        "table_id": source.table_id,
        "files": volume and volume.files,
        "bytes": volume and volume.bytes,
        "row_count": volume and volume.rows,
        "columns_fingerprint": columns_fingerprint(source),
    }
