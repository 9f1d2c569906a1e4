"""Processes of this machine, as shown by Linux in /proc."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    """A process: its parent, its state as a letter of proc(5), and the processor time that it has
    used."""

    process_id: int
    parent_id: int
    state: str
    processor_seconds: float

    @property
    def ended(self) -> bool:
        """Whether it has ended, but its parent has not noticed yet."""
        return self.state in "ZX"

    @property
    def stopped(self) -> bool:
        """Whether a signal or debugger has stopped it."""
        return self.state in "Tt"


def processes() -> dict[int, Process] | None:
    """All processes by id; None without /proc."""
    if not (_PROC / "self" / "stat").exists():
        return None
    ticks = os.sysconf("SC_CLK_TCK")
    found = (_process(int(name), ticks) for name in os.listdir(_PROC) if name.isdigit())
    return {one.process_id: one for one in found if one is not None}


def _process(process_id: int, ticks: int) -> Process | None:
    try:
        text = (_PROC / str(process_id) / "stat").read_text(errors="replace")
    except OSError:
        # The process has ended in the meantime.
        return None
    # The name is in parentheses and may contain any character.
    state, parent, *rest = text.rpartition(")")[2].split()
    user, system = rest[9:11]
    return Process(process_id, int(parent), state, (int(user) + int(system)) / ticks)


def command(process_id: int) -> str | None:
    """The name of a process; None if it is not visible here."""
    try:
        return (_PROC / str(process_id) / "comm").read_text(errors="replace").strip()
    except OSError:
        return None


def descendants(all_of_them: dict[int, Process], roots: Iterable[int]) -> dict[int, Process]:
    """Some processes and all their descendants."""
    children: dict[int, list[int]] = {}
    for one in all_of_them.values():
        children.setdefault(one.parent_id, []).append(one.process_id)
    found: dict[int, Process] = {}
    waiting = list(roots)
    while waiting:
        process_id = waiting.pop()
        if process_id in all_of_them and process_id not in found:
            found[process_id] = all_of_them[process_id]
            waiting += children.get(process_id, [])
    return found
