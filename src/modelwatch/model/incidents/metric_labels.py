"""The change of an incident in words: its subject, the size of the change, and its location."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from modelwatch.model.diagnosis.onset import day_words
from modelwatch.model.incidents.incident import MANY_FEATURES, Incident
from modelwatch.model.performance.value_accounts import UNMAPPED_SHARE
from modelwatch.model.plain_text import named
from modelwatch.model.planning.outside_windows import OUTSIDE_BRIEFLY
from modelwatch.model.quoted_values import code, code_equal, distinguishable_value
from modelwatch.stats.drift import statistics  # noqa: F401 (registers the statistics)
from modelwatch.stats.drift.statistic import STATISTICS, require_for_thresholds
from modelwatch.stats.numerals import brief, briefs, percentage, percentage_points
from modelwatch.stats.performance.metrics import PERFORMANCE
from modelwatch.stats.profile.metrics import METRICS
from modelwatch.stats.states.batch import NULL_SEGMENT, OTHER_SEGMENT

_PROPER = frozenset(
    ("Brier", "Cramer's", "F1", "Hellinger", "Jensen-Shannon", "Kolmogorov-Smirnov", "L-infinity")
) | {"Matthews", "PCA", "Pearson's", "R", "ROC", "Wasserstein-1"}
"""First words of labels that stay capitalized inside a sentence."""
_LARGEST_EXPONENT = 700.0


def subject_words(incident: Incident) -> str:
    """What fails and where, as a heading: a feature, a metric, a constraint, or a table."""
    what = subject_of_all(incident)
    return what if incident.of_all_traffic else f"{what} in {segment_words(incident)}"


def segment_words(incident: Incident) -> str:
    """The segment of an incident: the segmentation and its value."""
    return f"{named(incident.segmentation)} = {_segment_value(incident.segment)}"


def _segment_value(segment: str) -> str:
    codes = {NULL_SEGMENT: "null", OTHER_SEGMENT: "rare values"}
    return codes.get(segment) or named(distinguishable_value(segment))


def subject_of_all(incident: Incident) -> str:
    """What fails, without its segment, as a heading."""
    name = named(incident.subject)
    if incident.area == "data" or incident.metric == UNMAPPED_SHARE:
        return name if incident.role == "inputs" else f"{name} ({incident.role})"
    if incident.area in ("source", "labels"):
        return f"table {incident.role}"
    if incident.area == "constraint":
        return f"constraint {name!r}"
    metric = PERFORMANCE.get(incident.subject)
    label = name if metric is None else metric.label
    return f"estimated {inside(label)}" if incident.area == "estimate" else label


def inside(label: str) -> str:
    """A label in the middle of a sentence."""
    return label if label.split(" ", 1)[0] in _PROPER else label[:1].lower() + label[1:]


def where_words(incident: Incident) -> str:
    """The segment of an incident and the value of another column that carries its change; '' for
    all rows."""
    where = "" if incident.of_all_traffic else _for(incident.segmentation, incident.segment)
    if incident.carrier_column is None or incident.carrier_value is None:
        return f" for {where}" if where else ""
    carrier = _for(incident.carrier_column, incident.carrier_value)
    return f" for {where} where {carrier}" if where else f" for {carrier}"


def _for(column: str, value: str) -> str:
    if value == OTHER_SEGMENT:
        return f"rare values of {code(column)}"
    return f"{code(column)[:-1]} = null`" if value == NULL_SEGMENT else code_equal(column, value)


def change_words(incident: Incident, fallen: str | None = None) -> str:
    """What changed and by how much: the subject, a verb, and the largest effect.

    ``fallen``: the value that lost rows, in quotes, if it is known.
    """
    value, metric = incident.value, incident.metric
    profiled = incident.area == "data" and metric in METRICS
    words = None if profiled else _WORDS.get(metric)
    if incident.area == "constraint":
        observed = "" if value is None else f" (observed {_observed(value)})"
        return f"Constraint {code(incident.subject)} fails{observed}"
    if fallen is not None and value is not None and metric == "value_share_fall":
        return _fall(incident, value, fallen)
    if words is not None and (value is not None or metric == "missing_day"):
        return words(incident, value or 0.0)
    if incident.area in ("performance", "estimate") and value is not None:
        return _performance(incident, value)
    if profiled and value is not None:
        expected = "" if incident.expected is None else f" ({brief(incident.expected)} expected)"
        return (
            f"The {inside(METRICS[metric].label)} of {_name(incident)} is {brief(value)}{expected}"
        )
    return _drifted(incident, value)


def _observed(value: float) -> str:
    return briefs((value, float(round(value)) if math.isfinite(value) else value))[0]


def _name(incident: Incident) -> str:
    """A column in backquotes, with its table unless that is the inputs."""
    table = "" if incident.role == "inputs" else f" ({incident.role})"
    return f"{code(incident.subject)}{table}"


def _table(incident: Incident) -> str:
    return f"Table {code(incident.role)}"


def _reference(incident: Incident) -> str:
    return "before" if incident.reference is None else f"in reference {code(incident.reference)}"


def _drifted(incident: Incident, value: float | None) -> str:
    known = STATISTICS.get(incident.metric)
    label = inside(known.label) if known else code(incident.metric)
    size = "" if value is None else f" {brief(value)}"
    return f"{_name(incident)} differs{_from(incident)} ({label}{size})"


def _from(incident: Incident) -> str:
    return "" if incident.reference is None else f" from reference {code(incident.reference)}"


def _share(what: str) -> Callable[[Incident, float], str]:
    def words(incident: Incident, value: float) -> str:
        size = f"{percentage_points(value)} percentage points {'more' if value > 0 else 'fewer'}"
        return f"{_name(incident)} has {size} {what} than {_reference(incident)}"

    return words


def _mean(incident: Incident, value: float) -> str:
    way = "higher" if value > 0 else "lower"
    return f"{_name(incident)} is {brief(abs(value))} SD {way} than {_reference(incident)}"


def _spread(incident: Incident, value: float) -> str:
    times = math.exp(min(max(value, -_LARGEST_EXPONENT), _LARGEST_EXPONENT))
    return f"The SD of {_name(incident)} is {brief(times)} times that {_reference(incident)}"


def _rise(incident: Incident, value: float) -> str:
    size = f"{percentage_points(value)} percentage points more frequent"
    return f"One value or bin of {_name(incident)} is {size} than {_reference(incident)}"


def _fall(incident: Incident, value: float, fallen: str | None = None) -> str:
    which = "A frequent value" if fallen is None else f"The value {fallen}"
    return f"{which} of {_name(incident)} has {percentage(value)} fewer rows than expected"


def _filled(incident: Incident, value: float) -> str:
    more = f"one value is {percentage_points(value)} percentage points more frequent"
    return f"{_name(incident)} no longer has nulls, and {more}"


def _integers(incident: Incident, _: float) -> str:
    return f"{_name(incident)} has only integers, unlike {_reference(incident)}"


def _again(incident: Incident, value: float) -> str:
    how = "the values" if value >= 1.0 else f"{percentage(value)} of the values"
    return f"{_name(incident)} repeats {how} of an earlier day"


def _relation(incident: Incident, value: float) -> str:
    size = f"{brief(abs(value))} SD {'larger' if value > 0 else 'smaller'}"
    what = f"The error of predicting {_name(incident)} from the other features"
    return f"{what} is {size} than {_reference(incident)}"


def _rows(incident: Incident, value: float) -> str:
    expected = "" if incident.expected is None else f" (about {brief(incident.expected)})"
    more = f"{percentage(value)} {'more' if value > 0 else 'fewer'} rows than expected{expected}"
    return f"{_table(incident)} has {more}"


def _repeated(incident: Incident, value: float) -> str:
    more = f"{percentage_points(value)} percentage points more repeated ids than usual"
    return f"{_table(incident)} has {more}"


def _coverage(incident: Incident, value: float) -> str:
    way = "up" if value > 0 else "down"
    if incident.expected is None:
        return f"Label coverage is {way} {percentage_points(value)} percentage points"
    now = percentage(incident.expected + value)
    return f"Label coverage is {now}, {way} from {percentage(incident.expected)}"


def _missing(incident: Incident, _: float) -> str:
    others = incident.last_failing > incident.worst_start
    later = " and later expected days" * others
    return f"{_table(incident)} has no rows on {day_words(incident.worst_start)}{later}"


def _outside(incident: Incident, value: float) -> str:
    what = OUTSIDE_BRIEFLY[incident.metric]
    return f"{percentage(value)} of the new rows of table {code(incident.role)} {what}"


def _unmapped(incident: Incident, value: float) -> str:
    where = f"{code(incident.subject)} ({incident.role})"
    return f"{percentage(value)} of the values of {where} are not in the configuration"


def _many(incident: Incident, value: float) -> str:
    return f"{value:.0f} features of table {code(incident.role)} changed together"


def _performance(incident: Incident, value: float) -> str:
    metric = PERFORMANCE.get(incident.subject)
    label = code(incident.subject) if metric is None else metric.label
    label = f"Estimated {inside(label)}" if incident.area == "estimate" else label
    if incident.expected is None:
        return f"{label} differs by {'+' if value > 0 else ''}{brief(value)}{_from(incident)}"
    before, now = briefs((incident.expected, incident.expected + value))
    reference = "" if incident.reference is None else f" {_reference(incident)}"
    return f"{label} is {now}, {'up' if value > 0 else 'down'} from {before}{reference}"


_WORDS: Mapping[str, Callable[[Incident, float], str]] = {
    "null_share_change": _share("nulls"),
    "nan_share_change": _share("NaN values"),
    "infinite_share_change": _share("infinite values"),
    "unseen_share_change": _share("unseen values"),
    "novel_share_change": _share("extreme values"),
    "value_share_rise": _rise,
    "value_share_fall": _fall,
    "filled_share": _filled,
    "rounded_values": _integers,
    "stale_share": _again,
    "relation_error_change": _relation,
    "zero_share_change": _share("zeros"),
    "special_share_change": _share("special values"),
    "mean_change_in_sd": _mean,
    "sd_log_ratio": _spread,
    "psi": _drifted,
    "rows": _rows,
    "duplicate_share": _repeated,
    "coverage": _coverage,
    "missing_day": _missing,
    UNMAPPED_SHARE: _unmapped,
    **dict.fromkeys(OUTSIDE_BRIEFLY, _outside),
    MANY_FEATURES: _many,
}
require_for_thresholds("a wording", _WORDS)
"""Metrics and statistics with a sentence of their own."""
