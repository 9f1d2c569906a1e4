"""The text of a trace."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timezone

from modelwatch.pipelines.replay.report import trace_json, trace_text
from modelwatch.pipelines.replay.trace import Trace, TracedRows

DAY = date(2013, 2, 5)
RULE = {
    "row": 1,
    "rule": "paid",
    "treatment": "quarantine",
    "holds": False,
    "fate": "quarantined",
    "reason": "paid: not (amount > 0)",
}
TRACE = Trace(
    monitor="shop",
    id=("7", "b"),
    as_of=date(2013, 3, 1),
    day=DAY,
    run_id="run",
    model_version="v1",
    tables=[
        TracedRows("inputs", "some/inputs", 3, [{"amount": 1.5, "at": DAY, "note": None}], [RULE]),
        TracedRows("labels", "some/labels", 9, []),
    ],
    constraints=[
        {"constraint_name": "rows", "verdict": "pass", "observed": 9.0, "reason": None},
        {"constraint_name": "many", "verdict": "fail", "observed": 9.0, "reason": "too few"},
    ],
    incidents=[{"incident_id": "3f2a", "state": "open", "sentence": "Amount\nis empty."}],
    notes=["version 3 is missing"],
)


def test_every_part_of_it_is_reported() -> None:
    lines = trace_text(TRACE).splitlines()
    assert lines[0] == "Prediction 7 b of shop, as of 2013-03-01"
    assert "Inputs: some/inputs at version 3, 1 row" in lines
    assert "  amount  1.5" in lines
    assert "  rules: 1 judged it, 1 failed; quarantined" in lines
    assert "    quarantine: paid: not (amount > 0)" in lines
    assert "Labels: some/labels at version 9, 0 rows" in lines
    assert "Constraints and contracts of its day: 1 fail, 1 pass" in lines
    assert "  fail: many, observed 9: too few" in lines
    assert "  3f2a (open): Amount is empty." in lines
    assert "Note: version 3 is missing" in lines


def test_a_row_never_breaks_out_of_its_line() -> None:
    row = {"a\nb": "x\x1b[2J\ny" + "z" * 500}
    found = replace(TRACE, tables=[TracedRows("inputs", "some/inputs", 3, [row])])
    text = trace_text(found)
    assert "\x1b" not in text
    assert "a b  x [2J y" in text
    assert max(map(len, text.splitlines())) < 300


def test_json_has_everything_in_types_of_its_own() -> None:
    moment = datetime(2013, 2, 5, 12, tzinfo=timezone.utc)
    row = {"at": moment, "raw": b"x", "many": [DAY], "none": None, "share": 0.5}
    found = replace(TRACE, tables=[TracedRows("inputs", "some/inputs", 3, [row])])
    assert json.loads(trace_json(found))["tables"][0]["rows"][0] == {
        "at": "2013-02-05T12:00:00+00:00",
        "raw": "b'x'",
        "many": ["2013-02-05"],
        "none": None,
        "share": 0.5,
    }
