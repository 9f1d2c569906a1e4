"""Changes of a source table since the last run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class SourceChange:
    """Changes of a source table since the last published run.

    ``role`` is one of ``tables_of``. ``version``: the Delta version that this run reads.
    ``from_version``: the one that the last run read; None if there was none. ``days``: those whose
    rows changed in between; with ``all_days``, they are unknown, and any day may have changed.
    ``present``: the days with rows at ``version``; None if unknown. Days that were never computed
    are due, whenever they were written.
    """

    role: str
    table: str
    version: int
    from_version: int | None = None
    days: frozenset[date] = frozenset()
    all_days: bool = False
    present: frozenset[date] | None = None

    @property
    def changed(self) -> bool:
        """Whether any row may have changed."""
        return bool(self.days) or self.all_days or self.from_version is None
