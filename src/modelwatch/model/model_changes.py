"""Changes of the world and of the model: what is no fault of a pipeline."""

from __future__ import annotations

from modelwatch.model.change_evidence import Clue, Evidence, change_kind
from modelwatch.model.value_account import UNMAPPED_SHARE
from modelwatch.stats.mixtures import moved
from modelwatch.stats.numeric import NumericStates
from modelwatch.stats.performance import PERFORMANCE

OF_LABELS = frozenset({"base_rate", "selection_rate", "calibration_bias", "bias"})
"""Metrics that another rate of labels moves, without the model knowing less."""
RANKING = frozenset({"roc_auc", "average_precision", "mcc", "macro_recall", "roc_auc_ovr"})
"""Metrics that another rate of labels moves little."""
_MODEL = ("performance", "estimate")
_OF_BIAS = 0.6
"""Part of the change of a bias that the mean score must account for."""


@change_kind("population_shift")
def _population_shift(evidence: Evidence) -> Clue | None:
    lead = evidence.lead
    if lead.family in _MODEL:
        if not evidence.fails_elsewhere("inputs"):
            return None
        return Clue(0.6, "the inputs have moved at the same time")
    if lead.family not in ("data", "source") or lead.role != "inputs":
        return None
    names = {one.subject for one in evidence.incidents if one.family == "data"}
    if not names:
        return None
    score = 0.5 + 0.05 * (len(names) >= 3)
    told = f"{len(names)} feature{'s have' if len(names) > 1 else ' has'} moved"
    told += ", and no fault explains it"
    if evidence.shape == "ramp":
        return Clue(score + 0.15, f"{told}; it came gradually")
    for feature in evidence.failing[:1]:
        if isinstance(feature.before, NumericStates) and isinstance(feature.now, NumericStates):
            found = moved(feature.before, feature.now)
            if found.explained >= 0.5:
                way = "up" if found.value > 0 else "down"
                told = f"{told}; {feature.name} as a whole moved {way}"
                return Clue(score + 0.2 * found.explained, told)
    return Clue(score, told)


@change_kind("concept_shift")
def _concept_shift(evidence: Evidence) -> Clue | None:
    knowing = sorted(evidence.metrics - OF_LABELS)
    if evidence.lead.family not in _MODEL or not knowing:
        return None
    named = ", ".join(_label(metric) for metric in knowing[:3])
    if evidence.fails_elsewhere("inputs"):
        return Clue(0.45, f"{named} changed, and so did the inputs")
    score = 0.8 if evidence.metrics & RANKING else 0.72
    score -= 0.05 * bool(evidence.metrics & OF_LABELS)
    return Clue(score, f"{named} changed, and the inputs did not")


@change_kind("label_rate_shift")
def _label_rate_shift(evidence: Evidence) -> Clue | None:
    rates = sorted(evidence.metrics & OF_LABELS)
    if evidence.lead.family not in _MODEL or not rates:
        return None
    named = ", ".join(_label(metric) for metric in rates)
    if evidence.metrics & RANKING:
        return Clue(0.6, f"{named} changed, and so did how well the model ranks")
    score = 0.82 if "base_rate" in rates else 0.65
    return Clue(score, f"{named} changed, and how well the model ranks did not")


@change_kind("label_delay")
def _label_delay(evidence: Evidence) -> Clue | None:
    lead = evidence.lead
    if lead.family != "labels" or lead.figure == UNMAPPED_SHARE:
        return None
    expected = "" if lead.expected is None else f", {abs(lead.expected):.0%} came before"
    return Clue(0.95, f"labels that are due have not come{expected}")


@change_kind("unmapped_values")
def _unmapped_values(evidence: Evidence) -> Clue | None:
    if evidence.lead.figure != UNMAPPED_SHARE:
        return None
    return Clue(0.97, "the configuration does not name them")


@change_kind("model_change")
def _model_change(evidence: Evidence) -> Clue | None:
    lead, version = evidence.lead, evidence.new_version
    answers = lead.role == "predictions" and lead.family == "data"
    if version is not None and (answers or lead.family in _MODEL):
        return Clue(0.92, f"model version {version} began to answer at that time")
    if evidence.fails_elsewhere("inputs"):
        return None
    if answers:
        return Clue(0.75, "what the model answers moved, and what it was given did not")
    if lead.family in _MODEL and evidence.fails_elsewhere("predictions"):
        return Clue(0.85, "what the model answers moved at the same time, and its inputs did not")
    return _scores_moved(evidence)


def _scores_moved(evidence: Evidence) -> Clue | None:
    """Scores that moved by as much as their bias: then it is not the labels that did."""
    bias = [
        one.value
        for one in evidence.incidents
        if one.family == "performance" and one.subject == "calibration_bias" and one.value
    ]
    if not bias or "base_rate" in evidence.metrics:
        return None
    for feature in evidence.features:
        before, now = feature.before, feature.now
        if feature.role != "predictions" or not isinstance(before, NumericStates):
            continue
        if isinstance(now, NumericStates):
            moved_by = float(now.moments.mean[0] - before.moments.mean[0])
            if moved_by / bias[0] >= _OF_BIAS:
                told = f"{feature.name} moved by {moved_by:+.3g} on average, its bias by as much"
                return Clue(0.84, f"{told}, and neither the inputs nor the rate of labels did")
    return None


def _label(metric: str) -> str:
    known = PERFORMANCE.get(metric)
    return known.label.lower() if known else metric
