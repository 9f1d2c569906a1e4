"""Every query of the documentation runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from empty_tables import copy_tables_without_rows
from modelwatch.io.session.spark_session import prepare_session
from modelwatch.io.store.views import ResultViews
from modelwatch.model.sources.tables import OutputAddress
from modelwatch.pipelines.runs.queries import statements

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def documented() -> Iterator[Any]:
    for page in PAGES:
        for block in re.findall(
            r"^```sql\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S
        ):
            complete, rest = statements(block)
            for number, query in enumerate((*complete, *filter(None, [rest])), 1):
                yield pytest.param(query, id=f"{page.relative_to(ROOT)}-{number}")


@pytest.fixture(scope="module")
def views(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> ResultViews:
    folder = tmp_path_factory.mktemp("monitor")
    copy_tables_without_rows(spark, folder)
    session = prepare_session(spark.newSession(), brief=True)
    return ResultViews(session, OutputAddress(path=str(folder)))


@pytest.mark.parametrize("query", list(documented()))
def test_a_documented_query_runs(views: ResultViews, query: str) -> None:
    assert views.query(query).collect() == []
