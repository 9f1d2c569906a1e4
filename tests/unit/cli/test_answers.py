"""Rows as an answer: a table, JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
import math
from datetime import date, datetime, timezone
from decimal import Decimal

from modelwatch.cli.answers import Form, answer_text

COLUMNS = ("day", "value", "note")
ROWS = [
    (date(2026, 1, 2), 0.25, 'says "no", twice\nor more'),
    (None, math.nan, None),
    (date(2026, 1, 3), -math.inf, "é"),
]


def test_json_has_iso_dates_and_null_for_numbers_that_it_lacks() -> None:
    assert json.loads(answer_text(COLUMNS, ROWS, Form.JSON)) == [
        {"day": "2026-01-02", "value": 0.25, "note": 'says "no", twice\nor more'},
        {"day": None, "value": None, "note": None},
        {"day": "2026-01-03", "value": None, "note": "é"},
    ]


def test_json_keeps_nested_values_and_exact_numbers() -> None:
    moment = datetime(2026, 1, 2, 3, tzinfo=timezone.utc)
    row = ([1, {"a": moment}], Decimal("0.10"), b"\x01\xff")
    (read,) = json.loads(answer_text(("list", "decimal", "bytes"), [row], Form.JSON))
    assert read["list"] == [1, {"a": "2026-01-02T03:00:00+00:00"}]
    assert (read["decimal"], read["bytes"]) == ("0.10", "01ff")


def test_csv_has_a_header_and_reads_back() -> None:
    read = list(csv.reader(io.StringIO(answer_text(COLUMNS, ROWS, Form.CSV))))
    assert read[0] == list(COLUMNS)
    assert read[1] == ["2026-01-02", "0.25", 'says "no", twice\nor more']
    assert read[2][0] == read[2][2] == ""


def test_no_rows_are_an_empty_array_and_a_header() -> None:
    assert json.loads(answer_text(COLUMNS, [], Form.JSON)) == []
    assert answer_text(COLUMNS, [], Form.CSV) == "day,value,note\n"


def test_a_table_is_for_people() -> None:
    lines = answer_text(COLUMNS[:2], [row[:2] for row in ROWS[:1]], Form.TABLE).splitlines()
    assert lines[0].split() == ["day", "value"]
    assert lines[2].split() == ["2026-01-02", "0.25"]
