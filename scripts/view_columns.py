"""``python -m scripts.view_columns``: keep the columns and types of each view.

Only Spark knows them; the reference of views and its test read what is kept here.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from pyspark.sql import SparkSession

from modelwatch.io.session import close_session, open_session
from modelwatch.io.store import Store
from modelwatch.io.views import create_views, views
from modelwatch.model.sources import OutputAddress

FILE = Path(__file__).parents[1] / "tests" / "fixtures" / "view_columns.json"


def columns_of_views(session: SparkSession) -> dict[str, dict[str, str]]:
    """Spark types by column of every view, over tables that are in place."""
    return {
        name: {field.name: field.dataType.simpleString() for field in session.table(name).schema}
        for name in sorted(views())
    }


def kept() -> dict[str, dict[str, str]]:
    """The columns that are kept."""
    found: dict[str, dict[str, str]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def main() -> None:
    """Write the columns of all views."""
    session = open_session("view columns", brief=True)
    with tempfile.TemporaryDirectory() as folder:
        output = OutputAddress(path=folder)
        Store(session, output).prepare()
        create_views(session, output)
        found = columns_of_views(session)
    close_session(session)
    FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {FILE}")


if __name__ == "__main__":
    main()
