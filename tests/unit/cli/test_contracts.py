"""The command `modelwatch contract`, as far as it needs no Spark."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modelwatch.cli import main
from modelwatch.model.contracts.reading import parse_contract

TEXT = "contract: c\nversion: 1\ncolumns:\n  x: {type: int, nullable: false}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "c.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_the_same_contract_needs_no_look(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contract", "diff", str(file), str(file)]) == 0
    assert "The clauses are identical." in capsys.readouterr().out


def test_another_one_does(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = file.with_name("new.yaml")
    new.write_text(TEXT.replace("nullable: false", "completeness: 0.5"), encoding="utf-8")
    assert main(["contract", "diff", str(file), str(new)]) == 1
    wording = capsys.readouterr().out
    assert "loosened   columns.x.nullable: false -> true" in wording
    assert "version: 1 must grow" in wording


def test_a_broken_contract_is_reported_by_file_and_line(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(TEXT.replace("nullable", "nulable"), encoding="utf-8")
    assert main(["contract", "diff", str(file), str(file)]) == 2
    assert f"{file}:4: columns.x.nulable" in capsys.readouterr().err


def test_a_suite_is_written_and_read_back(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    suite, back = file.with_name("suite.json"), file.with_name("back.yaml")
    words = ["contract", "export", str(file), "--to", "great-expectations", "-o", str(suite)]
    assert main(words) == 0
    assert main(["contract", "import", str(suite), "-o", str(back)]) == 0
    assert parse_contract(back.read_text(encoding="utf-8")) == parse_contract(TEXT)


def test_what_is_left_out_stands_in_the_imported_file(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = file.with_name("suite.json")
    odd = {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "a\n- b"}}
    suite.write_text(json.dumps({"name": "s", "expectations": [odd]}), encoding="utf-8")
    assert main(["contract", "import", str(suite)]) == 1
    wording = capsys.readouterr()
    assert "#   expectations[0] expect_column_mean_to_be_between" in wording.out
    assert parse_contract(wording.out).contract == "s"


def test_a_file_is_not_replaced_unasked(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["contract", "export", str(file), "--to", "deequ", "-o", str(file)]
    assert main(words) == 2
    assert "exists; --force replaces it" in capsys.readouterr().err
    assert file.read_text(encoding="utf-8") == TEXT


@pytest.mark.parametrize("what", ["propose", "check --contract c.yaml"])
def test_a_table_must_be_named(
    what: str, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(file.parent)
    assert main(["contract", *what.split()]) == 2
    assert "--table" in capsys.readouterr().err
