"""Output tables change by new versions, and only grow."""

from __future__ import annotations

import json
from typing import Any

import pytest
from scripts.table_schemas import FOLDER, schema_of

from modelwatch.tables import TABLES, Table

KEPT: list[dict[str, Any]] = [
    json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))
]
"""The schema of each version that was ever released."""
DROPPED: dict[str, tuple[str, ...]] = {"runs": ("verdicts_fingerprint",)}
"""Columns that are written no more; tables that have them keep them, so they may be null."""


@pytest.mark.parametrize("table", [pytest.param(t, id=n) for n, t in TABLES.items()])
def test_a_table_that_changed_has_a_new_version(table: Table) -> None:
    """`python -m scripts.table_schemas` keeps the new one."""
    kept = json.loads((FOLDER / f"{table.name}-{table.version}.json").read_text(encoding="utf-8"))
    assert schema_of(table) == kept


@pytest.mark.parametrize(
    "kept", [pytest.param(one, id=f"{one['table']}-{one['version']}") for one in KEPT]
)
def test_what_a_version_has_every_later_one_has_alike(kept: dict[str, Any]) -> None:
    table = TABLES[kept["table"]]
    assert kept["version"] <= table.version
    assert kept["partitioning"] == list(table.partitioning)
    now = {column.name: column for column in table.columns}
    for column in kept["columns"]:
        if column["name"] in DROPPED.get(table.name, ()):
            assert column["nullable"]
            continue
        # A struct may have more fields than it had.
        if not column["type"].startswith(("array<struct", "struct")):
            assert now[column["name"]].type == column["type"]
        assert now[column["name"]].nullable or not column["nullable"]


@pytest.mark.parametrize("table", [pytest.param(t, id=n) for n, t in TABLES.items()])
def test_columns_that_came_later_may_be_null(table: Table) -> None:
    """Rows that stand already have no value there."""
    first = json.loads((FOLDER / f"{table.name}-1.json").read_text(encoding="utf-8"))
    old = {column["name"] for column in first["columns"]}
    assert all(column.nullable for column in table.columns if column.name not in old)
