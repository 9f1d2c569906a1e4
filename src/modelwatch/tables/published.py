"""Tables of current results: plain Delta tables that any engine reads without the views."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

PUBLISHED_FOLDER = "published"
"""Folder next to the output tables; in a schema, the prefix of the table names."""
PUBLICATIONS = "publications"
"""Table of the versions that belong together: one row per publication and table."""
PUBLICATION_COLUMNS = (
    "monitor string, run_id string, published_at timestamp, table_name string, version bigint"
)

Key = tuple[Any, ...]


@dataclass(frozen=True)
class PublishedTable:
    """A table with the rows of a view, in which a publication replaces the changed rows.

    ``computed``: column of ``runs`` that lists what a run computed, an array of days or of structs.
    ``key``: fields of it that are also columns of the view. Without a key, the rows of a monitor
    are few, and all of them are replaced.
    """

    view: str
    computed: str | None = None
    key: tuple[str, ...] = ()

    @property
    def is_replaced_whole(self) -> bool:
        """Whether a publication replaces all rows of the monitor."""
        return self.computed is None

    def changed(self, runs: Iterable[Mapping[str, Any]]) -> frozenset[Key]:
        """The keys of what the given runs computed."""
        if self.computed is None:
            return frozenset()
        return frozenset(
            (held,) if isinstance(held, date) else tuple(held[name] for name in self.key)
            for run in runs
            for held in run[self.computed] or ()
        )


_WINDOW = ("window_name", "window_start")
PUBLISHED: tuple[PublishedTable, ...] = (
    PublishedTable("profile_current", "windows", _WINDOW),
    PublishedTable("drift_current", "windows", _WINDOW),
    PublishedTable("performance_timeline", "performance_windows", _WINDOW),
    PublishedTable("performance_current", "performance_windows", _WINDOW),
    PublishedTable("business_current", "performance_windows", _WINDOW),
    PublishedTable("verdicts_current", "verdict_windows", ("source", *_WINDOW)),
    PublishedTable("constraints_current", "days", ("day",)),
    PublishedTable("open_incidents"),
    PublishedTable("incidents_current"),
    PublishedTable("incident_history"),
    PublishedTable("source_health_current"),
    PublishedTable("retraining_current"),
    PublishedTable("latest_comparison"),
    PublishedTable("top_causes"),
    PublishedTable("run_costs"),
)
COMPUTED: Sequence[str] = tuple(
    dict.fromkeys(table.computed for table in PUBLISHED if table.computed is not None)
)
"""Columns of the table runs that say what changed."""
