"""The guessed meaning of a score, and when it is reported."""

from __future__ import annotations

import numpy as np
import pytest

from modelwatch.model.onboarding.score_guess import (
    ScoreFacts,
    guessed_kind,
    kind_reason,
    score_reason,
)


def facts(low: float, high: float, *, fractions: bool = True, **more) -> ScoreFacts:
    return ScoreFacts("s", 1000, low, high, 900 if fractions else 10, fractions, **more)


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (facts(0.0, 1.0), "probability"),
        (facts(0.0, 1.0, fractions=False), "probability"),
        (facts(0.4, 98.7), "percentage"),
        (facts(-7.3, 9.9), "logit"),
        (facts(1.0, 10.0, fractions=False), "rank"),
        (facts(312.5, 844.1), "rank"),
        (facts(-4e4, 3e9), "rank"),
        (facts(-9.5, -0.5), "logit"),
    ],
)
def test_a_kind_is_guessed_from_the_range(found: ScoreFacts, kind: str) -> None:
    assert guessed_kind(found) == kind


def test_init_says_which_scores_are_no_probabilities() -> None:
    assert kind_reason(facts(0.0, 1.0)) is None
    assert kind_reason(ScoreFacts("s", 0, np.nan, np.nan, 0, True)) is None
    wording = kind_reason(facts(1.0, 10.0, fractions=False))
    assert wording is not None
    assert "range is 1 to 10" in wording
    assert "performance.score_kind: rank" in wording


def test_check_says_when_scores_are_not_what_the_configuration_says() -> None:
    assert score_reason([facts(0.0, 1.5, improbable=10)], "probability") == []
    (wording,) = score_reason([facts(-7.0, 9.0, improbable=900)], "probability")
    assert "900 of 1,000 scores are not between 0 and 1" in wording
    assert "performance.score_kind seems to be logit" in wording


def test_check_says_when_class_scores_do_not_add_up() -> None:
    found = [facts(0.0, 1.0, unequal=600)] * 3
    (wording,) = score_reason(found, "probability", multiclass=True)
    assert "600 of 1,000 rows have scores that do not add up to 1" in wording
    assert score_reason([facts(0.0, 1.0, unequal=5)] * 3, "probability", multiclass=True) == []
