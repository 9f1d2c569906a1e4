"""Releases of people from quarantine, and the days that must be computed again because of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.io.store.output_tables import Store
from modelwatch.model.config.configuration import (
    MonitorConfig,
    labels_fingerprint,
    states_fingerprint,
)
from modelwatch.model.quarantine.releases import NO_RELEASES, ReleaseRequest, Releases, releases_of
from modelwatch.model.sources.change import SourceChange
from modelwatch.pipelines.runs.history import RunHistory, of_runs
from modelwatch.spark.quarantine.rows import days_out_of_step
from modelwatch.tables.table import field_of

RELEASES = "quarantine_releases"
NOTHING_PENDING: Mapping[str, Collection[date]] = MappingProxyType({})
_SAYING = ("action", "day", "role", "rule_name", "row_key", "released_at")


def releases_at(store: Store, config: MonitorConfig, until: datetime | None = None) -> Releases:
    """The releases for the rows of a monitor, as of a time.

    No Spark job without a rule with treatment quarantine.
    """
    if not _quarantines(config) or not store.exists(RELEASES):
        return NO_RELEASES
    recorded = store.read(RELEASES).where(F.col("monitor") == config.monitor)
    if until is not None:
        recorded = recorded.where(F.col("released_at") <= F.lit(until))
    rows = recorded.select(*_SAYING).collect()
    return releases_of(
        ReleaseRequest(**{field_of(name): row[name] for name in _SAYING}) for row in rows
    )


def pending_days(
    store: Store, config: MonitorConfig, history: RunHistory, releases: Releases
) -> dict[str, set[date]]:
    """By role, days whose rows are not treated as released since."""
    if not releases.recorded or not history.runs:
        return {}
    rules = [rule for rule in config.rules if rule.treatment == "quarantine"]
    return days_out_of_step(current_quarantine(store, config, history), releases, rules)


def current_quarantine(store: Store, config: MonitorConfig, history: RunHistory) -> DataFrame:
    """Current rows of the quarantine, with the fingerprints of a configuration."""
    mine = store.read("quarantine").where(F.col("monitor") == config.monitor)
    of_labels = F.col("role") == "labels"
    states = history.run_of_day(states_fingerprint(config))
    labels = history.run_of_label_day(labels_fingerprint(config) or "")
    return of_runs(mine.where(~of_labels), states).unionByName(
        of_runs(mine.where(of_labels), labels)
    )


def with_pending(
    changes: Sequence[SourceChange], pending: Mapping[str, Collection[date]]
) -> list[SourceChange]:
    """The changes of the sources, with the days of new releases."""
    return [replace(one, days=one.days | frozenset(pending.get(one.role, ()))) for one in changes]


def _quarantines(config: MonitorConfig) -> bool:
    return any(rule.treatment == "quarantine" for rule in config.rules)
