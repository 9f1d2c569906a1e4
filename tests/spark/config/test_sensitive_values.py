"""Values of sensitive columns are in no table, message or log that a monitor writes."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from modelwatch.model.errors import SourceError
from modelwatch.pipelines.quarantine.actions import Chosen, explained, listed
from modelwatch.tables import TABLES
from shop import Shop, config_of, day

PLANTED = ("PLANT", "77700000", "b5f3a1c0ffee")
ROWS = 40
SECRET = "a secret that no table knows"
RULES = [
    {"name": "amount known", "treatment": "quarantine", "must": "amount is not null"},
    {"name": "card new", "treatment": "warn", "must": "card not like '%-1'"},
    {"name": "label of a card", "table": "labels", "treatment": "quarantine", "must": "y = 0"},
]


def inputs_of(number: int) -> pa.Table:
    """Cards and pins of a day; from the third day on, others than ever before."""
    of, first = day(number), 0 if number < 3 else 1000 * number
    return pa.table(
        {
            "id": [f"PLANT-ID-{of}-{i}" for i in range(ROWS)],
            "day": pa.array([of] * ROWS, pa.date32()),
            "card": [f"PLANT-CARD-{first + i % 7}" for i in range(ROWS)],
            "pin": pa.array([7_770_000_000 + first + i % 5 for i in range(ROWS)]),
            "raw": pa.array([b"b5f3a1c0ffee" + bytes([i]) for i in range(ROWS)]),
            "amount": pa.array(
                [None if i == 3 else float(i) * 10 ** (number > 2) for i in range(ROWS)]
            ),
            "height": pa.array([float(i * i % 7) + 50 * (number > 2) for i in range(ROWS)]),
            "region": [["north", "south"][i % 2] for i in range(ROWS)],
        }
    )


def answers_of(number: int, **columns: Any) -> pa.Table:
    of = day(number)
    ids = {"id": [f"PLANT-ID-{of}-{i}" for i in range(ROWS)]}
    return pa.table({**ids, "day": pa.array([of] * ROWS, pa.date32()), **columns})


@dataclass
class WrittenTexts:
    """What a monitor of sensitive columns has written: all of it as text, by where it is."""

    shop: Shop
    by_place: dict[str, str]


@pytest.fixture(scope="module")
def wording(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Days with rows in quarantine, unseen values, outliers, incidents, messages; and a stop."""
    patch = pytest.MonkeyPatch()
    patch.setenv("MODELWATCH_SALT", SECRET)
    heard: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    logging.getLogger("modelwatch").setLevel(logging.DEBUG)
    folder: Path = tmp_path_factory.mktemp("sensitive")
    sensitive = {name: {"sensitive": True} for name in ("id", "card", "pin", "raw")}
    config = config_of(
        folder,
        features={"columns": sensitive},
        rules=RULES,
        windows=["day"],
        references=[{"name": "start", "days": f"{day(1)}..{day(2)}"}],
        constraints=[
            {"name": "once", "kind": "uniqueness", "columns": ["id"]},
            {"name": "card", "kind": "domain", "column": "card", "values": ["none of them"]},
            {"name": "pin", "kind": "range", "column": "pin", "upper": 5},
            {"name": "height", "kind": "range", "column": "height", "upper": 20},
        ],
        thresholds={},
        incidents={"fails": 1, "of": 1},
        labels={
            "table": {"path": str(folder / "labels")},
            "id": "id",
            "day": {"column": "day"},
            "label": "y",
            "due": {"delay_days": 0},
        },
        performance={"task": "binary", "score": "score", "decision": {"threshold": 0.5}},
        notify=[{"name": "log", "kind": "file", "path": str(folder / "messages.jsonl")}],
    )
    shop = Shop(spark, folder, config)
    for number in range(1, 5):
        shop.add("inputs", inputs_of(number))
        scores = pa.array([i / ROWS for i in range(ROWS)])
        shop.add("predictions", answers_of(number, score=scores, model=pa.array(["v"] * ROWS)))
        shop.add("labels", answers_of(number, y=pa.array([i % 2 for i in range(ROWS)])))
    by_place = {"report": shop.run(as_of=day(5)).text}
    parsed = shop.parsed()
    by_place["list"] = listed(spark, parsed, Chosen())
    by_place["explain"] = explained(spark, parsed, Chosen(role="inputs"))
    stop = {"name": "stop", "treatment": "fail", "must": "card = 'x' or pin = 1 or raw is null"}
    shop.config["rules"] = [*RULES, stop]
    shop.add("inputs", inputs_of(5))
    with pytest.raises(SourceError) as stopped:
        shop.run(as_of=day(6))
    by_place["stop"] = str(stopped.value)
    for name in TABLES:
        by_place[f"table {name}"] = repr(shop.table(name))
        log = shop.output / name / "_delta_log"
        by_place[f"log of {name}"] = "".join(p.read_text() for p in log.glob("*.json"))
    by_place["messages"] = (folder / "messages.jsonl").read_text(encoding="utf-8")
    by_place["heard"] = "\n".join(heard)
    logging.getLogger().removeHandler(handler)
    yield WrittenTexts(shop, by_place)
    patch.undo()


def test_all_is_written_that_is_searched(wording: WrittenTexts) -> None:
    """An empty table would keep every secret."""
    shop = wording.shop
    for name in ("quarantine", "outliers", "incidents", "performance_states", "feature_states"):
        assert shop.table(name), name
    assert wording.by_place["messages"]
    assert "such as" in wording.by_place["stop"]
    assert any(row["kind"] == "row" and row["row_id"] for row in shop.table("outliers"))
    states = [row for row in shop.table("feature_states") if row["feature"] in ("card", "pin")]
    assert {row["kind"] for row in states} == {"categorical"}
    assert any(row["unseen"] for row in states)
    assert {row["role"] for row in shop.table("quarantine")} == {"inputs", "labels"}


def test_no_planted_value_is_anywhere(wording: WrittenTexts) -> None:
    found = {
        place: planted
        for place, text in wording.by_place.items()
        for planted in PLANTED
        if planted.lower() in text.lower()
    }
    assert found == {}


def test_neither_is_the_secret(wording: WrittenTexts) -> None:
    assert [place for place, text in wording.by_place.items() if SECRET in text] == []


def test_equal_values_have_equal_hashes_wherever_they_are_written(wording: WrittenTexts) -> None:
    """So a row in quarantine can be looked up among the values of its feature."""
    rows = [json.loads(row["row_json"]) for row in wording.shop.table("quarantine")]
    cards = {row["card"] for row in rows if "card" in row}
    stored = wording.shop.table("binnings")
    values = {v for row in stored if row["feature"] == "card" for v in row["categories"]}
    assert cards & values
    assert all(len(value) == 16 for value in values)


def test_another_secret_is_refused_and_another_variable_computes_all_anew(
    wording: WrittenTexts, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(wording.shop.spark, wording.shop.folder, {**wording.shop.config, "rules": RULES})
    monkeypatch.setenv("MODELWATCH_SALT", "another secret, and long enough")
    with pytest.raises(SourceError, match="MODELWATCH_SALT contains a secret other than the one"):
        shop.run(as_of=day(6))
    monkeypatch.delenv("MODELWATCH_SALT")
    with pytest.raises(SourceError, match="the environment variable MODELWATCH_SALT is not set"):
        shop.run(as_of=day(6))
