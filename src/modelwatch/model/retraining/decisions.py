"""Retraining decisions: the decision of each policy, with its evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from modelwatch.model.days import shifted
from modelwatch.model.plain_text import counted
from modelwatch.model.retraining.evidence import (
    Loss,
    PolicyResult,
    RetrainingDecision,
    RetrainingInputs,
)
from modelwatch.model.retraining.policies import (
    ByAge,
    ByDrift,
    ByEstimate,
    ByLabels,
    ByPerformance,
    Policy,
    Retraining,
)
from modelwatch.stats.performance.metrics import PERFORMANCE

PolicyRule = Callable[[Any, RetrainingInputs], PolicyResult]
POLICY_RULES: dict[str, PolicyRule] = {}
"""The rule of every kind of policy."""
TRAINING_DAYS = 180
"""Number of suggested training days if no change limits them."""
FEWEST_TRAINING_DAYS = 28
"""Minimum number of days of a stretch without a change that is suggested for training."""


def _rule(kind: str) -> Callable[[PolicyRule], PolicyRule]:
    def register(rule: PolicyRule) -> PolicyRule:
        POLICY_RULES[kind] = rule
        return rule

    return register


def decisions(
    retraining: Retraining, situation: RetrainingInputs
) -> tuple[RetrainingDecision, ...]:
    """The decision of each policy, in the order of the configuration."""
    return tuple(
        _decided(policy, retraining.grace_days, situation) for policy in retraining.policies
    )


def _decided(policy: Policy, grace_days: int, situation: RetrainingInputs) -> RetrainingDecision:
    asked = POLICY_RULES[policy.kind](policy, situation)
    until = _quiet_until(policy, grace_days, situation)
    decision, evidence = asked.decision, asked.evidence
    if decision == "retrain" and until is not None:
        decision = "cool_down"
        evidence = f"{evidence}; not before {until + timedelta(days=1)}"
    first, last = _training_days(situation) if decision == "retrain" else (None, None)
    broken: tuple[date, ...] = ()
    if first is not None and last is not None:
        broken = tuple(day for day in sorted(situation.broken_days) if first <= day <= last)
    return RetrainingDecision(
        as_of=situation.as_of,
        model_version=situation.model_version,
        policy=policy.name,
        kind=policy.kind,
        decision=decision,
        value=asked.value,
        lower=asked.lower,
        upper=asked.upper,
        bound=asked.bound,
        evidence=evidence,
        cool_down_until=until,
        training_first=first,
        training_last=last,
        broken_days=broken,
    )


def _quiet_until(policy: Policy, grace_days: int, situation: RetrainingInputs) -> date | None:
    """The last day of the policy's cool-down, or of the grace period of a new version; None
    outside."""
    ends = []
    if situation.first_day is not None:
        days = max(policy.cool_down_days, grace_days)
        # A policy based on age uses the age of the version, so it needs no cool-down of its own.
        days = grace_days if policy.kind == "age" else days
        ends.append(shifted(situation.first_day, days))
    if policy.name in situation.last_reported:
        ends.append(shifted(situation.last_reported[policy.name], policy.cool_down_days))
    last = max(ends, default=date.min)
    return shifted(last, -1) if last > situation.as_of else None


def _training_days(situation: RetrainingInputs) -> tuple[date | None, date | None]:
    """The days with labels since the last change, at most half a year."""
    labelled = [day for day, rows in situation.labelled.items() if rows > 0]
    if not labelled:
        return None, None
    last = max(labelled)
    first = last - timedelta(days=TRAINING_DAYS - 1)
    stable = situation.stable_from
    if stable is not None and (last - stable).days + 1 >= FEWEST_TRAINING_DAYS:
        first = stable
    return max(first, min(labelled)), last


@_rule("age")
def _by_age(policy: ByAge, situation: RetrainingInputs) -> PolicyResult:
    if situation.first_day is None:
        return PolicyResult("not_enough_data", "the first day of the model version is unknown")
    age = (situation.as_of - situation.first_day).days
    decision: Any = "retrain" if age >= policy.days else "wait"
    wording = f"model version {situation.model_version} is {counted(age, 'day')} old"
    return PolicyResult(decision, wording, value=float(age), bound=float(policy.days))


@_rule("labels")
def _by_labels(policy: ByLabels, situation: RetrainingInputs) -> PolicyResult:
    first = situation.first_day or date.min
    rows = sum(rows for day, rows in situation.labelled.items() if day >= first)
    decision: Any = "retrain" if rows >= policy.rows else "wait"
    wording = f"{rows:,} labeled rows since the model version began"
    return PolicyResult(decision, wording, value=float(rows), bound=float(policy.rows))


@_rule("performance")
def _by_performance(policy: ByPerformance, situation: RetrainingInputs) -> PolicyResult:
    return _lost(policy, situation.losses, "lost")


@_rule("estimate")
def _by_estimate(policy: ByEstimate, situation: RetrainingInputs) -> PolicyResult:
    last = [one for one in situation.estimates if one.metric == policy.metric][-policy.windows :]
    for one in last:
        if one.back_test_error is None:
            return PolicyResult(
                "not_enough_data", f"the estimate of {policy.metric} has no back-test"
            )
        if one.back_test_error > policy.tolerance:
            wording = f"the estimate of {policy.metric} was wrong by {one.back_test_error:.3g}"
            return PolicyResult(
                "not_enough_data", f"{wording} in its back-test, more than the tolerance"
            )
    return _lost(policy, situation.estimates, "is estimated to have lost")


def _lost(policy: ByPerformance | ByEstimate, losses: Sequence[Loss], verb: str) -> PolicyResult:
    """Whether all of the last windows lost more than tolerated, with certainty."""
    last = [one for one in losses if one.metric == policy.metric][-policy.windows :]
    known = [one for one in last if None not in (one.change, one.lower, one.upper)]
    if len(known) < policy.windows:
        wording = f"{policy.metric} has a value with an interval in {len(known)} of the last"
        return PolicyResult(
            "not_enough_data",
            f"{wording} {counted(policy.windows, 'window')}",
            bound=policy.tolerance,
        )
    higher = PERFORMANCE[policy.metric].better == "higher"
    found = [_loss(one, higher) for one in known]
    sure = [low > policy.tolerance for low, _, _ in found]
    least, value, most = found[-1]
    first, end = known[0].window_start, known[-1].window_end
    wording = f"{policy.metric} {verb} {value:.3g} ({least:.3g} to {most:.3g}) in the last window"
    if all(sure):
        wording += (
            f", with 95% confidence more than {policy.tolerance:g} in all from {first} to {end}"
        )
    else:
        wording += (
            f", with 95% confidence more than {policy.tolerance:g} in {sum(sure)} of {len(sure)}"
        )
    decision: Any = "retrain" if all(sure) else "wait"
    return PolicyResult(decision, wording, value, least, most, policy.tolerance)


def _loss(one: Loss, higher: bool) -> tuple[float, float, float]:
    """The loss of a window and the ends of its interval; above 0 is worse."""
    low, change, high = float(one.lower or 0.0), float(one.change or 0.0), float(one.upper or 0.0)
    return (-high, -change, -low) if higher else (low, change, high)


@_rule("drift")
def _by_drift(policy: ByDrift, situation: RetrainingInputs) -> PolicyResult:
    counting = {
        name: weight for name, weight in situation.importance.items() if weight >= policy.importance
    }
    if not counting:
        wording = f"no feature has a known importance of {policy.importance:g} or more"
        return PolicyResult("not_enough_data", wording, bound=policy.share)
    moved = sorted(set(situation.drifted) & set(counting))
    share = sum(counting[name] for name in moved) / sum(situation.importance.values())
    wording = f"{', '.join(moved)} moved" if moved else "no important feature has drifted"
    wording = f"{wording}: {share:.0%} of the importance of all features"
    decision: Any = "retrain" if moved and share >= policy.share else "wait"
    return PolicyResult(decision, wording, value=share, bound=policy.share)
