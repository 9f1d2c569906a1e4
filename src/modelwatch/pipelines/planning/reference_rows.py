"""The check that every fixed reference has rows, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from modelwatch.model.config.configuration import Reference
from modelwatch.model.errors import Problem, SourceError
from modelwatch.model.planning.plan import Plan, Published
from modelwatch.model.sources.change import SourceChange
from modelwatch.pipelines.sources.frames import Sources


def check_references(
    sources: Sources,
    changes: Sequence[SourceChange],
    published: Published,
    plan: Plan,
    lines: Mapping[str, int],
) -> None:
    """Raises SourceError with all fixed references that have no rows.

    Rows that an earlier run has read may have been removed since, because their states are stored.
    One Spark job per reference that is a whole table whose states must be computed.
    """
    by_role = {change.role: change for change in changes}
    problems = []
    for at, reference in enumerate(sources.config.references):
        for role in _roles(sources, reference, published):
            change = by_role[role]
            if reference.kind == "fixed" and _empty(sources, reference, change, published, plan):
                place = f"references[{at}]"
                wording = f"reference {reference.name!r} has no rows in {change.table}"
                when = f": none on {reference.days}" if reference.days else ""
                problems.append(Problem(place, lines.get(place), wording + when))
    if problems:
        raise SourceError(problems)


def _roles(sources: Sources, reference: Reference, published: Published) -> tuple[str, ...]:
    """The tables in which a reference must have rows; bins of scores need predictions as well."""
    fits = not published.bins and reference is sources.config.binning_reference
    if fits and reference.table is None and sources.config.two_tables:
        return reference.role, "predictions"
    return (reference.role,)


def _empty(
    sources: Sources,
    reference: Reference,
    change: SourceChange,
    published: Published,
    plan: Plan,
) -> bool:
    if reference.days is None:
        planned = any(one.name == reference.name for one in plan.references)
        return planned and sources.frames[change.role].isEmpty()
    own_table = reference.table is not None
    stored = own_table and reference.name in published.references
    if stored or change.present is None:
        return False
    days = change.present if own_table else change.present | published.days
    return not any(day in reference.days for day in days)
