"""Changes of a contract are described: looser, tighter, removed, added."""

from __future__ import annotations

import pytest

from modelwatch.model.contracts.diff import clause_changes, review
from modelwatch.model.contracts.reading import parse_contract

OLD = """\
contract: c
version: 1
columns:
  x:
    completeness: 0.9
    range: [0, 10]
    domain: [1, 2]
    sentinels: [-1]
    length: [1, null]
    severity: fail
rows:
  freshness_days: 2
  volume: {monday: [5, 10]}
relations:
  - {name: r, predicate: a < b}
"""


def changes(old: str, new: str) -> list[str]:
    found = clause_changes(parse_contract(OLD), parse_contract(OLD.replace(old, new)))
    return [f"{one.way} {one.place}" for one in found]


@pytest.mark.parametrize(
    ("old", "new", "wording"),
    [
        ("completeness: 0.9", "completeness: 0.8", "loosened columns.x.completeness"),
        ("completeness: 0.9", "completeness: 0.95", "tightened columns.x.completeness"),
        ("[0, 10]", "[0, null]", "loosened columns.x.range"),
        ("[0, 10]", "[1, 9]", "tightened columns.x.range"),
        ("[0, 10]", "[1, 11]", "changed columns.x.range"),
        ("[1, 2]", "[1, 2, 3]", "loosened columns.x.domain"),
        ("[1, 2]", "[1]", "tightened columns.x.domain"),
        ("[1, 2]", "[1, 3]", "changed columns.x.domain"),
        ("    sentinels: [-1]\n", "", "tightened columns.x.sentinels"),
        ("severity: fail", "severity: warn", "loosened columns.x.severity"),
        ("severity: fail", "nullable: false", "tightened columns.x.nullable"),
        ("severity: fail", "type: int", "added columns.x.type"),
        ("    length: [1, null]\n", "", "removed columns.x.length"),
        ("freshness_days: 2", "freshness_days: 3", "loosened rows.freshness_days"),
        ("[5, 10]", "[6, 10]", "tightened rows.volume.monday"),
        ("a < b", "a <= b", "changed relations.r.predicate"),
        ("name: r", "name: s", "removed relations.r"),
    ],
)
def test_a_change_is_reported_by_what_it_lets_through(old: str, new: str, wording: str) -> None:
    if "nullable" in new:
        new, old = "nullable: false\n", "completeness: 0.9\n"
        assert changes(old, new)[1:] == [wording]
    else:
        assert changes(old, new)[0] == wording


def test_what_lets_more_through_comes_first() -> None:
    new = OLD.replace("0.9", "0.95").replace("[5, 10]", "[1, 10]")
    found = clause_changes(parse_contract(OLD), parse_contract(new))
    assert [one.way for one in found] == ["loosened", "tightened"]


def test_a_review_has_the_texts_and_the_words() -> None:
    new = OLD.replace("[0, 10]", "[0, 20]").replace("version: 1", "version: 2")
    wording = review(parse_contract(OLD), parse_contract(new), (OLD, new), ("old.yaml", "new.yaml"))
    assert "-    range: [0, 10]\n+    range: [0, 20]" in wording
    assert "1 loosened:\n  loosened   columns.x.range: [0.0, 10.0] -> [0.0, 20.0]" in wording
    assert "must grow" not in wording


def test_a_change_under_the_same_version_is_reported() -> None:
    new = OLD.replace("[0, 10]", "[0, 20]")
    wording = review(parse_contract(OLD), parse_contract(new), (OLD, new), ("a", "b"))
    assert "version: 1 must grow" in wording


def test_a_comment_is_no_change() -> None:
    new = OLD + "# why\n"
    wording = review(parse_contract(OLD), parse_contract(new), (OLD, new), ("a", "b"))
    assert "The clauses are identical." in wording
