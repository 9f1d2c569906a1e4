"""Return Deequ's own suggestions for some rows as text for review; none of it is executed."""

from __future__ import annotations

from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.constraints.deequ_aggregates import import_pydeequ
from modelwatch.constraints.source import first_line, quoted
from modelwatch.query_failures import QUERY_FAILURES

MAX_COLUMNS = 50
"""Maximum columns profiled by Deequ, which takes three scans and more."""
_PROFILED = ("string", "boolean", "double", "float", "int", "bigint", "smallint", "tinyint")


def suggestions(rows: DataFrame, columns: list[str] | None = None) -> dict[str, tuple[str, ...]]:
    """Return the constraints that Deequ's rules suggest by column, each as code and description.

    ``rows`` are a small sample. Columns of types that Deequ does not profile are left out, and so
    are those beyond ``MAX_COLUMNS``. A failure of Deequ is returned under the empty name.
    """
    # Deequ takes a name with a dot for a field of a struct: columns go by their number.
    known = {name: kind.split("(")[0] for name, kind in rows.dtypes}
    wanted = [
        name
        for name in (columns if columns is not None else rows.columns)
        if known.get(name) in _PROFILED or known.get(name) == "decimal"
    ][:MAX_COLUMNS]
    if not wanted:
        return {}
    names = {f"c{i}": name for i, name in enumerate(wanted)}
    narrow = rows.select(*(F.col(quoted(name)).alias(alias) for alias, name in names.items()))
    found: dict[str, tuple[str, ...]] = {}
    try:
        suggested = _run(narrow)
    except QUERY_FAILURES as error:
        return {"": (f"no suggestions: {first_line(error)}",)}
    for one in suggested:
        name = names.get(one["column_name"])
        if name is not None:
            line = _suggestion_line(one, name)
            found[name] = (*found.get(name, ()), line)
    return found


def _run(rows: DataFrame) -> list[dict[str, Any]]:
    deequ = import_pydeequ("pydeequ.suggestions")
    runner = deequ.ConstraintSuggestionRunner(rows.sparkSession).onData(rows)
    result = runner.addConstraintRule(deequ.DEFAULT()).run()
    return list(result["constraint_suggestions"])


def _suggestion_line(one: dict[str, Any], name: str) -> str:
    alias = one["column_name"]
    code = str(one["code_for_constraint"]).replace(f'"{alias}"', f'"{name}"')
    code = code.replace(f"`{alias}`", f"`{name}`")
    description = str(one["description"]).replace(f"'{alias}'", f"'{name}'")
    text = f"{code}  # {description}"
    return text if len(text) <= 160 else text[:157] + "..."
