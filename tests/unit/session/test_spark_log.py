"""The startup output of Java goes to a file, which explains a failed start."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelwatch import cli
from modelwatch.cli import onboarding
from modelwatch.io.session import spark_log
from modelwatch.io.session.spark_log import SparkLog, log_notice, new_log
from modelwatch.model.runs.lost_runs import RunLostError

UNRESOLVED = """\
:: resolving dependencies :: org.apache.spark#spark-submit-parent;1.0
		:: io.delta#delta-spark_2.12;9.9.9: not found
Exception in thread "main" java.lang.RuntimeException: [unresolved dependency: io.delta]
	at org.apache.spark.deploy.SparkSubmitUtils$.resolveMavenCoordinates(SparkSubmit.scala:1608)
	... 3 more
"""
NO_HEAP = """\
Picked up _JAVA_OPTIONS: -Xmx1x
Invalid maximum heap size: -Xmx1x
Error: Could not create the Java Virtual Machine.
Error: A fatal exception has occurred. Program will exit.
pyspark/bin/spark-class: line 97: CMD: bad array subscript
"""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (UNRESOLVED, "java.lang.RuntimeException: [unresolved dependency: io.delta]"),
        (NO_HEAP, "; ".join(NO_HEAP.splitlines()[1:4])),
        ("", "it wrote nothing"),
    ],
)
def test_a_log_shows_why_spark_did_not_start(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "spark.log"
    path.write_text(text)
    assert SparkLog(path).reason() == reason


def test_a_log_is_removed_unless_it_is_kept(tmp_path: Path) -> None:
    for retained in (False, True):
        path = tmp_path / "spark.log"
        path.touch()
        SparkLog(path, retained).remove()
        assert path.exists() is retained


def test_a_command_that_fails_names_the_log_and_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(spark_log, "_logs", [])
    assert log_notice() == ""
    log = new_log()

    def lost(*_: object) -> int:
        raise RunLostError("Java is gone")

    monkeypatch.setattr(onboarding, "configuration", lost)
    assert cli.main(["check", "m.yaml"]) == 2
    assert capsys.readouterr().err == f"Java is gone (Spark's log: {log.path})\n"
    assert log.retained
    log.path.unlink()
