"""Columns of the tables that compare two models."""

from __future__ import annotations

from modelwatch.tables.table import Column

CONTENDERS = (
    Column(
        "design",
        "string",
        "'shadow': both models scored the same ids. 'split': each model scored a part "
        "of the traffic.",
        False,
    ),
    Column("champion", "string", "Model version; 'champion' for all versions.", False),
    Column("challenger", "string", "Name of the challenger, or its model version.", False),
)
"""The models that are compared, and how they share the traffic."""
