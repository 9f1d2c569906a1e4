"""Recognize the meaning of a column by its name, in common spellings."""

from __future__ import annotations

import re

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BETWEEN = re.compile(r"[^0-9a-z]+")

_ID = re.compile(r"(^|_)(id|ids|uuid|guid|key|identifier|pk)$|^(row|record|case|order)_?(no|nr)$")
_INDEX = re.compile(r"^__index_level_\d+__$")
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
_PERCENTAGE = re.compile(r"(^|_)(pct|perc|percent|percentage)(_|$)")
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
_LABEL_DUE = re.compile(
    r"(^|_)(labels?|truth|outcome|target)_(is_|was_)?(due|expected)(_|$)|(^|_)due_(label|outcome)(_|$)"
)
_LOWER = re.compile(r"(^|_)(lower|low|lo|lwr|min|p0?5|p10|q0?5|q10|lcl)($|_)")
_UPPER = re.compile(r"(^|_)(upper|up|high|hi|upr|max|p90|p95|q90|q95|ucl)($|_)")
_CODE = re.compile(
    r"(^|_)(codes?|zip(_?code)?|post(al)?_?code|plz|category|cat|class|type|kind|weekday|dow|month"
    r"|hour|agents?|agency|company|branch|shop|store|station|terminal|merchant|mcc|vendor|supplier"
    r"|carrier|region|district|sector|industry|product|sku|device|channel|campaign|no|nr|number|id)$"
)
_SURE_CODE = re.compile(r"(^|_)(codes?|zip(_?code)?|post(al)?_?code|plz|mcc|sku|id)$")
_COUNT = re.compile(
    r"(^|_)(n|num|nb|count|counts|cnt|total|sum|number_of|days?|minutes?|hours|amount|age|size"
    r"|length|quantity|qty)(_|$)"
)
_SEGMENT = re.compile(
    r"(^|_)(country|region|market|channel|site|segment|platform|device|product|brand|plan|tier"
    r"|store|branch|origin|source|gender|sex|language|category)($|_)"
)


def plain_name(name: str) -> str:
    """Return a name in snake case: ``eventTime`` and ``Event-Time`` become ``event_time``."""
    return _BETWEEN.sub("_", _HUMP.sub("_", name).lower()).strip("_")


def is_id_name(name: str) -> bool:
    """Return whether the name is that of an identifier."""
    return _ID.search(plain_name(name)) is not None


def is_index_name(name: str) -> bool:
    """Return whether a column is the index of a pandas frame, which numbers its rows."""
    return _INDEX.search(name) is not None


def is_version_name(name: str) -> bool:
    """Return whether the name is that of the model version."""
    return _VERSION.search(plain_name(name)) is not None


def is_score_name(name: str) -> bool:
    """Return whether the name is that of a number computed by a model."""
    return _SCORE.search(plain_name(name)) is not None


def is_weak_score_name(name: str) -> bool:
    """Return whether the name of a prediction column may be that of a score; for inputs, a
    feature."""
    return _WEAK_SCORE.search(plain_name(name)) is not None


def is_probability_name(name: str) -> bool:
    """Return whether the name of a score is that of a class rather than a predicted value."""
    return _PROBABILITY.search(plain_name(name)) is not None


def is_percentage_name(name: str) -> bool:
    """Return whether the name of a number says that it is a percentage."""
    return "%" in name or _PERCENTAGE.search(plain_name(name)) is not None


def is_decision_name(name: str) -> bool:
    """Return whether the name is that of a decision or a predicted class."""
    return _DECISION.search(plain_name(name)) is not None


def is_answer_name(name: str) -> bool:
    """Return whether the name clearly belongs to a model's output."""
    return _ANSWER.search(plain_name(name)) is not None


def is_truth_name(name: str) -> bool:
    """Return whether the name of a column identifies it as a label."""
    return _TRUTH.search(plain_name(name)) is not None and not is_answer_name(name)


def is_label_name(name: str) -> bool:
    """Return whether the name of a column in a label table is that of the label."""
    return _LABEL.search(plain_name(name)) is not None


def is_known_name(name: str) -> bool:
    """Return whether the name of a date is that of a label's arrival."""
    return _KNOWN.search(plain_name(name)) is not None


def is_due_name(name: str) -> bool:
    """Return whether the name of a date is that of an end or a due date."""
    return _DUE.search(plain_name(name)) is not None


def is_label_due_name(name: str) -> bool:
    """Whether a date, by its name, says when the label of its row is due."""
    return _LABEL_DUE.search(plain_name(name)) is not None


def is_lower_end_name(name: str) -> bool:
    """Return whether the name of a score is that of an interval's lower bound."""
    return _LOWER.search(plain_name(name)) is not None


def is_upper_end_name(name: str) -> bool:
    """Return whether the name of a score is that of an interval's upper bound."""
    return _UPPER.search(plain_name(name)) is not None


def is_code_name(name: str) -> bool:
    """Return whether the name of a number is that of a code rather than a quantity."""
    plain = plain_name(name)
    return _CODE.search(plain) is not None and _COUNT.search(plain) is None


def is_sure_code_name(name: str) -> bool:
    """Return whether the name of a number is never that of a quantity, such as a zip code."""
    return _SURE_CODE.search(plain_name(name)) is not None


def is_segment_name(name: str) -> bool:
    """Return whether the name of a category is one that results are commonly split by."""
    return _SEGMENT.search(plain_name(name)) is not None
