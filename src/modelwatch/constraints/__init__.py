"""Evaluate constraints by day with one of two engines; the only package that depends on Deequ."""

from modelwatch.constraints.deequ_aggregates import deequ_obstacle
from modelwatch.constraints.deequ_checks import checks_of, suggestions
from modelwatch.constraints.kinds import kinds_table, problems
from modelwatch.constraints.results import (
    NO_ROWS_CHECKED,
    ConstraintRow,
    chosen_engine,
    constraint_results,
    unavailable,
)

__all__ = [
    "NO_ROWS_CHECKED",
    "ConstraintRow",
    "checks_of",
    "chosen_engine",
    "constraint_results",
    "deequ_obstacle",
    "kinds_table",
    "problems",
    "suggestions",
    "unavailable",
]
