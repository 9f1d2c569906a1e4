"""``python -m scripts.table_schemas``: store the schema of each version of each output table.

A stored version is never overwritten, because tables of that version exist in production, and tests
check that the code still reads them. Changed columns require a new version of the table.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from modelwatch.tables import TABLES, Table

FOLDER = Path(__file__).parents[1] / "tests" / "fixtures" / "schemas"


def schema_of(table: Table) -> dict[str, Any]:
    """Columns and partitioning of a table, without its comments."""
    return {
        "table": table.name,
        "version": table.version,
        "partitioning": list(table.partitioning),
        "columns": [
            {"name": c.name, "type": c.type, "nullable": c.nullable} for c in table.columns
        ],
    }


def main() -> None:
    """Write the versions that are not stored yet."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for table in TABLES.values():
        path = FOLDER / f"{table.name}-{table.version}.json"
        if not path.exists():
            path.write_text(json.dumps(schema_of(table), indent=1) + "\n", encoding="utf-8")
            print(f"kept {path}")


if __name__ == "__main__":
    main()
