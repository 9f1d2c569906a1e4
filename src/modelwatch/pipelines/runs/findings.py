"""What a run found, for its row and for a person: figures that failed, and incidents that last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.incidents.incident import Incident
from modelwatch.model.plain_text import named, shortened
from modelwatch.model.planning.plan import Plan
from modelwatch.model.quoted_values import distinguishable_value
from modelwatch.model.retraining.evidence import RetrainingDecision
from modelwatch.pipelines.incidents.stage import FoundIncidents
from modelwatch.stats.numerals import numerals
from modelwatch.stats.value_names import ALL

LONGEST_REASON = 1000
"""Characters of a reason, which may hold values of data."""
TOLD = 10
"""Incidents that a run prints."""
MOST = 200
"""Findings that a run's row keeps, the most severe and furthest beyond their thresholds."""


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
    segment = "" if row["segmentation"] == ALL else distinguishable_value(row["segment"])
    where = f" for {row['segmentation']} = {segment}" if segment else ""
    what = f"{row['figure']} of {named(row['subject'])}{where}"
    if row["verdict"] == "undefined":
        message = f"{what} is unknown: {shortened(row['reason'] or '', LONGEST_REASON)}"
    else:
        against = f" against {row['reference']}" if row["reference"] else ""
        texts = iter(numerals([row[key] for key in ("value", "threshold") if row[key] is not None]))
        value = "" if row["value"] is None else f" is {next(texts)}"
        threshold = "" if row["threshold"] is None else f", threshold {next(texts)}"
        message = f"{what}{against}{value}{threshold}"
    return Finding(
        severity=row["severity"],
        kind=row["figure"],
        subject=row["subject"] + where,
        window=row["window"],
        window_start=row["window_start"],
        value=row["value"],
        bound=row["threshold"],
        message=f"{row['window']} {row['window_start']}: {message}",
    )


def finding_lines(
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
        head += f", {held} day{'s' * (held != 1)} compared with labels"
    calling = sorted((one for one in incidents.all if one.calls), key=lambda one: one.rank or 0)
    quiet = sum(one.is_open and one.parent_id is None for one in incidents.all) - len(calling)
    now = " now" * bool(incidents.over)
    if calling:
        needs = f"{len(calling)} incident{'s need' if len(calling) != 1 else ' needs'} attention"
        lines = [f"{head}; {needs}:"]
        lines += [f"  {one.rank}. {one.sentence}" for one in calling[:TOLD]]
    else:
        lines = [f"{head}; no incident needs attention{now}."]
    if len(calling) > TOLD:
        lines.append(f"  and {len(calling) - TOLD} more")
    if quiet:
        lines.append(f"  Also open: {quiet} (warnings, muted or acknowledged incidents).")
    for one in retrain:
        lines.append(
            f"Retrain model version {one.model_version} (policy {one.policy}): {one.evidence}."
        )
    if silent is not None:
        lines.append(f"Drift is not evaluated: {silent[0]} {silent[1]}.")
    lines += _over(incidents.over)
    if calling or quiet:
        lines.append("See the view open_incidents for their evidence.")
    lines.append(f"The results are in {config.output}; query them with `modelwatch sql`.")
    return "\n".join(lines) + "\n"


def _over(over: Sequence[Incident]) -> list[str]:
    """Incidents of the past that this run found over, with their days."""
    if not over:
        return []
    count = len(over)
    some, are = ("incident", "is") if count == 1 else ("incidents", "are")
    wording = f"{count} {some} of the evaluated days {are} closed:"
    lines = [
        wording,
        *(f"  {one.since}..{one.last_failing}: {one.sentence}" for one in over[:TOLD]),
    ]
    if count > TOLD:
        lines.append(f"  and {count - TOLD} more")
    lines.append("List them with `modelwatch incidents CONFIG --all`.")
    return lines
