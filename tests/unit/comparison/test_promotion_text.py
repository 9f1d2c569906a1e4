"""A decision for people."""

from __future__ import annotations

from datetime import date

from modelwatch.pipelines.comparison.promotion import promotion_text


def row(**more: object) -> dict[str, object]:
    check = {
        "area": "performance",
        "role": "requirement",
        "metric": "accuracy",
        "segmentation": "all",
        "segment": "all",
        "outcome": "open",
        "gain": 0.002,
        "lower": -0.0012,
        "upper": float("inf"),
        "margin": 0.0,
    }
    quiet = {**check, "role": "guard", "segmentation": "country", "segment": "CH"}
    return {
        "monitor": "payments",
        "challenger": "v2",
        "champion": "v1",
        "decision": "undecided",
        "reasons": ["accuracy: it may be on either side"],
        "more_days": 12,
        "days": 20,
        "first_day": date(2026, 1, 1),
        "last_day": date(2026, 1, 20),
        "champion_rows": 1200,
        "challenger_rows": 1100,
        "as_of": date(2026, 2, 1),
        "requirements": [{"sentence": "accuracy is better"}],
        "checks": [check, quiet, {**quiet, "segment": "DE", "outcome": "refuted"}],
        "conditions": [
            {"area": "rows", "effect": "none", "sentence": "all are there"},
            {"area": "incidents", "effect": "block", "sentence": "one is open"},
        ],
        **more,
    }


def test_the_answer_comes_first_then_its_reasons_and_the_days_that_may_decide() -> None:
    lines = promotion_text(row()).splitlines()
    assert lines[0] == "payments: undecided about v2"
    assert lines[2] == "- accuracy: it may be on either side"
    assert lines[3] == "- about 12 more days decide if the gains stay as they are"
    assert promotion_text(row(decision="reject")).startswith("payments: do not promote v2")


def test_what_is_required_and_what_speaks_against_it_is_shown() -> None:
    text = promotion_text(row())
    assert "20 shared days from 2026-01-01 to 2026-01-20, 1,100 labeled rows of v2" in text
    assert "Required: accuracy is better." in text
    assert "country DE" in text
    assert "country CH" not in text
    assert "and 1 guard in segments that nothing speaks against" in text


def test_conditions_that_are_reasons_are_not_repeated() -> None:
    text = promotion_text(row())
    assert "rows: all are there" in text
    assert "one is open" not in text


def test_many_reasons_are_cut() -> None:
    text = promotion_text(row(reasons=[f"reason {n}" for n in range(30)]))
    assert "- and 18 more reasons (--format json)" in text


def test_no_evidence_is_said_in_few_lines() -> None:
    text = promotion_text(row(checks=[], first_day=None, last_day=None, days=0, more_days=None))
    assert "0 shared days, 1,100 labeled rows" in text
    assert "role" not in text
