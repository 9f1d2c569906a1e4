"""Check constraints against the schemas of their tables, before any work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame

from modelwatch.constraints.kinds import Sets, basis_of
from modelwatch.constraints.source import ConstrainedTable, Misfit
from modelwatch.model.contracts.constraint import Constraint
from modelwatch.model.errors import Problem


def problems(
    frames: Mapping[str, DataFrame],
    constraints: Sequence[Constraint],
    sets: Sets | None = None,
) -> tuple[Problem, ...]:
    """Return what does not fit: columns, types, SQL, and regular expressions; empty if nothing.

    The frames are only analyzed: no Spark job runs, and empty ones suffice. Places are those of the
    configuration, such as ``constraints[2].where``; their lines are not known here.
    """
    found: list[Problem] = []
    for i, constraint in enumerate(constraints):
        found += [
            Problem(f"constraints[{i}].{misfit.key}", None, f"{constraint.name}: {misfit}")
            for misfit in _misfits(frames, constraint, sets or {})
        ]
    return tuple(found)


def _misfits(frames: Mapping[str, DataFrame], constraint: Constraint, sets: Sets) -> list[Misfit]:
    if constraint.table not in frames:
        return [Misfit("table", f"there is no table of {constraint.table}")]
    source = ConstrainedTable(frames[constraint.table])
    found: list[Misfit] = []
    try:
        if constraint.where is not None:
            source.condition(constraint.where, "where")
    except Misfit as misfit:
        found.append(misfit)
    try:
        basis_of(constraint, source, sets)
    except Misfit as misfit:
        found.append(misfit)
    return found
