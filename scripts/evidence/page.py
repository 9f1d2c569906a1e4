"""Results as Markdown tables, and their place in the page."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from scripts.evidence.detection import Outcome
from scripts.evidence.faults import FAULTS
from scripts.evidence.matrix import ROWS
from scripts.evidence.peers import RULES, TOOLS
from scripts.evidence.results import (
    Results,
    Share,
    false_alarms,
    found_in_time,
    incidents_per_fault,
    median_days,
    named_rightly,
    rows_of_half,
)

BEGIN, END = "<!-- results: written by make evidence -->", "<!-- end of results -->"
QUIET, QUIET_UPPER, FOUND, NAMED, INCIDENTS = 0.05, 0.10, 0.95, 0.85, 1.2
"""Targets of each row: share of quiet months with an incident, and the upper end of its interval;
share of material faults found in time, and share named correctly; incidents per fault."""
ENOUGH = 100
"""Fewest quiet months for a meaningful interval."""
MOST_LISTED = 60


def results_page(results: Results) -> str:
    """All tables."""
    parts = [("Targets", targets(results)), *quiet_tables(results)]
    if results.outcomes:
        parts += [
            ("Faults by world", world_table(results)),
            ("Faults by kind", fault_table(results)),
            ("Faults by size: share found within two windows", size_table(results)),
            ("Faults of material size that are missed or found late", missed_table(results)),
            ("Faults that the best test does not find either", hopeless_table(results)),
            ("Faults with another name", misnamed_table(results)),
        ]
    if results.peer_quiet:
        parts.append(("Other tools on the flights", peer_table(results)))
    return "\n\n".join(f"### {title}\n{table}" for title, table in parts)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def targets(results: Results) -> str:
    """The targets, on the tuned rows and on the confirming rows."""
    halves = [rows_of_half(half) for half in ("tuned", "confirmed")]
    quiet = [false_alarms(results.quiet_of(*rows)) for rows in halves]
    failing = [
        [
            row
            for row in rows
            if (months := results.quiet_of(row)) and not quiet_holds(false_alarms(months))
        ]
        for rows in halves
    ]
    lines: list[Sequence[object]] = [
        ("quiet months with an incident", "<= 5% in each row", *(_counted(one) for one in quiet)),
        (
            "rows that miss it",
            "0",
            *(
                f"{len(missed)} of {sum(bool(results.quiet_of(row)) for row in rows)}"
                for missed, rows in zip(failing, halves, strict=True)
            ),
        ),
    ]
    faults = [results.faults_of(*rows) for rows in halves]
    if any(faults):
        lines += [
            (
                "faults of a size that people want to know about, found within two windows",
                "",
                *(_counted(found_in_time(one)) for one in faults),
            ),
            (
                "of those, faults of material size, found within two windows",
                ">= 95%",
                *(_counted(found_in_time(_material(one))) for one in faults),
            ),
            (
                "rows below 95%",
                "0",
                *(_rows_below(results, rows) for rows in halves),
            ),
            (
                "of all found, named correctly",
                ">= 85%",
                *(_counted(named_rightly(one)) for one in faults),
            ),
            (
                "incidents per fault",
                "<= 1.2",
                *(_number(incidents_per_fault(one)) for one in faults),
            ),
        ]
    return table(("metric", "target", "tuned rows", "confirming rows"), lines)


def _material(faults: Iterable[Outcome]) -> list[Outcome]:
    return [one for one in faults if one.is_material]


def _rows_below(results: Results, rows: Iterable[str]) -> str:
    shares = [found_in_time(_material(results.faults_of(row))) for row in rows]
    known = [share for share in shares if share.cases]
    return f"{sum(share.value < FOUND for share in known)} of {len(known)}"


def quiet_holds(share: Share) -> bool:
    """Whether a row meets its target of quiet months, or has too few months for a statement."""
    lower, upper = share.interval
    if share.cases < ENOUGH:
        return lower <= QUIET
    return share.value <= QUIET and upper < QUIET_UPPER


def _counted(share: Share) -> str:
    return f"{share} ({share.hits} of {share.cases})" if share.cases else "-"


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f}"


def quiet_tables(results: Results) -> list[tuple[str, str]]:
    """Quiet months: one table per question, and all rows together."""
    header = ("row", "half", "months", "with an incident", "share", "95% interval", "")
    found = []
    for question in dict.fromkeys(row.question for row in ROWS.values()):
        keys = [key for key, row in ROWS.items() if row.question == question]
        keys = [key for key in keys if results.quiet_of(key)]
        lines = [
            (ROWS[key].title, ROWS[key].half, *_quiet_cells(false_alarms(results.quiet_of(key))))
            for key in keys
        ]
        if lines:
            found.append((f"Quiet months: {question}", table(header, lines)))
    halves: list[Sequence[object]] = []
    for half in ("tuned", "confirmed"):
        share = false_alarms(results.quiet_of(*rows_of_half(half)))
        halves.append((f"all {half} rows", half, *_quiet_cells(share)))
    found.append(("Quiet months: all rows", table(header, halves)))
    return found


def _quiet_cells(share: Share) -> tuple[object, ...]:
    low, high = share.interval
    shown = f"{share.value:.1%}" if share.cases else "-"
    interval = f"{low:.1%} to {high:.1%}" if share.cases else "-"
    return share.cases, share.hits, shown, interval, _verdict(share)


def _verdict(share: Share) -> str:
    if not share.cases:
        return "not measured"
    if not quiet_holds(share):
        return "missed"
    return "met" if share.cases >= ENOUGH else f"too few months to tell ({ENOUGH} needed)"


CELLS = (
    "faults",
    "found within two windows",
    "of material size",
    "found within two windows",
    "median days",
    "named correctly",
    "incidents per fault",
)
"""Cells about faults of a size that people want to know about."""


def world_table(results: Results) -> str:
    """Faults by row of the matrix."""
    lines = []
    for key, row in ROWS.items():
        faults = results.faults_of(key)
        if faults:
            lines.append((row.title, row.half, *_cells(faults)))
    return table(("row", "half", *CELLS), lines)


def _cells(faults: Sequence[Outcome]) -> tuple[object, ...]:
    days = median_days(faults)
    material = _material(faults)
    return (
        len(faults),
        found_in_time(faults),
        len(material),
        found_in_time(material),
        "-" if math.isnan(days) else f"{days:g}",
        named_rightly(faults),
        _number(incidents_per_fault(faults)),
    )


def fault_table(results: Results) -> str:
    """Faults by kind."""
    rows = []
    for key, title in [*((f.key, f.title) for f in FAULTS.values()), ("", "**all**")]:
        mine = [one for one in results.mattering if not key or one.fault == key]
        if mine:
            rows.append((title, *_cells(mine)))
    return table(("fault", *CELLS), rows)


def size_table(results: Results) -> str:
    """Share found by size; sizes that do not count are in parentheses."""
    rows = []
    for fault in FAULTS.values():
        cells = []
        for size, matters in fault.sizes:
            mine = [o for o in results.outcomes if (o.fault, o.size) == (fault.key, size)]
            cell = f"{fault.size_label(size)}: {found_in_time(mine)}"
            if mine:
                cells.append(cell if matters else f"({cell})")
        if cells:
            rows.append((fault.title, *cells, *[""] * (4 - len(cells))))
    return table(("fault", "size: found", "", "", ""), rows)


def missed_table(results: Results) -> str:
    """Faults of material size that were not found within two windows."""
    return _listed(one for one in results.material if not one.in_time)


def hopeless_table(results: Results) -> str:
    """Faults that people want to know about, and that the best test does not find."""
    return _listed(one for one in results.mattering if not one.is_material)


def _listed(faults: Iterable[Outcome]) -> str:
    ordered = sorted(faults, key=lambda one: (list(FAULTS).index(one.fault), one.row))
    rows: list[Sequence[object]] = [
        (
            FAULTS[one.fault].title,
            FAULTS[one.fault].size_label(one.size),
            one.row,
            f"`{one.target}`",
            f"{one.power:.0%}",
            "never" if one.days is None else f"after {one.days} days",
        )
        for one in ordered
    ]
    more = len(rows) - MOST_LISTED
    shown = table(("fault", "size", "row", "where", "power", "found"), rows[:MOST_LISTED])
    return (shown + (f"\n\nAnd {more} more." if more > 0 else "")) if rows else "None."


def misnamed_table(results: Results) -> str:
    """Incorrect names that faults received, with counts."""
    wrong = [one for one in results.mattering if one.in_time and not one.right]
    found = Counter((one.fault, one.kind or "none") for one in wrong)
    rows = [
        (FAULTS[fault].title, ", ".join(sorted(FAULTS[fault].kinds)), kind, times)
        for (fault, kind), times in sorted(
            found.items(), key=lambda item: (list(FAULTS).index(item[0][0]), -item[1])
        )
    ]
    return table(("fault", "right", "named", "times"), rows) if rows else "None."


def peer_table(results: Results) -> str:
    """False alarms and detected faults of every rule of the other tools."""
    named = {**{tool: f"**{tool}**, any of its rules" for tool in TOOLS}, **RULES}
    rows: list[Sequence[object]] = []
    for by, name in named.items():
        quiet = [one.days for one in results.peer_quiet if one.by == by]
        outcomes = results.peers_of(by)
        if quiet:
            rows.append(
                (
                    name,
                    Share(sum(n > 0 for n in quiet), len(quiet)),
                    f"{sum(quiet) / len(quiet):.1f}",
                    found_in_time(outcomes),
                    Share(sum(one.found for one in outcomes), len(outcomes)),
                )
            )
    header = (
        "rule",
        "quiet months with an alarm",
        "days of a quiet month with an alarm",
        "faults found within two windows",
        "within two weeks",
    )
    return table(header, rows)


def write_page(page: Path, text: str) -> None:
    """Puts the tables between the page's markers; ValueError if it has none."""
    whole = page.read_text()
    before, begin, rest = whole.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no markers for the results")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}")
