"""A trace in words, and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from modelwatch.model.plain_text import counted
from modelwatch.pipelines.replay.trace import Trace, TracedRows, as_json
from modelwatch.stats.numerals import apart

_LONGEST = 200


def trace_json(found: Trace) -> str:
    """The entire trace as one JSON document."""
    return json.dumps(as_json(asdict(found)), indent=2, ensure_ascii=False) + "\n"


def trace_text(found: Trace) -> str:
    """The entire trace for people."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Trace) -> Iterator[str]:
    yield f"Prediction {_text(' '.join(found.id))} of {found.monitor}, as of {found.as_of}"
    yield f"  day {found.day}, model version {_text(found.model_version)}, run {found.run_id}"
    for table in found.tables:
        yield from _table(table)
    yield from _constraints(found)
    for row in found.quarantine:
        yield f"Quarantine: {row['role']} {row['state']}, {row['row_key']}"
        yield from (f"  {_text(reason)}" for reason in row["reasons"] or ())
    yield f"Incidents of its day: {len(found.incidents) or 'none'}"
    for one in found.incidents:
        yield f"  {one['incident_id']} ({one['state']}): {_text(one['sentence'])}"
    yield from (f"Note: {note}" for note in found.notes)


def _table(table: TracedRows) -> Iterator[str]:
    count = counted(len(table.rows), "row")
    yield f"{table.role.capitalize()}: {table.table} at version {table.version}, {count}"
    for number, row in enumerate(table.rows, 1):
        width = max((len(_text(name)) for name in row), default=0)
        yield from (f"  {_text(k).ljust(width)}  {_text(value)}" for k, value in row.items())
        rules = [rule for rule in table.rules if rule["row"] == number]
        failed = [rule for rule in rules if not rule["holds"]]
        if rules:
            yield f"  rules: {len(rules)} judged it, {len(failed)} failed; {rules[0]['fate']}"
        yield from (f"    {rule['treatment']}: {_text(rule['reason'])}" for rule in failed)
        if number < len(table.rows):
            yield ""


def _constraints(found: Trace) -> Iterator[str]:
    verdicts = Counter(row["verdict"] for row in found.constraints)
    wording = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
    yield f"Constraints and contracts of its day: {wording or 'none'}"
    for row in found.constraints:
        if row["verdict"] != "pass":
            observed = "" if row["observed"] is None else f", observed {apart(row['observed'])}"
            why = f": {_text(row['reason'])}" if row["reason"] else ""
            yield f"  {row['verdict']}: {row['constraint_name']}{observed}{why}"


def _text(value: Any) -> str:
    shown = "" if value is None else str(as_json(value))
    line = "".join(c if c.isprintable() else " " for c in shown)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."
