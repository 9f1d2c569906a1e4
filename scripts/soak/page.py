"""Results as tables of the documentation."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from pathlib import Path

from scripts.soak.fault import SCENARIOS, Outcome, from_here

PAGE = Path("docs/appendices/soak.md")
BEGIN, END = "<!-- results: written by make soak -->", "<!-- end of results -->"
_MB = 1 << 20


def machine() -> str:
    """Date and machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    moment = datetime.now(timezone.utc)
    return (
        f"{moment:%Y-%m-%d}: {os.cpu_count()} cores, {memory:.0f} GB,"
        f" {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    )


def as_markdown(outcomes: Sequence[Outcome]) -> str:
    """One row per scenario with its counts, then one row per fault."""
    lines = [f"{machine()}.", "", "| scenario | tried | survived | seconds |", "|---|---|---|---|"]
    for name in SCENARIOS:
        own = [one for one in outcomes if one.scenario == name and one.survived is not None]
        if own:
            survived = sum(bool(one.survived) for one in own)
            seconds = sum(one.seconds for one in own)
            lines.append(f"| {name} | {len(own)} | {survived} | {seconds:.0f} |")
    tried = [one for one in outcomes if one.survived is not None]
    survived = sum(bool(one.survived) for one in tried)
    lines.append(f"| **all** | **{len(tried)}** | **{survived}** | |")
    lines += ["", "| fault | how it ended | seconds | Java, Python (MB) |", "|---|---|---|---|"]
    for name in SCENARIOS:
        own = [one for one in outcomes if one.scenario == name]
        lines += [_row(one) for one in own]
    return "\n".join(lines) + "\n"


def _row(one: Outcome) -> str:
    word = {True: "", False: "**not survived**: ", None: "not tried: "}[one.survived]
    memory = ""
    if one.java_bytes is not None and one.python_bytes is not None:
        memory = f"{one.java_bytes / _MB:.0f}, {one.python_bytes / _MB:.0f}"
    ended = " ".join(from_here(one.ended).split()).replace("|", "\\|")
    return f"| {one.scenario}: {one.fault} | {word}{ended} | {one.seconds:.1f} | {memory} |"


def write_page(outcomes: Iterable[Outcome]) -> None:
    """Replace the results between the markers of the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{PAGE} has no markers for the results")
    PAGE.write_text(f"{before}{BEGIN}\n{as_markdown(list(outcomes))}{END}{after}", encoding="utf-8")
    print(f"written into {PAGE}")
