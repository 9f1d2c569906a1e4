"""A monitor in Python, as far as it goes without Spark."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import modelwatch
from modelwatch.api.monitor import Description, RunResult

TEXT = "monitor: m\noutput: {path: o}\ninputs: {table: {path: i}, day: {column: d}}\n"


def test_everything_wrong_with_a_file_is_an_error_with_lines(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(TEXT + "pears: {}\n")
    with pytest.raises(
        modelwatch.ConfigurationError, match=r"m\.yaml:4: pears: is not a known key"
    ):
        modelwatch.Monitor.from_yaml(path)
    with pytest.raises(modelwatch.ConfigurationError, match="cannot be read: No such file"):
        modelwatch.Monitor.from_yaml(tmp_path / "none.yaml")


def test_a_configuration_is_saved_and_never_replaced_unasked(tmp_path: Path) -> None:
    monitor = modelwatch.Monitor.from_config(TEXT, folder=tmp_path / "conf")
    path = monitor.save(tmp_path / "conf" / "m.yaml")
    assert modelwatch.Monitor.from_yaml(path).config == monitor.config
    with pytest.raises(FileExistsError):
        monitor.save(path)
    assert monitor.save(path, replace=True) == path


@pytest.mark.parametrize("role", ["inputs", "predictions", "labels", "challenger"])
def test_a_frame_is_no_table_of_a_monitor(role: str) -> None:
    tables = {"inputs": "shop/inputs", "predictions": "shop/predictions", role: pd.DataFrame()}
    with pytest.raises(TypeError, match=f"{role} is a DataFrame: .* save a DataFrame as one first"):
        modelwatch.Monitor.guess(**tables)


def test_an_unknown_view_is_refused_before_spark_is_started() -> None:
    monitor = modelwatch.Monitor.from_config(TEXT)
    with pytest.raises(ValueError, match=r"no table or view 'open_incident'.*'open_incidents'"):
        monitor.view("open_incident")


def test_what_a_notebook_shows_is_escaped() -> None:
    monitor = modelwatch.Monitor.from_config(TEXT.replace("path: i", "path: '<i>'"))
    assert "&lt;i&gt;" in monitor._repr_html_()
    assert "<i>" not in monitor._repr_html_()
    assert Description("<b>")._repr_html_() == "<pre>&lt;b&gt;</pre>"


def test_a_result_is_one_line_at_a_prompt() -> None:
    monitor = modelwatch.Monitor.from_config(TEXT)
    result = RunResult(monitor, 0, "m: 1 day computed.\nmore", "r1", ())
    assert repr(result) == "<RunResult r1, exit code 0: m: 1 day computed.>"
