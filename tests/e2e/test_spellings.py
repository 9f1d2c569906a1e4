"""A monitor of tables whose texts look like codes, and whose labels are spelled in several ways."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from labelled_shop import labelled_config
from modelwatch.pipelines.runs.monitor import RunReport
from shop import Shop, day

pytestmark = pytest.mark.slow

ROWS = 80
REGIONS = (None, "(null)", "(other)", "north")
MODELS = (None, "(none)", "*", "v1")
SPELLED = ("true", "TRUE", "1", "True ", "")
"""Labels of the first rows of each day."""
DAYS = [day(number) for number in (1, 2, 3, 4)]


def labels_of(of: date) -> list[str]:
    random = np.random.default_rng(of.toordinal())
    rest = random.random(ROWS - len(SPELLED)) < 0.4
    return [*SPELLED, *(str(bool(one)) for one in rest)]


@pytest.fixture(scope="module")
def run(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, RunReport]:
    folder = tmp_path_factory.mktemp("spellings")
    whole: dict[str, Any] = labelled_config(folder)
    config = {key: whole[key] for key in whole if key not in ("challengers", "comparison")}
    config["segments"] = [
        {"name": "region", "columns": "region", "max_values": 2},
        {"name": "both", "columns": ["region", "kind"]},
    ]
    config["performance"] = {
        "task": "binary",
        "score": "score",
        "decision": {"column": "decided"},
        "positive": ["True"],
    }
    shop = Shop(spark, folder, config)
    for of in DAYS:
        rows = range(ROWS)
        ids = pa.array([f"{of}-{i}" for i in rows])
        days = pa.array([of] * ROWS, pa.date32())
        kinds = [("a", "b × c", None, "(null)")[i // 4 % 4] for i in rows]
        shop.add(
            "inputs",
            pa.table(
                {
                    "id": ids,
                    "day": days,
                    "amount": pa.array([float(i) for i in rows]),
                    "region": pa.array([REGIONS[i % 4] for i in rows]),
                    "kind": pa.array(kinds),
                }
            ),
        )
        shop.add(
            "predictions",
            pa.table(
                {
                    "id": ids,
                    "day": days,
                    "score": pa.array([i / ROWS for i in rows]),
                    "decided": pa.array(["True" if i % 2 else "False" for i in rows]),
                    "model": pa.array([MODELS[i % 4] for i in rows]),
                }
            ),
        )
        known = pa.array([of + timedelta(days=1)] * ROWS, pa.date32())
        shop.add(
            "labels",
            pa.table({"id": ids, "day": days, "label": labels_of(of), "known": known}),
        )
    return shop, shop.run()


def ask(run: tuple[Shop, RunReport], sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in run[0].ask(sql)]


def test_no_value_and_the_rest_are_segments_apart_from_texts_of_their_names(
    run: tuple[Shop, RunReport],
) -> None:
    found = ask(
        run,
        "SELECT segment, row_count FROM feature_states_current WHERE segmentation = 'region' "
        f"AND feature = 'amount' AND day = '{DAYS[0]}' AND model_version = 'v1'",
    )
    assert dict(found) == {"(other)": 20}
    found = ask(
        run,
        "SELECT segment, sum(row_count) FROM feature_states_current WHERE segmentation = 'region' "
        f"AND feature = 'amount' AND day = '{DAYS[0]}' GROUP BY segment",
    )
    assert dict(found) == {"(null)": 20, '"(null)"': 20, '"(other)"': 20, "(other)": 20}


def test_crossings_show_texts_from_what_stands_between_them(run: tuple[Shop, RunReport]) -> None:
    found = ask(
        run,
        "SELECT segment, sum(row_count) FROM feature_states_current WHERE segmentation = 'both' "
        f"AND feature = 'amount' AND day = '{DAYS[0]}' GROUP BY segment",
    )
    regions = ("(null)", '"(null)"', '"(other)"', "north")
    kinds = ("a", '"b × c"', "(null)", '"(null)"')
    assert dict(found) == {f"{region} × {kind}": 5 for region in regions for kind in kinds}


def test_no_model_version_and_all_of_them_are_apart_from_versions_of_their_names(
    run: tuple[Shop, RunReport],
) -> None:
    found = ask(
        run,
        "SELECT model_version, sum(row_count) FROM feature_states_current WHERE feature = 'score' "
        f"AND kind = 'numeric' AND segmentation = 'all' AND day = '{DAYS[0]}' "
        "GROUP BY model_version",
    )
    assert dict(found) == {"(none)": 20, '"(none)"': 20, '"*"': 20, "v1": 20}
    found = ask(
        run,
        "SELECT DISTINCT model_version FROM performance_current WHERE window_name = 'day' "
        f"AND window_start = '{DAYS[0]}'",
    )
    assert {version for (version,) in found} == {"(none)", '"(none)"', '"*"', "v1", "*"}


def test_each_part_of_a_category_has_a_label_of_its_own(run: tuple[Shop, RunReport]) -> None:
    found = ask(
        run,
        "SELECT label, sum(row_count) FROM histogram_comparison WHERE feature = 'region' "
        f"AND segmentation = 'all' AND window_name = 'day' AND window_start = '{DAYS[0]}' "
        "GROUP BY label HAVING sum(row_count) > 0",
    )
    assert dict(found) == {"(null)": 20, '"(null)"': 20, '"(other)"': 20, "north": 20}


def test_labels_in_another_spelling_are_counted_and_no_negatives(
    run: tuple[Shop, RunReport],
) -> None:
    found = ask(
        run,
        "SELECT counted_as, spelling, row_count, share FROM unmapped_values "
        f"WHERE subject = 'label' AND day = '{DAYS[0]}'",
    )
    wanted = {("nothing", value, 1, 1 / ROWS) for value in SPELLED if value}
    assert set(found) == wanted | {("no value", "", 1, 1 / ROWS)}
    for of in DAYS:
        counts = Counter(labels_of(of))
        mapped = counts["True"] + counts["False"]
        ((rate, labelled),) = ask(
            run,
            "SELECT value, labelled_rows FROM performance_current WHERE metric = 'base_rate' "
            f"AND window_name = 'day' AND window_start = '{of}' AND cohort = 'due' "
            "AND segmentation = 'all' AND model_version = '*' AND reference IS NULL",
        )
        assert labelled == mapped
        assert rate == pytest.approx(counts["True"] / mapped, abs=1e-12)


def test_a_material_share_of_them_is_reported_where_a_person_looks(
    run: tuple[Shop, RunReport],
) -> None:
    _, report = run
    assert "Warning: label of the labels on" in report.text
    assert "'True\\x20' (1)" in report.text
    ((subject, kind),) = ask(
        run, "SELECT subject, kind FROM open_incidents WHERE metric = 'unmapped_share'"
    )
    assert (subject, kind) == ("label", "unmapped_values")
    found = ask(
        run,
        "SELECT subject, verdict, value FROM source_health_current "
        "WHERE check_name = 'unmapped_values'",
    )
    assert {(subject, verdict) for subject, verdict, _ in found} == {
        ("label", "fail"),
        ("decided", "pass"),
    }
    assert {value for subject, _, value in found if subject == "label"} == {4 / (ROWS - 1)}
