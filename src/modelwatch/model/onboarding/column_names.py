"""What the name of a column says that it holds, in the spellings that are in common use."""

from __future__ import annotations

import re

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BETWEEN = re.compile(r"[^0-9a-z]+")

_ID = re.compile(r"(^|_)(id|ids|uuid|guid|key|identifier|pk)$|^(row|record|case|order)_?(no|nr)$")
_VERSION = re.compile(
    r"^(model_?)?(version|ver|model|model_id|model_name|model_tag)$|model_version|model_ver$"
)
_SCORE = re.compile(
    r"(^|_)(scores?|scored|probs?|probas?|probability|probabilities|propensity|logits?|preds?"
    r"|predictions?|predicted|forecasts?|y_?(hat|pred)|yhat|ypred|p_?hat)($|_)"
)
_WEAK_SCORE = re.compile(
    r"(^|_)(likelihood|risk|confidence|estimates?|estimated|fitted|margin|rating|rank|points)($|_)"
)
_PROBABILITY = re.compile(r"(^|_)(probs?|probas?|probability|probabilities|scores?|p)(_|$)")
_DECISION = re.compile(
    r"(^|_)(decisions?|decided|action|class|label|outcome|verdict|predicted|predictions?|preds?"
    r"|y_?(hat|pred)|yhat|ypred|approved|accepted|rejected|flag(ged)?|alert(ed)?|referred)($|_)"
)
_ANSWER = re.compile(r"(^|_)(pred|preds|predicted|prediction|y_?hat|y_?pred|yhat|ypred|model)($|_)")
_TRUTH = re.compile(
    r"(^|_)(y_?true|ytrue|ground_?truth|truth|actuals?|true_(label|class|value|outcome)|target"
    r"|gold|observed_(label|class|value|outcome)|real_(label|class|value|outcome))($|_)"
)
_LABEL = re.compile(
    r"^(label|labels|class|outcome|result|response|y|value|is_[a-z0-9_]+|has_[a-z0-9_]+"
    r"|churned|defaulted|converted|cancell?ed|fraud|late)$"
)
_KNOWN = re.compile(
    r"(^|_)(known|label(l?ed)?|observed|outcome|result|resolved|confirmed|settled|closed|reported"
    r"|available|feedback|arrived|received|updated|truth)(_|$)"
)
_DUE = re.compile(r"(^|_)(due|deadline|end|ends|checkout|maturity|expires?|expiry|until)(_|$)")
_LOWER = re.compile(r"(^|_)(lower|low|lo|lwr|min|p0?5|p10|q0?5|q10|lcl)($|_)")
_UPPER = re.compile(r"(^|_)(upper|up|high|hi|upr|max|p90|p95|q90|q95|ucl)($|_)")
_CODE = re.compile(
    r"(^|_)(codes?|zip(_?code)?|post(al)?_?code|plz|category|cat|class|type|kind|weekday|dow|month"
    r"|hour|agents?|agency|company|branch|shop|store|station|terminal|merchant|mcc|vendor|supplier"
    r"|carrier|region|district|sector|industry|product|sku|device|channel|campaign|no|nr|number|id)$"
)
_COUNT = re.compile(
    r"(^|_)(n|num|nb|count|counts|cnt|total|sum|number_of|days?|minutes?|hours|amount|age|size"
    r"|length|quantity|qty)(_|$)"
)
_SEGMENT = re.compile(
    r"(^|_)(country|region|market|channel|site|segment|platform|device|product|brand|plan|tier"
    r"|store|branch|origin|source|gender|sex|language|category)($|_)"
)


def plain_name(name: str) -> str:
    """A name in lower case with underscores: ``eventTime``, ``Event-Time`` are ``event_time``."""
    return _BETWEEN.sub("_", _HUMP.sub("_", name).lower()).strip("_")


def is_id_name(name: str) -> bool:
    """Whether a column, by its name, identifies something."""
    return _ID.search(plain_name(name)) is not None


def is_version_name(name: str) -> bool:
    """Whether a column, by its name, tells which model made a prediction."""
    return _VERSION.search(plain_name(name)) is not None


def is_score_name(name: str) -> bool:
    """Whether a column, by its name, is a number that a model computed."""
    return _SCORE.search(plain_name(name)) is not None


def is_weak_score_name(name: str) -> bool:
    """Whether a column of predictions, by its name, may be a score; of inputs it is a feature."""
    return _WEAK_SCORE.search(plain_name(name)) is not None


def is_probability_name(name: str) -> bool:
    """Whether a score, by its name, is that of a class rather than a predicted value."""
    return _PROBABILITY.search(plain_name(name)) is not None


def is_decision_name(name: str) -> bool:
    """Whether a column, by its name, holds what was decided, or a predicted class."""
    return _DECISION.search(plain_name(name)) is not None


def is_answer_name(name: str) -> bool:
    """Whether a column, by its name, surely comes from a model."""
    return _ANSWER.search(plain_name(name)) is not None


def is_truth_name(name: str) -> bool:
    """Whether the name of a column identifies it as a label."""
    return _TRUTH.search(plain_name(name)) is not None and not is_answer_name(name)


def is_label_name(name: str) -> bool:
    """Whether a column of labels, by its name, is the label."""
    return _LABEL.search(plain_name(name)) is not None


def is_known_name(name: str) -> bool:
    """Whether a date, by its name, says when a label became known."""
    return _KNOWN.search(plain_name(name)) is not None


def is_due_name(name: str) -> bool:
    """Whether a date, by its name, says when something ends or is due."""
    return _DUE.search(plain_name(name)) is not None


def is_lower_end_name(name: str) -> bool:
    """Whether a score, by its name, is the lower end of an interval."""
    return _LOWER.search(plain_name(name)) is not None


def is_upper_end_name(name: str) -> bool:
    """Whether a score, by its name, is the upper end of an interval."""
    return _UPPER.search(plain_name(name)) is not None


def is_code_name(name: str) -> bool:
    """Whether a number, by its name, stands for a thing rather than a quantity."""
    plain = plain_name(name)
    return _CODE.search(plain) is not None and _COUNT.search(plain) is None


def is_segment_name(name: str) -> bool:
    """Whether a category, by its name, is one by which people look at results."""
    return _SEGMENT.search(plain_name(name)) is not None
