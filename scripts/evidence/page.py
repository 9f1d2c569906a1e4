"""The figures as tables of Markdown, and their place in the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from scripts.evidence.faults import FAULTS
from scripts.evidence.peers import RULES, TOOLS
from scripts.evidence.results import (
    FLIGHTS,
    Results,
    Share,
    false_alarms,
    found_in_time,
    incidents_a_fault,
    median_days,
    named_rightly,
)

BEGIN, END = "<!-- figures: written by make evidence -->", "<!-- end of figures -->"
OURS = "modelwatch"


def figures(results: Results) -> str:
    """All tables."""
    parts = [
        ("Targets", targets(results)),
        ("False alarms", false_alarm_table(results)),
        ("Faults of sizes that matter", detection_table(results)),
        ("Faults by size: share found within two windows", size_table(results)),
    ]
    if results.peer_quiet:
        parts.append(("Beside the peers", peer_table(results)))
    return "\n\n".join(f"### {title}\n{table}" for title, table in parts)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def targets(results: Results) -> str:
    """The figures that were promised."""
    faults = results.mattering
    named, incidents = named_rightly(faults), incidents_a_fault(faults)
    rows = [
        ("flights: months with an incident", "<= 5%", *_most(results, FLIGHTS)),
        ("simulated: months with an incident", "<= 5%", *_most(results, "simulated")),
        ("faults that matter, found within two windows", ">= 95%", *_least(found_in_time(faults))),
        ("of those, named rightly", ">= 80%", *_least(named, 0.8)),
        ("incidents a fault", "<= 1.2", f"{incidents:.2f}", _met(incidents <= 1.2)),
    ]
    return table(("figure", "target", "measured", ""), rows)


def _most(results: Results, case: str) -> tuple[str, str]:
    share = false_alarms(results.quiet_of(case))
    return f"{share} ({share.hits} of {share.cases})", _met(share.value <= 0.05)


def _least(share: Share, bound: float = 0.95) -> tuple[str, str]:
    return f"{share} ({share.hits} of {share.cases})", _met(share.value >= bound)


def _met(holds: bool) -> str:
    return "met" if holds else "missed"


def false_alarm_table(results: Results) -> str:
    """Quiet months by case."""
    rows = []
    cases = list(dict.fromkeys(one.case for one in results.quiet))
    for case in (FLIGHTS, *cases):
        months = results.quiet_of(case)
        share = false_alarms(months)
        low, high = share.interval
        name = "flights, all seasons" if case == FLIGHTS else case
        failing = sum(one.days_with_failure for one in months) / max(1, len(months))
        rows.append(
            (name, share.cases, share.hits, share, f"{low:.0%} to {high:.0%}", f"{failing:.1f}")
        )
    header = (
        "months in which nothing happens",
        "months",
        "with an incident",
        "share",
        "95 % interval",
        "days of a month with some verdict 'fail'",
    )
    return table(header, rows)


def detection_table(results: Results) -> str:
    """Faults that matter."""
    rows = []
    for key, title in [*((f.key, f.title) for f in FAULTS.values()), ("", "**all**")]:
        mine = [one for one in results.mattering if not key or one.fault == key]
        if not mine:
            continue
        days = Share(sum(one.in_two_days for one in mine), len(mine))
        rows.append(
            (
                title,
                len(mine),
                found_in_time(mine),
                days,
                f"{median_days(mine):g}",
                named_rightly(mine),
                f"{incidents_a_fault(mine):.2f}",
            )
        )
    header = (
        "fault",
        "cases",
        "found within two windows",
        "by the end of the second day",
        "median days",
        "named rightly",
        "incidents a fault",
    )
    return table(header, rows)


def size_table(results: Results) -> str:
    """Every size, those that don't matter in parentheses."""
    rows = []
    for fault in FAULTS.values():
        cells = []
        for size, matters in fault.sizes:
            mine = [o for o in results.outcomes if (o.fault, o.size) == (fault.key, size)]
            cell = f"{fault.size_label(size)}: {found_in_time(mine)}"
            cells.append(cell if matters else f"({cell})")
        rows.append((fault.title, *cells, *[""] * (4 - len(cells))))
    return table(("fault", "size: found", "", "", ""), rows)


def peer_table(results: Results) -> str:
    """Both axes, of modelwatch and of every rule of the peers."""
    named = {**{tool: f"**{tool}**, any of its rules" for tool in TOOLS}, **RULES}
    months = false_alarms(results.quiet_of(FLIGHTS))
    days = [one.days_with_failure for one in results.quiet_of(FLIGHTS) if one.incidents]
    faults = results.mattering
    rows: list[Sequence[object]] = [
        (
            f"**{OURS}**: an incident",
            months,
            f"{sum(days) / max(1, months.cases):.1f}" if not days else "-",
            found_in_time(faults),
            Share(sum(one.days is not None and one.days <= 14 for one in faults), len(faults)),
        )
    ]
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
        raise ValueError(f"{page} has no place for figures")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}")
