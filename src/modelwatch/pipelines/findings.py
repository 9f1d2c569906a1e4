"""What must be looked at after a run: constraints that do not hold, drift beyond its gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.deequ import NO_ROWS_CHECKED, ConstraintRow
from modelwatch.model.config import MonitorConfig
from modelwatch.model.plan import Plan

TOLD = 10
"""Findings that a run prints."""
MOST = 500
"""Drift findings that a run tells, the furthest beyond their gates."""


@dataclass(frozen=True)
class Finding:
    """One thing to look at; ``severity`` 'fail' makes the exit code 1, 'warn' does not."""

    severity: str
    kind: str
    subject: str
    window: str
    window_start: date
    value: float | None
    bound: float | None
    message: str

    def as_dict(self) -> dict[str, Any]:
        """The finding as a struct of the table runs."""
        return asdict(self)


def findings_of_constraints(rows: Sequence[ConstraintRow]) -> tuple[Finding, ...]:
    """Constraints that do not hold, newest day first; unknown ones are warnings.

    A constraint on rows of which the day has none is unknown, and nothing to look at.
    """
    told = [
        _of_constraint(row)
        for row in rows
        if row.verdict != "pass" and row.reason != NO_ROWS_CHECKED
    ]
    return tuple(sorted(told, key=lambda f: (f.severity, -f.window_start.toordinal(), f.subject)))


def _of_constraint(row: ConstraintRow) -> Finding:
    bound = row.lower if row.lower is not None else row.upper
    if row.verdict == "unknown":
        message = f"{row.day}: {row.constraint} is unknown: {row.reason}"
    else:
        limits = [f"{limit:g}" for limit in (row.lower, row.upper) if limit is not None]
        what = f"{row.constraint} ({row.kind}{' of ' + row.column if row.column else ''})"
        message = f"{row.day}: {what} is {row.observed:.6g}, bound {' to '.join(limits)}"
    severity = "fail" if row.verdict == "fail" else "warn"
    return Finding(severity, row.kind, row.constraint, "day", row.day, row.observed, bound, message)


def drift_findings(drift: DataFrame, monitor: str, run_id: str) -> tuple[Finding, ...]:
    """Statistics of all traffic beyond their gates in windows that are over, furthest first."""
    beyond = drift.where(
        (F.col("monitor") == monitor)
        & (F.col("run_id") == run_id)
        & F.col("gate").isNotNull()
        & ~F.col("partial")
        & (F.col("segmentation") == "all")
        & (F.abs("value") > F.col("gate"))
    ).withColumn("times", F.abs("value") / F.greatest(F.col("gate"), F.lit(1e-12)))
    rows = beyond.orderBy(
        F.desc("times"), "feature", "window", "window_start", "reference", "statistic"
    ).limit(MOST)
    return tuple(
        Finding(
            severity="fail",
            kind=row["statistic"],
            subject=row["feature"],
            window=row["window"],
            window_start=row["window_start"],
            value=row["value"],
            bound=row["gate"],
            message=(
                f"{row['window']} {row['window_start']}: {row['statistic']} of {row['feature']} "
                f"against {row['reference']} is {row['value']:.4g}, gate {row['gate']:g}"
            ),
        )
        for row in rows.collect()
    )


def told(config: MonitorConfig, plan: Plan, findings: Sequence[Finding]) -> str:
    """What a run found, for a person: a sentence, the first findings, and where to look."""
    days = f"{len(plan.days)} day{'s' * (len(plan.days) != 1)}"
    windows = f"{len(plan.windows)} window{'s' * (len(plan.windows) != 1)}"
    head = f"{config.monitor}: {days} computed, {windows} evaluated"
    if plan.labels:
        held = len(plan.labels.days)
        head += f", {held} day{'s' * (held != 1)} held against their labels"
    if not findings:
        return f"{head}; nothing to look at.\n"
    lines = [f"{head}; {len(findings)} to look at:"]
    lines += [f"  {finding.message}" for finding in findings[:TOLD]]
    if len(findings) > TOLD:
        more = len(findings) - TOLD
        lines.append(f"  and {more} more: see the views failed_constraints and drift_ranking")
    lines.append(f"The tables are in {config.output}; `modelwatch sql` opens a shell on them.")
    return "\n".join(lines) + "\n"
