"""A new session: what it is given, and that its jars are compared before it begins."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from modelwatch.io.session import launch
from modelwatch.model.errors import SessionError


class Spark:
    """Stands for Spark: notes what is asked of it, in order."""

    def __init__(self, given: dict[str, str]) -> None:
        self.known = dict(given)
        self.asked: list[str] = []
        self.settings: dict[str, str] = {}

    def SparkConf(self, loadDefaults: bool) -> Any:
        spark, held = self, dict(self.known) if loadDefaults else {}

        class Conf:
            def setAll(self, pairs: list[tuple[str, str]]) -> Any:
                held.update(pairs)
                return self

            def getAll(self) -> list[tuple[str, str]]:
                return list(held.items())

        assert spark is self
        return Conf()

    def _ensure_initialized(self) -> None:
        self.asked.append("submitted java")

    def start_gateway(self, settings: Mapping[str, str]) -> None:
        self.asked.append("java")
        self.known |= settings

    @property
    def builder(self) -> Spark:
        return self

    def appName(self, name: str) -> Spark:
        return self

    def config(self, key: str, value: str) -> Spark:
        self.settings[key] = value
        return self

    def getOrCreate(self) -> Spark:
        self.asked.append("session")
        return self


@pytest.fixture
def spark(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Spark:
    spark = Spark({"spark.master": "spark://host:7077", "spark.driver.memory": "9g"})
    for name in ("SparkConf", "SparkContext", "SparkSession"):
        monkeypatch.setattr(launch, name, spark.SparkConf if name == "SparkConf" else spark)
    monkeypatch.setattr(launch, "start_gateway", spark.start_gateway)
    monkeypatch.setattr(launch, "_silence", lambda session: None)
    monkeypatch.setattr(launch, "find_java_home", lambda environment: tmp_path)
    monkeypatch.setattr(launch, "locked_jars", lambda line: {"a.jar": "0" * 64})
    for name in ("JAVA_HOME", "PYSPARK_GATEWAY_PORT", "MASTER", "PYSPARK_PYTHON"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return spark


def test_a_session_of_its_own_is_that_of_the_stack_on_this_machine(spark: Spark) -> None:
    spark.known.clear()
    launch.launched_session("name", {"spark.more": "x"})
    assert spark.asked == ["java", "session"]
    assert spark.settings["spark.master"] == "local[*]"
    assert spark.settings["spark.more"] == "x"
    assert spark.settings["spark.executor.killOnFatalError.depth"] == "0"
    assert "delta-spark" in spark.settings["spark.jars.packages"]


def test_its_python_workers_are_forked_from_a_process_that_has_imported_their_tasks(
    spark: Spark,
) -> None:
    launch.launched_session("name", {})
    assert spark.settings["spark.python.daemon.module"] == "modelwatch.spark.worker_daemon"


def test_workers_that_get_the_package_from_spark_are_forked_from_sparks_own_process(
    spark: Spark, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(launch, "wheel_of", lambda module: tmp_path / "modelwatch.whl")
    launch.launched_session("name", {})
    assert "spark.python.daemon.module" not in spark.settings


def test_so_are_those_of_other_machines(spark: Spark, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTER", "spark://host:7077")
    launch.launched_session("name", {})
    assert "spark.python.daemon.module" not in spark.settings


def test_what_was_submitted_comes_first(spark: Spark, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYSPARK_GATEWAY_PORT", "1")
    launch.launched_session("name", {})
    assert "spark.master" not in spark.settings
    assert "spark.driver.memory" not in spark.settings
    assert "spark.python.daemon.module" not in spark.settings
    assert "spark.executor.killOnFatalError.depth" not in spark.settings


def test_with_a_jar_that_was_changed_no_session_begins(spark: Spark, tmp_path: Path) -> None:
    (tmp_path / "a.jar").write_bytes(b"changed")
    with pytest.raises(SessionError, match=r"a\.jar is not the one"):
        launch.launched_session("name", {"spark.jars": (tmp_path / "a.jar").as_uri()})
    assert spark.asked == ["java"]
