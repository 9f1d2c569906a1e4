"""Write the reference of output tables and views: `python -m scripts.reference_tables [--check]`.

The page follows from the registry of tables and the SQL files; change it there.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from modelwatch.io.views import views
from modelwatch.tables import TABLES, Table

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "tables.md"
HEAD = """# Output tables and views

Written by `scripts/reference_tables.py` from `src/modelwatch/tables/` and `src/modelwatch/sql/`;
change a table or a view there. Which run counts for a day, a window or a reference is defined in
`src/modelwatch/tables/generation.py`; most views whose names end in `_current` follow from it.

All tables are Delta tables without features that other engines lack. They are append-only: a run
appends its rows, then publishes them by its row in `runs`. A run that dies before is never seen,
and two runs at once never disturb each other. The views show, for every day and window, the newest
published run that computed it; older ones stay in the tables, to be compared. `OPTIMIZE` may be
run on any of them at any time. Columns are added in place, with a higher version; an existing
column never changes its meaning.
"""


def page() -> str:
    """The page in Markdown."""
    parts = [HEAD, "## Tables\n"]
    parts += [_table(table) for table in TABLES.values()]
    parts.append("## Views\n")
    for name, text in sorted(views().items()):
        lines = text.splitlines()
        comment = [line[3:] for line in lines[: _first_code_line(lines)]]
        parts.append(f"### {name}\n\n{' '.join(comment)}\n")
    return "\n".join(parts)


def _first_code_line(lines: list[str]) -> int:
    return next(i for i, line in enumerate(lines) if not line.startswith("--"))


def _table(table: Table) -> str:
    partitioning = ", ".join(f"`{name}`" for name in table.partitioning) or "none"
    rows = "\n".join(
        f"| `{column.name}` | `{column.type.replace(',', ', ')}` "
        f"| {'' if column.nullable else 'not null. '}{column.comment.replace('|', chr(92) + '|')} |"
        for column in table.columns
    )
    return (
        f"### {table.name}\n\n{table.comment}\n\n"
        f"Version {table.version}. Key: {', '.join(f'`{name}`' for name in table.key)}. "
        f"Partitioned by: {partitioning}.\n\n"
        f"| column | type | meaning |\n| --- | --- | --- |\n{rows}\n"
    )


def main(argv: list[str] | None = None) -> int:
    """Write the page, or with --check say whether it is current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if it is outdated")
    if parser.parse_args(argv).check:
        return int(not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page())
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
