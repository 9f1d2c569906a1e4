"""One package for several lines of Spark, each with a stack of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from modelwatch.io.session.lines import LINES, SparkLine, installed_line, line_of
from modelwatch.io.session.stack import stack_settings
from modelwatch.model.errors import SessionError

ROOT = Path(__file__).parents[3]
EXTRAS = {"3.5": "spark", "4.1": "spark-4"}


def test_the_installed_spark_is_of_a_line() -> None:
    assert installed_line() in LINES


@pytest.mark.parametrize(("release", "version"), [("3.5.9", "3.5"), ("4.1.0.dev3", "4.1")])
def test_a_release_is_of_the_line_that_its_version_begins_with(release: str, version: str) -> None:
    assert line_of(release).version == version


@pytest.mark.parametrize("release", ["3.4.1", "4.0.3", "4.10.0", "4"])
def test_a_release_without_a_stack_is_answered_with_what_there_is(release: str) -> None:
    with pytest.raises(SessionError, match=rf"Spark {release} is .* of Spark 3\.5 and 4\.1 only"):
        line_of(release)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.version)
def test_an_extra_of_the_package_brings_the_spark_and_the_delta_of_a_line(line: SparkLine) -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (listed,) = re.findall(
        rf"^{EXTRAS[line.version]} = \[(.*?)^\]", project, re.DOTALL | re.MULTILINE
    )
    extra = dict(re.findall(r'"([\w-]+)(?:\[\w+\])?==([^"]+)"', listed))
    assert line_of(extra["pyspark"]) == line
    delta = stack_settings(line)["spark.jars.packages"].split(",")[0].split(":")
    assert delta[:1] + delta[2:] == ["io.delta", extra["delta-spark"]]


def test_lines_differ_in_their_packages_and_in_nothing_that_a_run_sees() -> None:
    ours, others = (
        {k: v for k, v in stack_settings(line).items() if not k.startswith("spark.jars.")}
        for line in LINES
    )
    assert ours == others
