"""The stage of a run that finds faults without a reference, and outliers in references."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame

from modelwatch.constraints import ConstraintRow
from modelwatch.evaluation.drift.question import Evaluation
from modelwatch.evaluation.verdicts.day_facts import DayFact
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.config.monitor import BOOTSTRAP_DAYS, BOOTSTRAPPED
from modelwatch.model.plain_text import counted
from modelwatch.model.verdicts.plain_faults import is_short, plain_faults
from modelwatch.pipelines.runs.findings import Finding
from modelwatch.pipelines.runs.run import Request
from modelwatch.pipelines.sources.frames import Sources
from modelwatch.spark.verdicts.judgement import day_facts
from modelwatch.stats.numerals import numerals

BUILT_IN = "built_in"
"""Kind of the built-in constraints."""
MOST_FAR = 5
"""Maximum number of far rows of a reference that are reported; more are a heavy tail."""
_MOST_REPORTED = 3


@dataclass(frozen=True)
class PlainFindings:
    """Faults that days and references show by themselves: ``faults`` of days, as failed
    constraints; ``warnings`` about references; and their text."""

    faults: tuple[ConstraintRow, ...]
    warnings: tuple[Finding, ...]
    text: str


def plain_findings(
    request: Request, evaluated: tuple[DataFrame, Evaluation] | None
) -> PlainFindings:
    """The faults that the computed days and the references show by themselves.

    ``evaluated``: the states that the windows needed, and their evaluation.
    """
    facts = () if evaluated is None else day_facts(*evaluated, request.days)
    warnings = _reference_findings(request.days, facts)
    return PlainFindings(
        tuple(_fault_rows(request.config, request.sources, facts)),
        warnings,
        _bootstrap_summary(request.config, request.sources) + _finding_summary(warnings),
    )


def _fault_rows(
    config: MonitorConfig, sources: Sources, facts: Sequence[DayFact]
) -> list[ConstraintRow]:
    """Faults of the computed days, as failed constraints."""
    short = is_short(config, sources.opened["inputs"].present() or ())
    found = []
    for fact in facts:
        if fact.day is None:
            continue
        ends = None
        if fact.minimum is not None and fact.maximum is not None:
            ends = fact.minimum, fact.maximum
        for fault in plain_faults(
            config,
            fact.day,
            fact.role,
            fact.feature,
            fact.rows,
            fact.nulls,
            ends,
            fact.constant,
            fact.new_share,
            short,
        ):
            found.append(
                ConstraintRow(
                    day=fault.day,
                    constraint=fault.constraint,
                    kind=BUILT_IN,
                    column=fault.column,
                    where=None,
                    severity=fault.severity,
                    lower=None,
                    upper=None,
                    observed=fault.observed,
                    verdict=fault.severity,
                    reason=fault.reason,
                    rows=fault.rows,
                    role=config.table_role(fault.role),
                )
            )
    return found


def _reference_findings(days: Sequence[date], facts: Sequence[DayFact]) -> tuple[Finding, ...]:
    """A warning for each feature of a reference with a few rows far beyond all others."""
    if not days:
        return ()
    newest = max(days)
    return tuple(
        Finding(
            severity="warn",
            kind="far_rows",
            subject=fact.feature,
            window=f"reference {fact.reference}",
            window_start=newest,
            value=float(fact.far),
            bound=None,
            message=f"reference {fact.reference}: {counted(fact.far, 'row')} of {fact.feature} "
            f"{'is' if fact.far == 1 else 'are'} far outside the other values (range "
            f"{' to '.join(_ends(fact))}); metrics exclude such rows",
        )
        for fact in facts
        if fact.reference is not None and fact.far <= MOST_FAR
    )


def _ends(fact: DayFact) -> tuple[str, ...]:
    """Minimum and maximum of a feature, with enough digits to distinguish them."""
    return numerals([end for end in (fact.minimum, fact.maximum) if end is not None])


def _finding_summary(findings: Sequence[Finding]) -> str:
    """Lines about outliers in references, for the end of a run; empty without any."""
    lines = [f"Warning: {one.message}.\n" for one in findings[:_MOST_REPORTED]]
    if len(findings) > _MOST_REPORTED:
        lines.append(
            f"Warning: the same holds for {len(findings) - _MOST_REPORTED} more features.\n"
        )
    return "".join(lines)


def _bootstrap_summary(config: MonitorConfig, sources: Sources) -> str:
    """A line about the default reference."""
    reference = config.references[0]
    if reference.name != BOOTSTRAPPED or reference.days is None:
        return ""
    present = sources.opened["inputs"].present() or ()
    held = sum(day in reference.days for day in present)
    until = f", until there are {BOOTSTRAP_DAYS}" if held < BOOTSTRAP_DAYS else ""
    return (
        "No reference is configured: windows are compared with the first "
        f"{counted(held, 'day')} with rows, {reference.days}{until}.\n"
    )
