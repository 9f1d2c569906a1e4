"""The schema of every output table, one value each."""

from __future__ import annotations

from modelwatch.tables.binnings import BINNINGS
from modelwatch.tables.constraint_results import CONSTRAINT_RESULTS
from modelwatch.tables.drift_metrics import DRIFT_METRICS
from modelwatch.tables.feature_states import FEATURE_STATES
from modelwatch.tables.profile_metrics import PROFILE_METRICS
from modelwatch.tables.runs import RUNS
from modelwatch.tables.table import Column, Table

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        RUNS,
        BINNINGS,
        FEATURE_STATES,
        PROFILE_METRICS,
        DRIFT_METRICS,
        CONSTRAINT_RESULTS,
    )
}
"""Every output table by name."""

__all__ = ["TABLES", "Column", "Table"]
