"""Deequ's constraints by day: the only place that knows Deequ."""

from modelwatch.deequ.export import checks_of
from modelwatch.deequ.kinds import kinds_table
from modelwatch.deequ.results import NO_ROWS_CHECKED, ConstraintRow, constraint_results
from modelwatch.deequ.suggestions import suggestions
from modelwatch.deequ.validation import problems

__all__ = [
    "NO_ROWS_CHECKED",
    "ConstraintRow",
    "checks_of",
    "constraint_results",
    "kinds_table",
    "problems",
    "suggestions",
]
