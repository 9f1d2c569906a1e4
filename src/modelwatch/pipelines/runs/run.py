"""A run under way, and the row of the table runs that it leaves."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timezone
from functools import partial
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.io.delta.source_columns import columns_fingerprint
from modelwatch.io.session.environment import code_version, libraries
from modelwatch.io.session.spark_session import Effort, effort, work
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
from modelwatch.model.sources.freshness import TableAge
from modelwatch.model.sources.health import HealthRow
from modelwatch.model.states.shared_bins import SharedBin
from modelwatch.pipelines.runs.history import RunHistory
from modelwatch.pipelines.sources.frames import Sources
from modelwatch.tables import TABLES


@dataclass(frozen=True)
class Request:
    """What a run was asked: the configuration, its text, and its plan over pinned sources.

    ``missing``: by role, days without data that are overdue. ``asked``: days that a person asked
    for. ``contracts``: those that the data is held to. ``ages``: how old the data of each table
    are. ``volume``: the rows that the inputs usually have. ``outside``: what arrived of each table
    and belongs to no window, as rows of source health.
    """

    config: MonitorConfig
    config_text: str
    sources: Sources
    history: RunHistory
    plan: Plan
    asked: DayRange | None = None
    contracts: tuple[ContractFile, ...] = ()
    missing: Mapping[str, tuple[date, ...]] = field(default_factory=dict)
    ages: tuple[TableAge, ...] = ()
    volume: Volume | None = None
    outside: tuple[HealthRow, ...] = ()

    @property
    def days(self) -> list[date]:
        """Days to compute."""
        return [planned.day for planned in self.plan.days]


@dataclass(frozen=True)
class EvaluatedWindow:
    """A window that a run judged, by source of the figures."""

    source: str
    window: str
    window_start: date
    window_end: date


@dataclass
class Run:
    """Identity of a run, its stages so far, those going on, and what it wrote where.

    Its id begins with the moment of its start, so that ids ascend.
    """

    spark: SparkSession
    started_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    stages: list[tuple[str, float]] = field(default_factory=list)
    outputs: dict[str, int] = field(default_factory=dict)
    label_days: dict[date, LabelDay] = field(default_factory=dict)
    label_values: dict[date, tuple[ValueAccount, ...]] = field(default_factory=dict)
    shared_bins: tuple[SharedBin, ...] = ()
    judged: list[EvaluatedWindow] = field(default_factory=list)
    going_on: list[str] = field(default_factory=list)
    run_id: str = field(init=False)
    _effort: Effort = field(init=False)

    def __post_init__(self) -> None:
        """Name the run, and note what Spark has done before it."""
        self.run_id = f"{self.started_at:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        self._effort = effort(self.spark)

    @contextmanager
    def stage(self, name: str, wording: str) -> Iterator[None]:
        """Times a stage and says what is going on."""
        LOG.info("%s", wording)
        began = time.monotonic()
        # A stage that fails stays: whoever is told of the failure is told where.
        self.going_on.append(name)
        yield
        self.going_on.remove(name)
        seconds = time.monotonic() - began
        self.stages.append((name, seconds))
        LOG.info("  %s took %.1f s", name, seconds)

    def append(self, store: Store, config: MonitorConfig, table: str, frame: DataFrame) -> None:
        """Writes the monitor's rows of the run to a table, and notes the version that it gets."""
        marked = frame.withColumn("monitor", F.lit(config.monitor))
        self.outputs[table] = store.append(table, marked, self.run_id)

    def append_all(
        self, store: Store, config: MonitorConfig, frames: Mapping[str, DataFrame]
    ) -> None:
        """The same of several tables at once: most of writing a few rows is the commit."""
        with ThreadPoolExecutor(max_workers=max(1, len(frames))) as at_once:
            list(at_once.map(partial(self.append, store, config), frames, frames.values()))

    def row(self, request: Request, outcome: str, exit_code: int) -> dict[str, Any]:
        """The run's row, without message, findings and counts of rows."""
        plan, config = request.plan, request.config
        done = effort(self.spark).since(self._effort)
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
            "asked_days": None if request.asked is None else str(request.asked),
            "history": {"runs": len(request.history.runs), "last": last and last["run_id"]},
            "contracts": [file.used for file in request.contracts],
            "sources": _source_rows(request),
            "outputs": [
                {"table": name, "version": self.outputs[name]}
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
                {"window": w.name, "window_start": w.start, "window_end": w.end}
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
                {"window": w.name, "window_start": w.start, "window_end": w.end}
                for w in plan.labels.windows
                if published
            ],
            "verdict_windows": [asdict(judged) for judged in self.judged if published],
            "not_profiled": [
                {"role": c.role, "column": c.column, "type": c.spark_type, "reason": c.reason}
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
        _source_row(request, role, history, days, late_labels if _of_labels(role) else late)
        for role in request.sources.opened
    ]


def _of_labels(role: str) -> bool:
    return role == "labels" or role.startswith("challenger:")


def _source_row(
    request: Request, role: str, history: RunHistory, days: Sequence[date], late: bool
) -> dict[str, Any]:
    source = request.sources.opened[role]
    table = str(source.address)
    volume = source.volume(days) if role in ("inputs", "predictions") and days else None
    return {
        "role": role,
        "table": table,
        "version": source.version,
        # Changed days that are left to a later run must be seen again by it.
        "seen": history.seen_version(role, table) if late else source.version,
        "table_id": source.table_id,
        "files": volume and volume.files,
        "bytes": volume and volume.bytes,
        "rows": volume and volume.rows,
        "columns": columns_fingerprint(source),
    }
