"""Deequ's constraints by day: the only place that knows Deequ."""

from modelwatch.deequ.kinds import kinds_table
from modelwatch.deequ.results import NO_ROWS_CHECKED, ConstraintRow, constraint_results
from modelwatch.deequ.validation import problems

__all__ = ["NO_ROWS_CHECKED", "ConstraintRow", "constraint_results", "kinds_table", "problems"]
