"""Output tables from which rows were deleted by hand, according to their logs."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from modelwatch.io.delta.addresses import Place
from modelwatch.io.delta.log import delta_log
from modelwatch.io.delta.snapshot import LogUnreadable
from modelwatch.io.delta.table_schema import OutputError, altered
from modelwatch.io.failures import with_remedy
from modelwatch.io.store.output_tables import Store
from modelwatch.query_failures import QUERY_FAILURES

BUILT_ON = ("binnings", "feature_states", "performance_states")
"""Tables whose rows later runs build on; without some of them, results would be wrong without an
error."""
MAINTENANCE_COMMAND = "modelwatch maintain"
"""User metadata of the commits in which maintenance removes rows."""


def check_unaltered(store: Store, written: Mapping[str, int]) -> None:
    """Raises OutputError if rows are gone that existed when a run wrote a version of a table.

    One small Spark job per table, and more only if there were commits since; none if the log is on
    a local disk. Tables that only a catalog can locate are not checked.
    """
    with ThreadPoolExecutor(max_workers=len(BUILT_ON)) as pool:
        held = [(name, version) for name, version in written.items() if name in BUILT_ON]
        list(pool.map(lambda one: _check(store, *one), held))


def _check(store: Store, table: str, written: int) -> None:
    place = store.place(table)
    if place.path is None:
        return
    try:
        log = delta_log(store.session, place.path)
        now = log.version
        if now < written:
            raise altered(table, place, f"it is at version {now}, and a run has written {written}")
        empty = log.empty_commit(written)
        if empty is not None:
            raise _torn(table, place, LogUnreadable(f"the commit {empty} is empty"))
        if now > written and log.lost_rows(written, now, but_by=MAINTENANCE_COMMAND):
            raise altered(table, place, f"rows of its version {written} were deleted")
    except LogUnreadable as error:
        if not store.exists(table):
            raise altered(table, place, "it is missing although runs wrote it") from error
    except QUERY_FAILURES as error:
        raise _torn(table, place, error) from error


def _torn(table: str, place: Place, error: Exception) -> OutputError:
    return OutputError(
        f"the log of output table {table} at {place} can't be read: {with_remedy(error)}"
    )
