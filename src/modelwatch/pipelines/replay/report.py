"""Replays and traces in words, and a trace as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from modelwatch.model.plain_text import counted
from modelwatch.model.replay.recorded_run import ROUNDING
from modelwatch.pipelines.replay.trace import Trace, TracedRows, as_json
from modelwatch.spark.replay.row_comparison import Example, RowComparison
from modelwatch.stats.numerals import apart

_SHOWN = 5
"""Maximum number of differing rows listed per table."""
_LONGEST = 80
_LONGEST_VALUE = 200


@dataclass(frozen=True)
class Replayed:
    """A run and its replay, table by table; ``causes`` are listed if they differ."""

    monitor: str
    run_id: str
    as_of: date
    finished_at: datetime
    sources: Sequence[tuple[str, str, int]]
    tables: Mapping[str, RowComparison]
    causes: Sequence[str] = ()
    scratch: str | None = None

    @property
    def identical(self) -> bool:
        """Whether every row of every table is identical."""
        return all(one.identical for one in self.tables.values())

    @property
    def text(self) -> str:
        """For people: versions read, one line per table, differing rows, and the likely cause."""
        return "\n".join(_lines(self)) + "\n"


def only_rounding(tables: Mapping[str, RowComparison]) -> bool:
    """Whether all differences are in the last digits of numbers."""
    differing = [one for one in tables.values() if not one.identical]
    return bool(differing) and all(
        not (one.missing or one.more or one.repeated)
        and all(one.farthest.get(name, 1.0) <= ROUNDING for name in one.changed)
        for one in differing
    )


def _lines(found: Replayed) -> Iterator[str]:
    yield (
        f"Run {found.run_id} of {found.monitor}, as of {found.as_of}, published "
        f"{found.finished_at:%Y-%m-%d %H:%M:%S}"
    )
    for role, table, version in found.sources:
        yield f"  {role}: {table} at version {version}"
    rows = sum(one.rows for one in found.tables.values())
    if found.identical:
        yield f"Identical: {counted(rows, 'row')} in {counted(len(found.tables), 'table')}."
    else:
        same = sum(one.same for one in found.tables.values())
        yield f"Different: {same:,} of {rows:,} rows are identical."
    for name, one in found.tables.items():
        yield f"  {name:<24} {_comparison_line(one)}"
    for name, one in found.tables.items():
        yield from _examples(name, one)
    if not found.identical:
        yield "Likely cause:"
        yield from (f"  {cause}" for cause in found.causes)
    if found.scratch is not None:
        yield f"The rows of the replay are in {found.scratch}. Remove it when you are done."


def _comparison_line(one: RowComparison) -> str:
    parts = [f"{one.same:,} identical"] if one.same or one.identical else []
    parts += [
        f"{name} differs in {count:,}"
        + (f" (by up to {one.farthest[name]:.1e} of it)" if name in one.farthest else "")
        for name, count in one.changed.items()
    ]
    parts += [f"{one.missing:,} missing from the replay"] if one.missing else []
    parts += [f"{one.more:,} only in the replay"] if one.more else []
    parts += [f"{one.repeated:,} keys occur more than once"] if one.repeated else []
    return ", ".join(parts)


def _examples(name: str, one: RowComparison) -> Iterator[str]:
    for example in one.examples[:_SHOWN]:
        key = ", ".join(f"{k} {_cut(v)}" for k, v in example.key.items() if v is not None)
        yield f"  {name}: {key}"
        yield from (f"    {line}" for line in _values(example))


def _values(example: Example) -> Iterator[str]:
    if not example.values:
        yield f"{counted(example.before, 'row')} in the run, {example.now} in the replay"
    for column, (was, now) in example.values.items():
        yield f"{column}: {_cut(was)} in the run, {_cut(now)} in the replay"


def _cut(value: str | None) -> str:
    text = "null" if value is None else "".join(c if c.isprintable() else " " for c in value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def trace_json(found: Trace) -> str:
    """The entire trace as one JSON document."""
    return json.dumps(as_json(asdict(found)), indent=2, ensure_ascii=False) + "\n"


def trace_text(found: Trace) -> str:
    """The entire trace for people."""
    return "\n".join(_trace_lines(found)) + "\n"


def _trace_lines(found: Trace) -> Iterator[str]:
    yield f"Prediction {_value_text(' '.join(found.id))} of {found.monitor}, as of {found.as_of}"
    yield f"  day {found.day}, model version {_value_text(found.model_version)}, run {found.run_id}"
    for table in found.tables:
        yield from _traced_table(table)
    yield from _traced_constraints(found)
    for row in found.quarantine:
        yield f"Quarantine: {row['role']} {row['state']}, {row['row_key']}"
        yield from (f"  {_value_text(reason)}" for reason in row["reasons"] or ())
    yield f"Incidents of its day: {len(found.incidents) or 'none'}"
    for one in found.incidents:
        yield f"  {one['incident_id']} ({one['state']}): {_value_text(one['sentence'])}"
    yield from (f"Note: {note}" for note in found.notes)


def _traced_table(table: TracedRows) -> Iterator[str]:
    count = counted(len(table.rows), "row")
    yield f"{table.role.capitalize()}: {table.table} at version {table.version}, {count}"
    for number, row in enumerate(table.rows, 1):
        width = max((len(_value_text(name)) for name in row), default=0)
        yield from (
            f"  {_value_text(k).ljust(width)}  {_value_text(value)}" for k, value in row.items()
        )
        rules = [rule for rule in table.rules if rule["row"] == number]
        failed = [rule for rule in rules if not rule["holds"]]
        if rules:
            yield f"  rules: {len(rules)} judged it, {len(failed)} failed; {rules[0]['fate']}"
        yield from (f"    {rule['treatment']}: {_value_text(rule['reason'])}" for rule in failed)
        if number < len(table.rows):
            yield ""


def _traced_constraints(found: Trace) -> Iterator[str]:
    verdicts = Counter(row["verdict"] for row in found.constraints)
    wording = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
    yield f"Constraints and contracts of its day: {wording or 'none'}"
    for row in found.constraints:
        if row["verdict"] != "pass":
            observed = "" if row["observed"] is None else f", observed {apart(row['observed'])}"
            why = f": {_value_text(row['reason'])}" if row["reason"] else ""
            yield f"  {row['verdict']}: {row['constraint_name']}{observed}{why}"


def _value_text(value: Any) -> str:
    shown = "" if value is None else str(as_json(value))
    line = "".join(c if c.isprintable() else " " for c in shown)
    return line if len(line) <= _LONGEST_VALUE else line[: _LONGEST_VALUE - 3] + "..."
