"""Every query of the documentation runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelwatch.io.store.output_tables import Store
from modelwatch.io.store.views import create_views
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
def views(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    output = OutputAddress(path=str(tmp_path_factory.mktemp("monitor")))
    Store(spark, output).prepare()
    create_views(spark, output)
    return spark


@pytest.mark.parametrize("query", list(documented()))
def test_a_documented_query_runs(views: Any, query: str) -> None:
    assert views.sql(query).collect() == []
