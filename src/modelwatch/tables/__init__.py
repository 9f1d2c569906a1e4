"""The schemas of all output tables, one value per table."""

from __future__ import annotations

from modelwatch.tables.attribution.change_attributions import CHANGE_ATTRIBUTIONS
from modelwatch.tables.comparison.model_comparisons import MODEL_COMPARISONS
from modelwatch.tables.comparison.promotion_decisions import PROMOTION_DECISIONS
from modelwatch.tables.contracts.contracts import CONSTRAINT_RESULTS, CONTRACTS
from modelwatch.tables.drift.drift_metrics import DRIFT_METRICS
from modelwatch.tables.estimation.performance_estimates import LOSS_MODELS, PERFORMANCE_ESTIMATES
from modelwatch.tables.incidents.incidents import INCIDENT_ACTIONS, INCIDENT_EVENTS, INCIDENTS
from modelwatch.tables.notification.outbox import OUTBOX
from modelwatch.tables.outliers.outliers import OUTLIERS
from modelwatch.tables.performance.performance_metrics import (
    BUSINESS_METRICS,
    LABEL_MATURITY,
    PERFORMANCE_METRICS,
)
from modelwatch.tables.profile.profile_metrics import PROFILE_METRICS
from modelwatch.tables.quarantine.quarantine import QUARANTINE, QUARANTINE_RELEASES, ROW_ACCOUNTS
from modelwatch.tables.retraining.retraining_decisions import RETRAINING_DECISIONS
from modelwatch.tables.runs.runs import RUNS
from modelwatch.tables.sources.source_health import DURATIONS, SOURCE_HEALTH
from modelwatch.tables.states.binnings import BINNINGS
from modelwatch.tables.states.feature_states import FEATURE_STATES, FEATURE_STATES_MONTHLY
from modelwatch.tables.states.performance_states import (
    PERFORMANCE_STATES,
    PERFORMANCE_STATES_MONTHLY,
)
from modelwatch.tables.table import Column, Table
from modelwatch.tables.verdicts.verdicts import VERDICTS

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        RUNS,
        BINNINGS,
        LOSS_MODELS,
        FEATURE_STATES,
        FEATURE_STATES_MONTHLY,
        PROFILE_METRICS,
        DRIFT_METRICS,
        CONTRACTS,
        CONSTRAINT_RESULTS,
        ROW_ACCOUNTS,
        QUARANTINE,
        QUARANTINE_RELEASES,
        PERFORMANCE_STATES,
        PERFORMANCE_STATES_MONTHLY,
        LABEL_MATURITY,
        PERFORMANCE_METRICS,
        PERFORMANCE_ESTIMATES,
        BUSINESS_METRICS,
        MODEL_COMPARISONS,
        CHANGE_ATTRIBUTIONS,
        VERDICTS,
        SOURCE_HEALTH,
        DURATIONS,
        INCIDENTS,
        INCIDENT_EVENTS,
        INCIDENT_ACTIONS,
        RETRAINING_DECISIONS,
        PROMOTION_DECISIONS,
        OUTLIERS,
        OUTBOX,
    )
}
"""Every output table by name."""

__all__ = ["TABLES", "Column", "Table"]
