"""Figures and subjects in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from modelwatch.model.incident import MANY_FEATURES, Incident
from modelwatch.model.outside_windows import OUTSIDE_WORDS
from modelwatch.model.plain_words import named
from modelwatch.model.quoted_values import told_value
from modelwatch.model.value_account import UNMAPPED_SHARE
from modelwatch.stats.batch import NULL_SEGMENT, OTHER_SEGMENT
from modelwatch.stats.numerals import apart, numerals
from modelwatch.stats.performance import PERFORMANCE
from modelwatch.stats.statistic import STATISTICS

_SEGMENTS = {NULL_SEGMENT: "null", OTHER_SEGMENT: "one of its rarer values"}
_ROLES = {"inputs": "inputs", "predictions": "predictions", "labels": "labels"}


def subject_words(incident: Incident) -> str:
    """What fails, and where: a feature of the inputs, a metric, a table, in a segment."""
    what = subject_of_all(incident)
    return what if incident.of_all_traffic else f"{what} in {segment_words(incident)}"


def segment_words(incident: Incident) -> str:
    """The segment of an incident: the segmentation and its value."""
    return f"{incident.segmentation} {told_value(incident.segment)}"


def subject_of_all(incident: Incident) -> str:
    """What fails, wherever it does."""
    name, role = named(incident.subject), _ROLES.get(incident.role, incident.role)
    if incident.figure == UNMAPPED_SHARE:
        what = f"{name} of the {role}"
    elif incident.family in ("source", "labels"):
        what = f"table {role}"
    elif incident.family == "data":
        what = f"{name} of the {role}"
    elif incident.family == "constraint":
        what = f"promise {name!r}"
    else:
        metric = PERFORMANCE.get(incident.subject)
        what = name if metric is None else metric.label
        what = f"estimated {what}" if incident.family == "estimate" else what
    return what


def carrier_words(incident: Incident) -> str:
    """The value of another column that carries the change, with its shares; '' without one."""
    column, value = incident.carrier_column, incident.carrier_value
    changed, rows = incident.carrier_changed_share, incident.carrier_row_share
    if column is None or value is None or changed is None or rows is None:
        return ""
    called = _SEGMENTS.get(value) or told_value(value)
    shares = f"{changed:.0%} of the changed rows, {rows:.0%} of all"
    return f" where {named(column)} is {called} ({shares})"


def figure_words(incident: Incident) -> str:
    """The figure of the largest effect, in words."""
    words = _WORDS.get(incident.figure)
    value = incident.value
    if words is not None and (value is not None or incident.figure == "missing_day"):
        text = words(incident, value or 0.0)
    elif incident.family in ("performance", "estimate") and value is not None:
        text = _performance(incident, value)
    elif incident.family == "constraint":
        text = "does not hold" + ("" if value is None else f", observed {apart(value, 4)}")
    elif value is not None:
        known = STATISTICS.get(incident.figure)
        text = f"{known.label if known else incident.figure} is {value:.3g}"
    else:
        text = f"{incident.figure} fails"
    if incident.family == "constraint" or incident.figure in ("missing_day", MANY_FEATURES):
        return text
    return f"{text}, {incident.effect:.2g} times its gate{_against(incident)}"


def _against(incident: Incident) -> str:
    return "" if incident.reference is None else f" against {incident.reference}"


def _share(what: str) -> Callable[[Incident, float], str]:
    def words(_: Incident, value: float) -> str:
        way = "rose" if value > 0 else "fell"
        return f"the share of {what} {way} by {abs(value):.1%} of the rows"

    return words


def _mean(_: Incident, value: float) -> str:
    return f"the mean moved {'up' if value > 0 else 'down'} by {abs(value):.2g} standard deviations"


def _spread(_: Incident, value: float) -> str:
    return f"the standard deviation is {2.718281828459045**value:.2g} times what it was"


def _fall(_: Incident, value: float) -> str:
    return f"a frequent value has {value:.0%} fewer rows than those of the others lead to expect"


def _filled(_: Incident, value: float) -> str:
    return f"no value is missing any more, and one value has {value:.1%} more of the rows"


def _again(_: Incident, value: float) -> str:
    how = "the values" if value >= 1.0 else f"about {value:.0%} of the values"
    return f"it has {how} of an earlier day again"


def _relation(_: Incident, value: float) -> str:
    further = f"{value:.2g} standard deviations further"
    return f"it is {further} than usual from where the other features say"


def _rows(incident: Incident, value: float) -> str:
    more = "more" if value > 0 else "fewer"
    expected = "" if incident.expected is None else f" (about {incident.expected:,.0f})"
    return f"{abs(value):.0%} {more} rows than expected{expected}"


def _coverage(incident: Incident, value: float) -> str:
    if incident.expected is None:
        return f"{abs(value):.0%} of the due labels are missing that used to come"
    came = incident.expected + value
    return f"{came:.0%} of the due labels came, where {incident.expected:.0%} used to"


def _missing(incident: Incident, _: float) -> str:
    others = incident.last_failing > incident.worst_start
    return f"no rows on {incident.worst_start}{' and on expected days after it' * others}"


def _outside(incident: Incident, value: float) -> str:
    return f"{value:.1%} of the rows that arrived {OUTSIDE_WORDS[incident.figure]}"


def _performance(incident: Incident, value: float) -> str:
    if incident.expected is None:
        return f"changed by {value:+.3g}"
    way = "rose" if value > 0 else "fell"
    before, now = numerals((incident.expected, incident.expected + value), 3)
    return f"{way} from {before} to {now}"


_WORDS: Mapping[str, Callable[[Incident, float], str]] = {
    "null_share_change": _share("nulls"),
    "nan_share_change": _share("NaN"),
    "infinite_share_change": _share("infinities"),
    "unseen_share_change": _share("unseen values"),
    "novel_share_change": _share("values far beyond the reference"),
    "value_share_rise": _share("a single value or bin"),
    "value_share_fall": _fall,
    "filled_share": _filled,
    "rounded_values": lambda _, __: "all values are integers, which they were not",
    "stale_share": _again,
    "relation_error_change": _relation,
    "zero_share_change": _share("zeros"),
    "special_share_change": _share("special values"),
    "mean_change_in_sd": _mean,
    "sd_log_ratio": _spread,
    "rows": _rows,
    "duplicate_share": lambda _, value: f"repeated ids are {value:.1%} of the rows more than usual",
    "coverage": _coverage,
    "missing_day": _missing,
    UNMAPPED_SHARE: lambda _, value: f"{value:.1%} of the values are none that is configured",
    **dict.fromkeys(OUTSIDE_WORDS, _outside),
    MANY_FEATURES: lambda _, value: f"{value:.0f} features fail together",
}
"""How figures are told that have words of their own."""
