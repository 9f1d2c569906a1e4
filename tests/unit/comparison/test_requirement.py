"""`accuracy:-0.005,roc_auc` as requirements, and everything that is wrong with it at once."""

from __future__ import annotations

import pytest

from modelwatch.model.comparison.requirement import (
    RequirableMetric,
    Requirement,
    default_requirements,
    parse_requirements,
)
from modelwatch.model.errors import ConfigurationError

KNOWN = {
    "accuracy": RequirableMetric("higher", 1.0),
    "log_loss": RequirableMetric("lower"),
    "latency": RequirableMetric(None),
}


def test_items_are_a_metric_a_margin_and_a_direction() -> None:
    assert parse_requirements(["accuracy:-0.005, log_loss", "latency:-5:lower"], KNOWN) == (
        Requirement("accuracy", -0.005, "higher"),
        Requirement("log_loss", 0.0, "lower"),
        Requirement("latency", -5.0, "lower"),
    )


@pytest.mark.parametrize(
    ("word", "wording"),
    [
        ("acuracy", "no such metric; did you mean 'accuracy'?"),
        ("", "no such metric"),
        ("accuracy:some", "'some' is not a number"),
        ("accuracy:nan", "the margin must be a number between -1 and 1"),
        ("accuracy:-5", "the margin must be a number between -1 and 1"),
        ("accuracy:0.1:0.2", "more than a metric, a margin, and a direction"),
        ("accuracy:lower", "higher is better for accuracy"),
        ("latency:-5", "say which direction is better: latency:-5:higher or :lower"),
    ],
)
def test_what_is_wrong_is_named(word: str, wording: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_requirements([word], KNOWN)
    assert f"{word!r}: {wording}" in str(raised.value)


def test_all_problems_are_reported_at_once_with_the_metrics_that_there_are() -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_requirements(["accuracy,accuracy:0.1,speed", "log_loss:x"], KNOWN)
    text = str(raised.value)
    assert "accuracy is required twice" in text
    assert "'speed': no such metric" in text
    assert "'log_loss:x': 'x' is not a number" in text
    assert "can be required: accuracy, log_loss, latency" in text


def test_without_requirements_the_first_deciding_metric_must_be_better() -> None:
    assert default_requirements(("f1", "accuracy", "log_loss"), KNOWN) == (
        Requirement("accuracy", 0.0, "higher"),
    )
    with pytest.raises(ConfigurationError, match="no metric decides by default: require some of"):
        default_requirements(("f1",), KNOWN)


@pytest.mark.parametrize(
    ("requirement", "sentence"),
    [
        (Requirement("accuracy"), "accuracy is better"),
        (Requirement("accuracy", 0.01), "accuracy is better by more than 0.01"),
        (Requirement("accuracy", -0.005), "accuracy is not worse by more than 0.005"),
        (Requirement("segments", -0.02), "no segment is worse by more than 0.02"),
        (Requirement("fairness"), "no difference between a segment and the others grows"),
    ],
)
def test_a_requirement_has_a_sentence(requirement: Requirement, sentence: str) -> None:
    assert requirement.sentence == sentence
