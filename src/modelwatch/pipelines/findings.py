"""What a run found, for its row and for a person: figures that failed, and incidents that last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from modelwatch.model.config import MonitorConfig
from modelwatch.model.incident import Incident
from modelwatch.model.plain_words import named, shortened
from modelwatch.model.plan import Plan
from modelwatch.model.quoted_values import told_value
from modelwatch.model.retraining_evidence import RetrainingDecision
from modelwatch.pipelines.incidents import FoundIncidents
from modelwatch.stats.numerals import numerals
from modelwatch.stats.value_names import ALL

LONGEST_REASON = 1000
"""Characters of a reason, which may hold values of data."""
TOLD = 10
"""Incidents that a run prints."""
MOST = 200
"""Findings that a run's row keeps, the most severe and furthest beyond their gates."""


@dataclass(frozen=True)
class Finding:
    """One figure that failed, ``severity`` 'fail' or 'warn'."""

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


def findings_of(verdicts: DataFrame) -> tuple[Finding, ...]:
    """The verdicts that are not well, of windows that are over: failures, warnings, and constraints
    that are unknown."""
    unknown = (F.col("source") == "constraint") & (F.col("verdict") == "undefined")
    rows = (
        verdicts.where((F.col("verdict").isin("fail", "warn") | unknown) & ~F.col("partial"))
        .withColumn("severity", F.when(F.col("verdict") == "fail", "fail").otherwise("warn"))
        .orderBy(
            "severity",
            F.desc_nulls_last("effect"),
            F.desc("window_start"),
            "source",
            "subject",
            "figure",
            "segmentation",
            "segment",
            "window",
            "reference",
        )
        .limit(MOST)
    )
    return tuple(_finding(row) for row in rows.collect())


def _finding(row: Row) -> Finding:
    segment = "" if row["segmentation"] == ALL else told_value(row["segment"])
    where = f" of {row['segmentation']} {segment}" if segment else ""
    what = f"{row['figure']} of {named(row['subject'])}{where}"
    if row["verdict"] == "undefined":
        message = f"{what} is unknown: {shortened(row['reason'] or '', LONGEST_REASON)}"
    else:
        against = f" against {row['reference']}" if row["reference"] else ""
        texts = iter(numerals([row[key] for key in ("value", "gate") if row[key] is not None]))
        value = "" if row["value"] is None else f" is {next(texts)}"
        gate = "" if row["gate"] is None else f", gate {next(texts)}"
        message = f"{what}{against}{value}{gate}"
    return Finding(
        severity=row["severity"],
        kind=row["figure"],
        subject=row["subject"] + where,
        window=row["window"],
        window_start=row["window_start"],
        value=row["value"],
        bound=row["gate"],
        message=f"{row['window']} {row['window_start']}: {message}",
    )


def told(
    config: MonitorConfig,
    plan: Plan,
    incidents: FoundIncidents,
    retrain: Sequence[RetrainingDecision],
    silent: tuple[str, str] | None = None,
) -> str:
    """What a run found, for a person: a sentence, the incidents that last, those that are over, and
    where to look.

    ``retrain``: the decisions that the model must be trained again. ``silent``: the key of the
    configuration by which no drift can be an incident, and why.
    """
    days = f"{len(plan.days)} day{'s' * (len(plan.days) != 1)}"
    windows = f"{len(plan.windows)} window{'s' * (len(plan.windows) != 1)}"
    head = f"{config.monitor}: {days} computed, {windows} evaluated"
    if plan.labels:
        held = len(plan.labels.days)
        head += f", {held} day{'s' * (held != 1)} held against their labels"
    calling = sorted((one for one in incidents.all if one.calls), key=lambda one: one.rank or 0)
    quiet = sum(one.is_open and one.parent_id is None for one in incidents.all) - len(calling)
    if not calling and not retrain:
        now = " now" * bool(incidents.over)
        lines = [f"{head}; nothing to look at{now}."]
    else:
        lines = [f"{head}; {len(calling) + len(retrain)} to look at:"]
        lines += [f"  {one.rank}. {one.sentence}" for one in calling[:TOLD]]
    if len(calling) > TOLD:
        lines.append(f"  and {len(calling) - TOLD} more")
    if quiet:
        lines.append(f"  Open besides, and not calling: {quiet} (warnings, muted, acknowledged).")
    for one in retrain:
        lines.append(
            f"Train model version {one.model_version} again ({one.policy}): {one.evidence}."
        )
    if silent is not None:
        lines.append(f"Drift is not judged: {silent[0]} {silent[1]}.")
    lines += _over(incidents.over)
    if calling or quiet:
        lines.append("The view open_incidents has them with their evidence.")
    lines.append(f"The tables are in {config.output}; `modelwatch sql` opens a shell on them.")
    return "\n".join(lines) + "\n"


def _over(over: Sequence[Incident]) -> list[str]:
    """Incidents of the past that this run found over, with their days."""
    if not over:
        return []
    count = len(over)
    told = f"Over by now: {count} incident{'s' * (count != 1)} of the days evaluated."
    lines = [told, *(f"  {one.since}..{one.last_failing}: {one.sentence}" for one in over[:TOLD])]
    if count > TOLD:
        lines.append(f"  and {count - TOLD} more")
    lines.append("`modelwatch incidents CONFIG --all` lists them.")
    return lines
