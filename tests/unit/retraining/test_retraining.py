"""Whether a model is to be trained again, and on what evidence."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from modelwatch.model.incidents.ranking import importances
from modelwatch.model.retraining.decisions import POLICY_RULES, decisions
from modelwatch.model.retraining.evidence import Loss, RetrainingDecision, RetrainingInputs
from modelwatch.model.retraining.policies import POLICIES, Retraining
from modelwatch.stats.attribution.slices import influence

BEGAN = date(2020, 1, 1)
TODAY = date(2020, 12, 31)
LABELLED = {BEGAN + timedelta(days=n): 100 for n in range(300)}


def decided(policy: dict[str, Any], grace_days: int = 7, **known: Any) -> RetrainingDecision:
    retraining = Retraining.model_validate(
        {"policies": ({"name": "p", **policy},), "grace_days": grace_days}
    )
    about = {"as_of": TODAY, "model_version": "v1", "first_day": BEGAN, "labelled": LABELLED}
    (found,) = decisions(retraining, RetrainingInputs(**{**about, **known}))
    return found


def losses(*changes: float, error: float = 0.01, **more: Any) -> list[Loss]:
    """Weeks of accuracy with these changes, each give or take an error."""
    return [
        Loss(
            "accuracy",
            BEGAN + timedelta(days=7 * n),
            BEGAN + timedelta(days=7 * n + 6),
            change,
            change - error,
            change + error,
            **more,
        )
        for n, change in enumerate(changes)
    ]


AGE = {"kind": "age", "days": 365}
PERFORMANCE = {"kind": "performance", "metric": "accuracy", "tolerance": 0.05, "windows": 2}
ESTIMATE = {**PERFORMANCE, "kind": "estimate"}
DRIFT = {"kind": "drift", "importance": 1.5, "share": 0.3}
WEIGHTS = {"amount": 3.0, "shop": 2.0, "colour": 0.5, "shape": 0.5}


def test_every_kind_of_policy_has_a_rule() -> None:
    assert set(POLICY_RULES) == set(POLICIES)


def test_a_model_is_too_old_from_a_day_on() -> None:
    assert decided(AGE).decision == "retrain"
    young = decided(AGE, as_of=TODAY - timedelta(days=1))
    assert (young.decision, young.value, young.bound) == ("wait", 364.0, 365.0)


def test_the_age_of_a_model_that_was_never_seen_to_begin_is_not_known() -> None:
    assert decided(AGE, first_day=None).decision == "not_enough_data"


def test_labels_count_from_the_day_the_version_began() -> None:
    policy = {"kind": "labels", "rows": 10_000}
    assert decided(policy).value == 30_000
    late = decided(policy, first_day=BEGAN + timedelta(days=250))
    assert (late.decision, late.value) == ("wait", 5_000)


def test_a_sure_loss_in_each_of_the_last_windows_asks_for_a_new_model() -> None:
    found = decided(PERFORMANCE, losses=losses(0.0, -0.08, -0.09))
    assert found.decision == "retrain"
    assert (found.value, found.lower, found.upper) == pytest.approx((0.09, 0.08, 0.10))


@pytest.mark.parametrize(
    "changes", [(-0.09, -0.055), (-0.02, -0.09), (0.09, 0.09), (-0.09, -0.09, 0.0)]
)
def test_a_loss_that_is_small_unsure_or_over_does_not(changes: tuple[float, ...]) -> None:
    assert decided(PERFORMANCE, losses=losses(*changes)).decision == "wait"


def test_a_loss_of_an_error_is_a_rise() -> None:
    policy = {**PERFORMANCE, "metric": "brier"}
    rows = [
        Loss("brier", BEGAN, BEGAN, change, change - 0.01, change + 0.01) for change in (0.1,) * 2
    ]
    assert decided(policy, losses=rows).decision == "retrain"
    fallen = [Loss("brier", BEGAN, BEGAN, -0.1, -0.11, -0.09)] * 2
    assert decided(policy, losses=fallen).decision == "wait"


def test_a_loss_without_an_interval_is_not_enough() -> None:
    unknown = [*losses(-0.2), Loss("accuracy", BEGAN, BEGAN, -0.2, None, None)]
    assert decided(PERFORMANCE, losses=unknown).decision == "not_enough_data"
    assert decided(PERFORMANCE).decision == "not_enough_data"


def test_a_believed_loss_counts_where_the_estimate_was_right_before() -> None:
    good = losses(-0.09, -0.09, back_test_error=0.02)
    assert decided(ESTIMATE, estimates=good).decision == "retrain"
    bad = losses(-0.09, -0.09, back_test_error=0.06)
    assert decided(ESTIMATE, estimates=bad).decision == "not_enough_data"
    untested = losses(-0.09, -0.09)
    assert decided(ESTIMATE, estimates=untested).decision == "not_enough_data"


def test_drift_of_features_that_matter_asks_for_a_new_model() -> None:
    found = decided(DRIFT, importance=WEIGHTS, drifted=("amount",))
    assert (found.decision, found.value) == ("retrain", 0.5)
    assert "amount moved" in found.evidence


def test_drift_of_features_that_do_not_matter_never_does() -> None:
    policy = {**DRIFT, "share": 0.0}
    found = decided(policy, importance=WEIGHTS, drifted=("colour", "shape"))
    assert (found.decision, found.value) == ("wait", 0.0)


def test_without_a_feature_that_is_known_to_matter_drift_says_nothing() -> None:
    found = decided(DRIFT, importance={"a": 1.0, "b": 1.0}, drifted=("a", "b"))
    assert found.decision == "not_enough_data"


def test_a_new_version_is_left_in_peace_for_its_cool_down() -> None:
    began = TODAY - timedelta(days=20)
    found = decided(PERFORMANCE, losses=losses(-0.09, -0.09), first_day=began)
    assert (found.decision, found.cool_down_until) == ("cool_down", TODAY + timedelta(days=9))
    assert found.training_first is None


def test_a_policy_does_not_repeat_itself_within_its_cool_down() -> None:
    last_reported = {"p": TODAY - timedelta(days=29)}
    assert decided(AGE, last_reported=last_reported).decision == "cool_down"
    assert decided(AGE, last_reported={"p": TODAY - timedelta(days=30)}).decision == "retrain"
    assert decided(AGE, last_reported={"another": TODAY}).decision == "retrain"


def test_a_grace_longer_than_the_cool_down_counts() -> None:
    began = TODAY - timedelta(days=40)
    found = decided(PERFORMANCE, 60, losses=losses(-0.09, -0.09), first_day=began)
    assert found.decision == "cool_down"


def test_what_asks_for_nothing_waits_in_a_cool_down_too() -> None:
    assert (
        decided(PERFORMANCE, losses=losses(0.0, 0.0), last_reported={"p": TODAY}).decision == "wait"
    )


def test_training_days_are_those_with_labels_without_the_broken_ones() -> None:
    broken = {BEGAN + timedelta(days=200), BEGAN}
    found = decided(AGE, broken_days=broken)
    assert found.training_last == BEGAN + timedelta(days=299)
    assert found.training_first == BEGAN + timedelta(days=120)
    assert found.broken_days == (BEGAN + timedelta(days=200),)


def test_training_days_begin_after_the_last_change_if_they_are_enough() -> None:
    stable = BEGAN + timedelta(days=250)
    assert decided(AGE, stable_from=stable).training_first == stable
    short = decided(AGE, stable_from=BEGAN + timedelta(days=290))
    assert short.training_first == BEGAN + timedelta(days=120)


def test_without_labels_no_days_are_suggested() -> None:
    found = decided(AGE, labelled={})
    assert (found.decision, found.training_first, found.training_last) == ("retrain", None, None)


def test_policies_decide_in_the_order_of_the_configuration() -> None:
    retraining = Retraining.model_validate(
        {"policies": ({"name": "b", **AGE}, {"name": "a", **AGE})}
    )
    found = decisions(retraining, RetrainingInputs(TODAY, "v1", BEGAN))
    assert [one.policy for one in found] == ["b", "a"]


def test_a_feature_by_which_decisions_differ_has_influence() -> None:
    assert influence(np.array([[100, 0], [0, 100]])) == 1.0
    assert influence(np.array([[50, 50], [50, 50]])) == 0.0
    assert influence(np.array([[80, 20], [60, 40]])) == pytest.approx(0.207, abs=0.01)


def test_influence_without_two_decisions_is_undefined() -> None:
    assert np.isnan(influence(np.array([[10, 0], [20, 0]])))
    assert np.isnan(influence(np.array([[0, 0]])))


def test_many_slices_of_few_rows_have_no_influence_by_chance() -> None:
    rng = np.random.default_rng(0)
    positive = rng.binomial(20, 0.3, 100)
    assert influence(np.stack([20 - positive, positive], axis=1)) < 0.15


ROLES = {"amount": "inputs", "shop": "inputs", "colour": "inputs", "score": "predictions"}


def test_importance_is_learned_relative_to_the_mean() -> None:
    found = importances({}, {"amount": 0.6, "shop": 0.3, "colour": 0.0}, ROLES)
    assert found == {"amount": 2.0, "shop": 1.0, "colour": 0.25, "score": 1.0}


def test_importance_that_is_said_counts_as_it_is() -> None:
    found = importances({"SHOP": 9.0, "score": 0.0}, {"amount": 0.5, "shop": 0.5}, ROLES)
    assert (found["shop"], found["score"], found["colour"]) == (9.0, 0.0, 1.0)
