"""A monitor's first runs, as all of them are tested by default: the longer life is slow."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from pyspark.sql import SparkSession

from modelwatch import cli
from modelwatch.capabilities import sql_settings
from modelwatch.io.delta.addresses import quoted
from modelwatch.io.store.output_tables import Store
from shop import KEYS, ROWS, Shop, day, inputs_of

AMOUNTS = {"name": "amounts", "kind": "completeness", "column": "amount", "lower": 0.8}
"""Of twelve rows, one has no amount: another two late ones without are too many."""


class Killed(BaseException):
    """The process ends here."""


def scored(rows: pa.Table) -> pa.Table:
    """Inputs with what the model answered beside them."""
    score = pa.array([i / rows.num_rows for i in range(rows.num_rows)])
    return rows.drop_columns(["height", "extra"]).append_column("score", score)


def training(more: float) -> pa.Table:
    """Rows that a model was trained on, with amounts from ``more`` up, one apart."""
    rows = scored(inputs_of(day(1), nulls=0))
    amounts = pa.array([more + i for i in range(ROWS)])
    return rows.set_column(rows.schema.get_field_index("amount"), "amount", amounts)


@dataclass
class Life:
    """A shop, and what was seen of it at each step."""

    shop: Shop
    seen: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    wording: dict[str, str] = field(default_factory=dict)

    def command(self, step: str, *arguments: str) -> None:
        """A command of the command line, as a person types it."""
        path = str(self.shop.file())
        with redirect_stdout(StringIO()) as wording:
            self.codes[step] = cli.main([arguments[0], path, *arguments[1:]])
        self.wording[step] = wording.getvalue()


@pytest.fixture(scope="module")
def vectors(spark: SparkSession) -> Iterator[None]:
    """Lets tables with deletion vectors be read: Delta refuses where it may not look at files."""
    with sql_settings(spark, {"spark.databricks.delta.stats.skipping": "true"}):
        yield


@pytest.fixture(scope="module")
def life(vectors: None, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Life:
    """A first run, one without news, one that is killed, one that heals it; and a fresh one."""
    folder = tmp_path_factory.mktemp("short")
    inputs = f"delta.{quoted(str(folder / 'inputs'))}"
    config = {
        "monitor": "short",
        "output": {"path": str(folder / "monitor")},
        "inputs": {"table": {"path": str(folder / "inputs")}, "day": {"column": "day"}},
        "predictions": {"score": "score"},
        "features": {"include": ["amount", "region"]},
        "windows": ["day"],
        "references": [
            {"name": "trained", "table": {"path": str(folder / "training")}, "version": 0},
            {"name": "previous", "previous_windows": 1},
        ],
        "binning": {"bins": 10},
        "constraints": [AMOUNTS],
        "thresholds": {"psi": None, "unseen_share_change": None},
        "verdicts": {"late_days": 30},
    }
    shop = Shop(spark, folder, config)
    life = Life(shop)
    write_deltalake(str(folder / "training"), training(0.0))
    write_deltalake(str(folder / "training"), training(1000.0), mode="overwrite")
    for number in (1, 2, 3):
        shop.add("inputs", scored(inputs_of(day(number))))
    spark.sql(f"ALTER TABLE {inputs} SET TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')")

    life.command("planned", "plan", "--as-of", str(day(9)))
    life.seen["output after a plan"] = shop.output.exists()
    files = (folder / "inputs").rglob("*.parquet")
    life.seen["bytes"] = sum(file.stat().st_size for file in files)
    life.codes["first"] = shop.run().exit_code
    life.seen["first"], life.seen["versions"] = answers(shop), shop.versions()
    write_deltalake(str(folder / "training"), training(2000.0), mode="overwrite")
    life.command("nothing", "run", "--as-of", str(day(9)))
    life.seen["versions after nothing"] = shop.versions()

    late = f"SELECT '{day(2)}-late', day, CAST(null AS DOUBLE), region, score FROM {inputs}"
    spark.sql(f"INSERT INTO {inputs} {late} WHERE id IN ('{day(2)}-4', '{day(2)}-5')")
    spark.sql(f"DELETE FROM {inputs} WHERE id = '{day(3)}-7'")
    life.seen["deleted"] = newest_actions(folder / "inputs")
    life.command("planned again", "plan", "--as-of", str(day(9)))
    life.seen["versions after a plan"] = shop.versions()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "publish", killed)
        with pytest.raises(Killed):
            shop.run()
    life.seen["after the kill"] = answers(shop)
    life.seen["runs after the kill"] = len(shop.runs())
    life.seen["profiles after the kill"] = len(shop.table("profile_metrics"))
    life.command("healed", "run", "--as-of", str(day(9)))
    life.seen["healed"] = answers(shop)
    life.seen["moved"] = dict(
        map(
            tuple,
            shop.ask(
                "SELECT window_start, value FROM drift_current WHERE feature = 'amount' "
                "AND reference = 'trained' AND statistic = 'mean_change_in_sd'"
            ),
        )
    )
    life.command("asked", "sql", "SELECT day, observed FROM failed_constraints")

    fresh = Shop(spark, folder, copy.deepcopy(config))
    fresh.config["output"] = {"path": str(folder / "fresh")}
    fresh.run()
    life.seen["fresh"] = answers(fresh)
    return life


def killed(self: Store, row: object) -> int:
    raise Killed


def newest_actions(table: Path) -> list[dict[str, Any]]:
    """What the newest commit of a table did."""
    newest = max((table / "_delta_log").glob("*.json"))
    return [json.loads(line) for line in newest.read_text().splitlines()]


def answers(shop: Shop) -> dict[str, Any]:
    """What a reader sees of profiles, drift and constraints."""
    asked = ("profile_current", "drift_current", "constraints_current")
    return {view: shop.shown(view, KEYS[view]) for view in asked}


def lines(wording: str, what: str) -> list[str]:
    """One value of the output of a plan."""
    begin = f"  {what:<10} "
    return [line.removeprefix(begin) for line in wording.splitlines() if line.startswith(begin)]


def test_a_plan_shows_days_columns_scans_and_states(life: Life) -> None:
    wording = life.wording["planned"]
    assert life.codes["planned"] == 0
    assert lines(wording, "days") == [f"3 days: {day(1)}..{day(3)} (new)"]
    assert lines(wording, "columns") == ["3 (1 categorical, 2 numeric): amount, region, score"]
    inputs, trained = life.shop.folder / "inputs", life.shop.folder / "training"
    assert lines(wording, "scan") == [
        f"fit the bins on trained: 3 columns, all rows of {trained}",
        f"states of reference trained: 3 columns, all rows of {trained}",
        f"states of all features: 3 columns, 3 days of {inputs}",
        f"1 constraint of the inputs: 1 column, 3 days of {inputs}",
    ]
    # A state a feature and an account of correlations, of three days and the training set.
    assert lines(wording, "states") == ["at most 16 for a model version"]


def test_a_plan_writes_nothing(life: Life) -> None:
    assert life.seen["output after a plan"] is False
    assert life.seen["versions after a plan"] == life.seen["versions after nothing"]


def test_a_plan_shows_which_days_changed(life: Life) -> None:
    wording = life.wording["planned again"]
    assert lines(wording, "days") == [f"2 days: {day(2)}..{day(3)} (changed)"]
    assert lines(wording, "windows") == [f"2 day in {day(2)}..{day(3)}"]


def test_a_run_exits_with_0_unless_something_must_be_looked_at(life: Life) -> None:
    assert [life.codes[step] for step in ("first", "nothing", "healed")] == [0, 0, 1]
    assert [row["exit_code"] for row in life.shop.runs()] == [0, 0, 1]
    assert "Constraint `amounts` fails" in life.wording["healed"]


def test_a_run_without_news_writes_its_row_alone(life: Life) -> None:
    before, after = life.seen["versions"], life.seen["versions after nothing"]
    assert {name for name in after if after[name] != before[name]} == {"runs"}
    assert life.shop.runs()[1]["outcome"] == "nothing_to_do"
    assert "Nothing to do" in life.wording["nothing"]


def test_a_run_shows_what_it_read_and_how_much_work_that_was(life: Life) -> None:
    first = life.shop.runs()[0]
    (inputs,) = (source for source in first["sources"] if source["role"] == "inputs")
    assert (inputs["version"], inputs["files"], inputs["row_count"]) == (3, 3, 3 * ROWS)
    assert inputs["bytes"] == life.seen["bytes"]
    assert first["spark_jobs"] > 0
    assert first["executor_seconds"] > 0
    assert first["work"]["tasks"] >= first["spark_jobs"]
    reads = [(read["role"], read["reader"], read["reason"]) for read in first["reads"]]
    assert reads == [("inputs", "files", None), ("reference:trained", "files", None)]
    # The bins are fitted on rows that Spark reads.
    assert first["work"]["bytes_read"] > 0
    assert first["work"]["rows_read"] >= ROWS
    assert all(stage["seconds"] > 0 for stage in first["stages"])


def test_the_deleted_row_stays_in_its_file_and_is_marked(life: Life) -> None:
    """Else the life would not be one of a table with deletion vectors."""
    added = [action["add"] for action in life.seen["deleted"] if "add" in action]
    assert [add["deletionVector"]["cardinality"] for add in added] == [1]


def test_late_rows_and_rows_that_a_vector_deletes_change_their_days(life: Life) -> None:
    healed = life.shop.runs()[-1]
    assert healed["days"] == [day(2), day(3)]
    assert healed["input_rows"] == (ROWS + 2) + (ROWS - 1)


def test_a_run_that_is_killed_before_it_publishes_shows_nothing(life: Life) -> None:
    """Its rows are in the tables by then."""
    assert life.seen["profiles after the kill"] > len(life.seen["first"]["profile_current"])
    assert life.seen["runs after the kill"] == 2
    assert life.seen["after the kill"] == life.seen["first"]


def test_after_a_kill_the_next_run_gives_what_one_fresh_run_gives(life: Life) -> None:
    assert life.seen["healed"] != life.seen["first"]
    for view, fresh in life.seen["fresh"].items():
        assert life.seen["healed"][view] == fresh, view


def test_a_reference_stays_at_its_version_whatever_its_table_holds_since(life: Life) -> None:
    """The newest version has amounts of 2000 and more, the one before of 1000 and more."""
    for number in (1, 2):
        mean = fmean(i + day(number).day / 4 for i in range(1, ROWS))
        change = (mean - fmean(range(ROWS))) / stdev(range(ROWS))
        assert life.seen["moved"][day(number)] == pytest.approx(change)


def test_a_question_is_answered_with_its_rows(life: Life) -> None:
    assert life.codes["asked"] == 0
    head, rule, *rows = life.wording["asked"].splitlines()
    assert head.split() == ["day", "observed"]
    assert set(rule) == {"-", " "}
    assert [row.split() for row in rows if row] == [[str(day(2)), f"{11 / 14:.6g}"]]
