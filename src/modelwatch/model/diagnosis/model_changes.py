"""Changes of the world and of the model, which are not pipeline faults."""

from __future__ import annotations

from modelwatch.model.diagnosis.change_evidence import Clue, Evidence, change_kind
from modelwatch.model.incidents.metric_labels import inside
from modelwatch.model.performance.value_accounts import UNMAPPED_SHARE
from modelwatch.model.plain_text import counted
from modelwatch.model.quoted_values import code
from modelwatch.stats.diagnosis.change_explanations import moved
from modelwatch.stats.numerals import percentage
from modelwatch.stats.performance.metrics import PERFORMANCE
from modelwatch.stats.states.numeric import NumericStates

OF_LABELS = frozenset({"base_rate", "selection_rate", "calibration_bias", "bias"})
"""Metrics that a different label rate changes although the model is as good as before."""
RANKING = frozenset({"roc_auc", "average_precision", "mcc", "macro_recall", "roc_auc_ovr"})
"""Metrics that a different label rate hardly changes."""
_MODEL = ("performance", "estimate")
_OF_BIAS = 0.6
"""Share of the change of a bias that the mean score must explain."""


@change_kind("population_shift", called="a population shift", check="who or what is scored now")
def _population_shift(evidence: Evidence) -> Clue | None:
    lead = evidence.lead
    if lead.area in _MODEL:
        if not evidence.fails_elsewhere("inputs"):
            return None
        return Clue(0.6, "the inputs moved at the same time")
    if lead.area not in ("data", "source") or lead.role != "inputs":
        return None
    names = {one.subject for one in evidence.incidents if one.area == "data"}
    if not names:
        return None
    score = 0.5 + 0.05 * (len(names) >= 3)
    wording = f"no known fault explains the change of {counted(len(names), 'feature')}"
    if evidence.shape == "ramp":
        return Clue(score + 0.15, f"{wording}; it is gradual")
    for feature in evidence.failing[:1]:
        if isinstance(feature.before, NumericStates) and isinstance(feature.now, NumericStates):
            found = moved(feature.before, feature.now)
            if found.explained >= 0.5:
                way = "up" if found.value > 0 else "down"
                wording = f"{wording}; {code(feature.name)} as a whole moved {way}"
                return Clue(score + 0.2 * found.explained, wording)
    return Clue(score, wording)


@change_kind("concept_shift", called="a concept shift", check="whether to retrain on newer labels")
def _concept_shift(evidence: Evidence) -> Clue | None:
    knowing = sorted(evidence.metrics - OF_LABELS)
    if evidence.lead.area not in _MODEL or not knowing:
        return None
    named = ", ".join(_label(metric) for metric in knowing[:3])
    if evidence.fails_elsewhere("inputs"):
        return Clue(0.45, f"{named} and the inputs changed")
    score = 0.8 if evidence.metrics & RANKING else 0.72
    score -= 0.05 * bool(evidence.metrics & OF_LABELS)
    return Clue(score, f"{named} changed; the inputs did not")


@change_kind(
    "label_rate_shift",
    called="a change of the label rate",
    check="whether the label definition changed",
)
def _label_rate_shift(evidence: Evidence) -> Clue | None:
    rates = sorted(evidence.metrics & OF_LABELS)
    if evidence.lead.area not in _MODEL or not rates:
        return None
    named = ", ".join(_label(metric) for metric in rates[:3])
    if evidence.metrics & RANKING:
        return Clue(0.6, f"{named} and the ranking quality changed")
    score = 0.82 if "base_rate" in rates else 0.65
    return Clue(score, f"{named} changed; the ranking quality did not")


@change_kind("label_delay", called="late labels", check="the label source")
def _label_delay(evidence: Evidence) -> Clue | None:
    lead = evidence.lead
    if lead.area != "labels" or lead.metric == UNMAPPED_SHARE:
        return None
    before = "" if lead.expected is None else f"; {percentage(lead.expected)} arrived before"
    return Clue(0.95, f"due labels are missing{before}")


@change_kind(
    "unmapped_values", called="a new spelling of values", check="the view `unmapped_values`"
)
def _unmapped_values(evidence: Evidence) -> Clue | None:
    if evidence.lead.metric != UNMAPPED_SHARE:
        return None
    return Clue(0.97, "the configuration does not list them")


@change_kind("model_change", called="a model change", check="recent deployments")
def _model_change(evidence: Evidence) -> Clue | None:
    lead, version = evidence.lead, evidence.new_version
    answers = lead.role == "predictions" and lead.area == "data"
    if version is not None and (answers or lead.area in _MODEL):
        return Clue(0.92, f"model version {code(version)} started at that time")
    if evidence.fails_elsewhere("inputs"):
        return None
    if answers:
        return Clue(0.75, "the predictions moved; the inputs did not")
    if lead.area in _MODEL and evidence.fails_elsewhere("predictions"):
        return Clue(0.85, "the predictions moved at the same time; the inputs did not")
    return _scores_moved(evidence)


def _scores_moved(evidence: Evidence) -> Clue | None:
    """Scores that changed by as much as their bias, so the labels did not change."""
    bias = [
        one.value
        for one in evidence.incidents
        if one.area == "performance" and one.subject == "calibration_bias" and one.value
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
                wording = f"{code(feature.name)} and its bias moved by {moved_by:+.3g} on average"
                return Clue(0.84, f"{wording}; the inputs and the label rate did not")
    return None


def _label(metric: str) -> str:
    known = PERFORMANCE.get(metric)
    return inside(known.label) if known else metric
