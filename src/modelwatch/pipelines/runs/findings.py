"""The findings of a run, for its row and for people: failing metrics, and lasting incidents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.incidents.incident import Incident
from modelwatch.model.plain_text import counted, named, shortened
from modelwatch.model.planning.plan import Plan
from modelwatch.model.quoted_values import distinguishable_value
from modelwatch.model.retraining.evidence import RetrainingDecision
from modelwatch.pipelines.incidents.stage import FoundIncidents
from modelwatch.stats.numerals import numerals
from modelwatch.stats.value_names import ALL

LONGEST_REASON = 1000
"""Maximum length of a reason, which may contain values of data."""
MOST_PRINTED = 10
"""Maximum number of incidents that a run prints."""
_MOST_WARNINGS = 3
"""Maximum number of warnings that a run prints."""
_MOST = 200
"""Maximum number of findings in the row of a run, the most severe first, then the largest
effects."""

FINDING_VERDICTS = ("fail", "warn", "undefined")
"""Verdicts that can be findings."""


@dataclass(frozen=True)
class Finding:
    """A metric that failed; ``severity`` is 'fail' or 'warn'."""

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
        held = asdict(self)
        return {"window_name": held.pop("window"), **held}


def findings_of(verdicts: pa.Table) -> tuple[Finding, ...]:
    """The verdicts of completed windows that did not pass: failures, warnings, and unknown
    constraints."""
    source, verdict = pc.field("source"), pc.field("verdict")
    unknown = (source == "constraint") & (verdict == "undefined")
    rows = verdicts.filter((verdict.isin(["fail", "warn"]) | unknown) & ~pc.field("partial"))
    found = [
        {**row, "severity": "fail" if row["verdict"] == "fail" else "warn"}
        for row in rows.to_pylist()
    ]
    return tuple(_finding(row) for row in sorted(found, key=_severe_first)[:_MOST])


def _severe_first(row: Mapping[str, Any]) -> tuple[Any, ...]:
    effect = row["effect"]
    return (
        row["severity"],
        effect is None,
        0.0 if effect is None else -effect,
        -row["window_start"].toordinal(),
        *(
            (row[name] is not None, row[name] or "")
            for name in (
                "source",
                "subject",
                "metric",
                "segmentation",
                "segment",
                "window_name",
                "reference",
            )
        ),
    )


def _finding(row: Mapping[str, Any]) -> Finding:
    segment = "" if row["segmentation"] == ALL else distinguishable_value(row["segment"])
    where = f" for {row['segmentation']} = {segment}" if segment else ""
    what = f"{row['metric']} of {named(row['subject'])}{where}"
    if row["verdict"] == "undefined":
        message = f"{what} is unknown: {shortened(row['reason'] or '', LONGEST_REASON)}"
    else:
        compared = f" compared with {row['reference']}" if row["reference"] else ""
        texts = iter(numerals([row[key] for key in ("value", "threshold") if row[key] is not None]))
        value = "" if row["value"] is None else f" is {next(texts)}"
        threshold = "" if row["threshold"] is None else f", threshold {next(texts)}"
        message = f"{what}{compared}{value}{threshold}"
    return Finding(
        severity=row["severity"],
        kind=row["metric"],
        subject=row["subject"] + where,
        window=row["window_name"],
        window_start=row["window_start"],
        value=row["value"],
        bound=row["threshold"],
        message=f"{row['window_name']} {row['window_start']}: {message}",
    )


def finding_lines(
    config: MonitorConfig,
    plan: Plan,
    incidents: FoundIncidents,
    retrain: Sequence[RetrainingDecision],
    silent: tuple[str, str] | None = None,
) -> str:
    """The summary of a run for people: one sentence, lasting incidents, closed incidents, and where
    to look.

    ``retrain``: the decisions to retrain the model. ``silent``: the configuration key that prevents
    drift from opening incidents, and why.
    """
    days, windows = counted(len(plan.days), "day"), counted(len(plan.windows), "window")
    head = f"{config.monitor}: {days} computed, {windows} evaluated"
    if plan.labels:
        head += f", {counted(len(plan.labels.days), 'day')} compared with labels"
    roots = [one for one in incidents.all if one.is_open and one.parent_id is None]
    roots.sort(key=lambda one: one.rank or 0)
    urgent = [one for one in roots if one.needs_attention]
    warnings = [one for one in roots if one.severity == "warn" and not one.is_set_aside]
    quiet = len(roots) - len(urgent) - len(warnings)
    now = " now" * bool(incidents.over)
    if urgent:
        need = "needs" if len(urgent) == 1 else "need"
        lines = [f"{head}; {counted(len(urgent), 'incident')} {need} attention:"]
        lines += [f"  {one.rank}. {one.sentence}" for one in urgent[:MOST_PRINTED]]
    else:
        lines = [f"{head}; no incident needs attention{now}."]
    if len(urgent) > MOST_PRINTED:
        lines.append(f"  and {len(urgent) - MOST_PRINTED} more")
    if warnings:
        lines.append(f"{counted(len(warnings), 'warning')}:")
        lines += [f"  {one.sentence}" for one in warnings[:_MOST_WARNINGS]]
    if len(warnings) > _MOST_WARNINGS:
        lines.append(f"  and {len(warnings) - _MOST_WARNINGS} more")
    if quiet:
        lines.append(f"  Also open: {quiet} (muted or acknowledged incidents).")
    for one in retrain:
        lines.append(
            f"Retrain model version {one.model_version} (policy {one.policy}): {one.evidence}."
        )
    if silent is not None:
        lines.append(f"Drift is not evaluated: {silent[0]} {silent[1]}.")
    lines += _over(incidents.over)
    if roots:
        lines.append("The view open_incidents has the evidence.")
    lines.append(f"Results are in {config.output}. Query them with `modelwatch sql`.")
    return "\n".join(lines) + "\n"


def _over(over: Sequence[Incident]) -> list[str]:
    """Past incidents that this run found closed, with their days."""
    if not over:
        return []
    are = "is" if len(over) == 1 else "are"
    lines = [
        f"{counted(len(over), 'incident')} in the evaluated days {are} already closed:",
        *(f"  {one.onset}..{one.last_failing}: {one.sentence}" for one in over[:MOST_PRINTED]),
    ]
    if len(over) > MOST_PRINTED:
        lines.append(f"  and {len(over) - MOST_PRINTED} more")
    lines.append("List them with `modelwatch incidents CONFIG --all`.")
    return lines
