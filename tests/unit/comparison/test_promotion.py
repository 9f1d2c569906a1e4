"""Promote, reject, or undecided: from gains, margins, and conditions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelwatch.model.comparison.promotion import Condition, Gain, Promotion, promotion
from modelwatch.model.comparison.requirement import Requirement
from modelwatch.stats.comparison.confidence_sequence import DayMean

ACCURACY = Requirement("accuracy")


def gain(value: float, sd: float = 0.001, metric: str = "accuracy", **more: object) -> Gain:
    """A gain over sixty days, with an interval of three standard errors to each side."""
    mean = DayMean(value, sd, 0.0, 60)
    found = Gain("performance", metric, "all", "all", 0.8, 0.8 + value, mean, 6000, 1.0)
    return replace(found, **more)  # type: ignore[arg-type]


def decided(*gains: Gain, required: tuple[Requirement, ...] = (ACCURACY,)) -> Promotion:
    return promotion(required, gains, ())


def test_a_gain_whose_interval_is_above_the_margin_is_promoted() -> None:
    found = decided(gain(0.01))
    assert found.answer == "promote"
    assert found.reasons == (found.checks[0].sentence,)
    assert found.checks[0].outcome == "supported"
    assert found.checks[0].lower > 0


@pytest.mark.parametrize(
    ("value", "margin", "answer"),
    [
        (0.01, 0.0, "promote"),
        (0.01, 0.02, "reject"),
        (0.01, 0.009, "undecided"),
        (-0.001, -0.005, "promote"),
        (-0.01, -0.005, "reject"),
        (0.0, 0.0, "undecided"),
    ],
)
def test_a_margin_is_a_gain_to_exceed_or_a_loss_to_tolerate(
    value: float, margin: float, answer: str
) -> None:
    assert decided(gain(value), required=(Requirement("accuracy", margin),)).answer == answer


def test_every_requirement_must_be_supported() -> None:
    both = (ACCURACY, Requirement("f1"))
    assert decided(gain(0.01), gain(0.01, metric="f1"), required=both).answer == "promote"
    assert decided(gain(0.01), gain(0.001, metric="f1"), required=both).answer == "undecided"
    assert decided(gain(0.01), gain(-0.01, metric="f1"), required=both).answer == "reject"


def test_more_requirements_do_not_widen_their_intervals() -> None:
    one = decided(gain(0.01))
    two = decided(gain(0.01), gain(0.01, metric="f1"), required=(ACCURACY, Requirement("f1")))
    assert two.checks[0].lower == one.checks[0].lower


def test_an_open_requirement_says_how_many_days_may_decide_it() -> None:
    found = decided(gain(0.002))
    assert found.answer == "undecided"
    assert found.more_days == found.checks[0].more_days
    assert 0 < (found.more_days or 0) < 200
    assert decided(gain(0.0)).more_days is None


def test_too_few_days_are_undecided_whatever_they_say() -> None:
    few = gain(0.5, mean=DayMean(0.5, 0.001, 0.0, 13))
    found = decided(few)
    assert found.answer == "undecided"
    assert "13 shared days; an interval needs 14" in found.reasons[0]
    assert found.more_days == 1


def test_a_requirement_of_which_nothing_is_known_is_undecided_with_its_reason() -> None:
    unknown = gain(np.nan, np.nan, reason="challenger: no positive label")
    assert "no positive label" in decided(unknown).reasons[0]
    assert decided(unknown).answer == "undecided"
    assert decided(gain(0.01), required=(ACCURACY, Requirement("f1"))).answer == "undecided"


def test_a_guard_prevents_a_promotion_and_supports_none() -> None:
    worse = gain(-0.05, metric="ece", area="calibration")
    rejected = decided(gain(0.01), worse)
    assert rejected.answer == "reject"
    assert "not required" in rejected.reasons[0]
    better = gain(0.05, metric="ece", area="calibration")
    assert decided(gain(0.001), better).answer == "undecided"
    unknown = replace(better, reason="challenger: no score")
    assert decided(gain(0.01), unknown).answer == "promote"


def test_a_guard_tolerates_a_small_loss_of_a_bounded_metric() -> None:
    loss = gain(-0.008, metric="f1")
    assert decided(gain(0.01), loss).answer == "promote"
    assert decided(gain(0.01), replace(loss, largest=np.inf)).answer == "reject"


def test_many_guards_are_corrected_for_their_number() -> None:
    loss = gain(-0.0037, metric="value", largest=np.inf)
    quiet = [gain(0.0, metric=f"m{n}") for n in range(200)]
    assert decided(gain(0.01), loss).answer == "reject"
    assert decided(gain(0.01), loss, *quiet).answer == "promote"


def test_a_requirement_replaces_the_guard_of_its_metric() -> None:
    worse = gain(-0.05, metric="f1")
    accepted = (ACCURACY, Requirement("f1", -0.1))
    assert decided(gain(0.01), worse).answer == "reject"
    assert decided(gain(0.01), worse, required=accepted).answer == "promote"


def test_segments_and_fairness_are_required_of_every_segment() -> None:
    of_segments = [
        gain(-0.03, area="segments", segmentation="country", segment="CH"),
        gain(0.02, area="segments", segmentation="country", segment="DE"),
    ]
    tolerant, strict = Requirement("segments", -0.05), Requirement("segments", -0.02)
    assert decided(gain(0.01), *of_segments).answer == "reject"
    assert decided(gain(0.01), *of_segments, required=(ACCURACY, tolerant)).answer == "promote"
    found = decided(gain(0.01), *of_segments, required=(ACCURACY, strict))
    assert found.answer == "reject"
    assert "country CH" in found.reasons[0]


def test_an_estimate_that_speaks_against_a_challenger_waits_for_labels() -> None:
    found = decided(gain(0.01), gain(-0.05, area="estimate"))
    assert found.answer == "undecided"
    assert "labels will decide" in found.reasons[0]
    assert decided(gain(0.001), gain(0.05, area="estimate")).answer == "undecided"


@pytest.mark.parametrize(
    ("effect", "answer"), [("none", "promote"), ("wait", "undecided"), ("block", "reject")]
)
def test_a_condition_lets_through_waits_or_blocks(effect: str, answer: str) -> None:
    condition = Condition("incidents", effect, "as it is")  # type: ignore[arg-type]
    found = promotion((ACCURACY,), [gain(0.01)], [condition])
    assert found.answer == answer
    assert ("as it is" in found.reasons) == (effect != "none")
    assert found.conditions == (condition,)


def test_a_single_look_has_narrower_intervals_and_both_are_evidence() -> None:
    every = promotion((ACCURACY,), [gain(0.01)], []).checks[0]
    once = promotion((ACCURACY,), [gain(0.01)], [], every_look=False).checks[0]
    assert every.lower < every.fixed_lower == once.lower
    assert every.upper > every.fixed_upper == once.upper
