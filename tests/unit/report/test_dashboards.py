"""Dashboards ask for metrics and columns that there are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from scripts.view_columns import view_columns

from modelwatch.model.report.openmetrics import PREFIX
from modelwatch.pipelines.report.openmetrics import QUERIES, families_of

ROOT = Path(__file__).parents[3]
GRAFANA = json.loads((ROOT / "conf/grafana/modelwatch.json").read_text(encoding="utf-8"))
LAKEVIEW = json.loads((ROOT / "conf/databricks/modelwatch.lvdash.json").read_text(encoding="utf-8"))
BUNDLE = yaml.safe_load((ROOT / "conf/databricks/databricks.yml").read_text(encoding="utf-8"))


def exported() -> set[str]:
    return {
        f"{PREFIX}{metric_family.name}"
        for metric_family in families_of("m", {query: [] for query in QUERIES})
    }


def test_grafana_asks_for_exported_metrics_only_and_shows_all_of_them() -> None:
    asked = set(re.findall(rf"{PREFIX}\w+", json.dumps(GRAFANA)))
    assert asked <= exported()
    assert exported() - asked <= {f"{PREFIX}last_run_timestamp_seconds"}


def test_panels_of_the_grafana_dashboard_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in GRAFANA["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + i, at["y"] + j) for i in range(at["w"]) for j in range(at["h"])}
        assert not cells & taken
        taken |= cells
    assert len({panel["id"] for panel in GRAFANA["panels"]}) == len(GRAFANA["panels"])


@pytest.mark.parametrize("dataset", LAKEVIEW["datasets"], ids=lambda one: str(one["name"]))
def test_a_data_set_of_the_lakeview_dashboard_names_columns_of_its_view(dataset: Any) -> None:
    query = "".join(dataset["queryLines"])
    (view,) = re.findall(r"FROM (\w+)", query)
    (listed,) = re.findall(r"SELECT (.*?)\nFROM", query, re.S)
    names = {part.split(" AS ")[0].strip() for part in listed.split(",")} - {"value / threshold"}
    assert names <= set(view_columns(view))


def test_widgets_of_the_lakeview_dashboard_name_fields_of_their_data_set() -> None:
    queries = {one["name"]: "".join(one["queryLines"]) for one in LAKEVIEW["datasets"]}
    for page in LAKEVIEW["pages"]:
        for placed in page["layout"]:
            (asked,) = placed["widget"]["queries"]
            text = queries[asked["query"]["datasetName"]]
            for field in asked["query"]["fields"]:
                (name,) = re.findall(r"`(\w+)`", field["expression"])
                assert re.search(rf"\b{name}\b", text)


def test_the_bundle_deploys_the_dashboard_and_mails_failures() -> None:
    resources = BUNDLE["resources"]
    (dashboard,) = resources["dashboards"].values()
    assert (ROOT / "conf/databricks" / dashboard["file_path"]).is_file()
    assert resources["jobs"]["monitor"]["email_notifications"]["on_failure"] == ["${var.notify}"]
