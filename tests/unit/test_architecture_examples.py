"""The examples of docs/architecture.md are complete: they run, and have the effect that they state.

They run in a process of their own, for they add to the registries.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from modelwatch.tables import TABLES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
EFFECTS = """
import pyarrow as pa
import modelwatch
from modelwatch.constraints.kinds import KINDS
from modelwatch.model.diagnosis.change_evidence import KIND_RULES, Evidence
from modelwatch.tables import TABLES


def only(result, key, name):
    (row,) = [row for row in result.to_arrow().to_pylist() if row[key] == name]
    return row["value"]


before, now = pa.table({"x": [1.0, 2.0]}), pa.table({"x": [1.0, 2.0, 2.0]})
assert only(modelwatch.drift(before, now), "statistic", "row_ratio") == 1.5
assert only(modelwatch.profile(now), "metric", "present_rows") == 3.0
labels = pa.table({"y": [1, 0, 1], "p": [0.9, 0.8, 0.1]})
found = modelwatch.performance(labels, task="binary", label="y", score="p", threshold=0.5)
assert only(found, "metric", "error_rows") == 2.0
assert KINDS["emptiness"].build is emptiness
assert KIND_RULES["fewer_rows"](Evidence((), rows_ratio=0.25)).score == 0.75
assert printer.titles == ["amount has 40% nulls"]
assert delivery.status == "sent", delivery
assert isinstance(sink_of(PrinterSink(kind="file", name="p", path="x"), {}), Printer)
assert RESTARTS.names == ("monitor", "run_id", "day", "restarts")
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.S | re.M)


def test_the_examples_of_python_have_their_effect() -> None:
    program = "\n".join([*blocks("python"), EFFECTS])
    done = subprocess.run(
        [sys.executable, "-c", f"from __future__ import annotations\n{program}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("view", blocks("sql"))
def test_the_example_of_a_view_is_a_query_of_current_rows(view: str) -> None:
    table = TABLES["verdicts"]
    types = {"string": "VARCHAR", "int": "INTEGER"}
    columns = ", ".join(f"{c.name} {types.get(c.type, c.type)}" for c in table.columns)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE verdicts_current ({columns})")
        assert connection.sql(view).columns == ["monitor", "window_start", "failing"]
