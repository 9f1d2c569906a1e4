"""Parsing a configuration: all problems at once, each with its place and line."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import PurePath
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from modelwatch.model.config.cross_checks import Parts, cross_checks
from modelwatch.model.config.document import Document, Path, place_of, read_document
from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.config.relative_paths import with_paths_from
from modelwatch.model.config.section import Section, Unknown, did_you_mean
from modelwatch.model.contracts.constraint import CONSTRAINT_TYPES, Constraint
from modelwatch.model.errors import ConfigurationError, Problem
from modelwatch.model.incidents.rules import IncidentRules
from modelwatch.model.notification.sinks import SINKS, SinkConfig
from modelwatch.model.performance.labels import Challenger, Labels, Performance
from modelwatch.model.planning.window_specs import Reference, WindowChoice
from modelwatch.model.profile.options import BinningOptions, Segmentation
from modelwatch.model.quarantine.checks import rule_checks
from modelwatch.model.quarantine.rules import Rule
from modelwatch.model.retraining.policies import POLICIES, Policy
from modelwatch.model.sources.tables import Inputs, Predictions
from modelwatch.model.verdicts.checks import verdict_checks
from modelwatch.model.verdicts.options import Verdicts

_Whole = TypeVar("_Whole", bound=Section)
Found = tuple[Path, str]
"""A path, and the problem there."""
_KINDS: dict[Path, tuple[str, ...]] = {
    ("constraints",): tuple(CONSTRAINT_TYPES),
    ("retraining", "policies"): tuple(POLICIES),
    ("notify",): tuple(SINKS),
}
"""Lists whose entries are of one of several kinds, and these kinds."""


def parse_config(
    text: str,
    origin: str = "",
    statistics: Collection[str] | None = None,
    *,
    folder: str | PurePath | None = None,
) -> MonitorConfig:
    """The configuration of a YAML text.

    ``origin``: name of the text in errors, usually its file. ``statistics``: names that
    ``thresholds`` may have; None for those of the registry. ``folder``: where relative paths begin,
    the folder of the file; None leaves them unchanged. Raises ConfigurationError with all problems.
    """
    document = read_document(text)
    if document.value is None and document.problems:
        raise ConfigurationError(document.problems, origin)
    if not isinstance(document.value, dict):
        raise ConfigurationError(
            (Problem("", document.line(()), "must be a mapping of keys to values"),), origin
        )
    known = known_statistics() if statistics is None else statistics
    config, found = validated(document, MonitorConfig)
    parts = _parts(document.value)
    found += cross_checks(parts, known) + verdict_checks(parts) + rule_checks(parts)
    problems = placed(document, found)
    if problems or config is None:
        raise ConfigurationError(problems, origin)
    return config if folder is None else with_paths_from(config, folder)


def lines_of(text: str) -> dict[str, int]:
    """The line of every place of a YAML text, for problems that are found in tables."""
    return {place_of(path): line for path, line in read_document(text).lines.items()}


def known_statistics() -> frozenset[str]:
    """The names of the drift statistics that can have a threshold."""
    from modelwatch.stats.verdicts.chance import CHANCE_KEYS

    return CHANCE_KEYS


def _position(problem: Problem) -> tuple[int, str]:
    return (problem.line or 0, problem.place)


def placed(document: Document, found: Iterable[Found]) -> list[Problem]:
    """The problems of a document and of its values, one per place, sorted by line."""
    places = {problem.place for problem in document.problems}
    problems = list(document.problems)
    for path, message in found:
        place = place_of(path)
        if place not in places:
            places.add(place)
            problems.append(Problem(place, document.line(path), message))
    return sorted(problems, key=_position)


def validated(document: Document, kind: type[_Whole]) -> tuple[_Whole | None, list[Found]]:
    """The document as a section, None if it is invalid, and the problems of its values."""
    unknown = Unknown()
    config = None
    found: list[Found] = []
    try:
        config = kind.model_validate(document.value, context=unknown)
    except ValidationError as error:
        details = [one for one in error.errors(include_url=False) if not _echoes(one)]
        found += [(_path(document.value, detail), _message(detail)) for detail in details]
    for identity, key, keys in unknown.keys:
        # A section that pydantic has copied has no path; its keys have been checked before.
        path = document.mappings.get(identity)
        if path is not None:
            hint = did_you_mean(key, keys) or f"; known here: {', '.join(keys)}"
            found.append(((*path, key), f"is not a known key{hint}"))
    return config, found


def _parts(value: dict[str, Any]) -> Parts:
    """The parts of the configuration that are valid by themselves."""
    retraining = value.get("retraining")
    policies = retraining.get("policies") if isinstance(retraining, dict) else ()
    return Parts(
        inputs=_part(Inputs, value.get("inputs")),
        predictions=_part(Predictions, value.get("predictions")),
        has_predictions=value.get("predictions") is not None,
        segments=tuple(_items(Segmentation, value.get("segments"))),
        windows=tuple(_items(WindowChoice, value.get("windows"))),
        references=tuple(_items(Reference, value.get("references"))),
        all_references=_all_right(Reference, value.get("references")),
        constraints=tuple(_items(Constraint, value.get("constraints"))),
        binning=_part(BinningOptions, value.get("binning")),
        thresholds=tuple(value["thresholds"]) if isinstance(value.get("thresholds"), dict) else (),
        labels=_part(Labels, value.get("labels")),
        performance=_part(Performance, value.get("performance")),
        challengers=tuple(_items(Challenger, value.get("challengers"))),
        verdicts=_part(Verdicts, value.get("verdicts")),
        incidents=_part(IncidentRules, value.get("incidents")),
        policies=tuple(_items(Policy, policies)),
        sinks=tuple(_items(SinkConfig, value.get("notify"))),
        rules=tuple(_items(Rule, value.get("rules"))),
        all_windows="windows" not in value or _all_right(WindowChoice, value["windows"]),
        named=frozenset(key for key, given in value.items() if given is not None),
    )


def _part(kind: Any, value: Any) -> Any:
    try:
        return TypeAdapter(kind).validate_python(value, context=Unknown())
    except ValidationError:
        return None


def _items(kind: Any, values: Any) -> Iterator[tuple[int, Any]]:
    adapter = TypeAdapter(kind)
    for index, value in enumerate(values if isinstance(values, tuple) else ()):
        try:
            yield index, adapter.validate_python(value, context=Unknown())
        except ValidationError:
            continue


def _all_right(kind: Any, values: Any) -> bool:
    return isinstance(values, tuple) and len(list(_items(kind, values))) == len(values)


def _path(value: Any, detail: ErrorDetails) -> Path:
    """The place of an error in the document: its location without the tags of unions."""
    location = detail["loc"]
    path: list[str | int] = []
    for i, part in enumerate(location):
        tag = i > 1 and isinstance(location[i - 1], int) and location[: i - 1] in _KINDS
        if tag or part == "[key]":
            continue
        inside = (isinstance(value, dict) and part in value) or (
            isinstance(value, tuple) and isinstance(part, int) and part < len(value)
        )
        if inside:
            value = value[part]
            path.append(part)
        elif i == len(location) - 1 and isinstance(part, str) and isinstance(value, dict):
            path.append(part)
    return tuple(path)


def _echoes(detail: ErrorDetails) -> bool:
    """Whether a list is reported as too short only because some of its entries are invalid."""
    given, context = detail["input"], detail.get("ctx", {})
    too_short = detail["type"] == "too_short" and isinstance(given, tuple)
    return too_short and len(given) >= context["min_length"]


def _message(detail: ErrorDetails) -> str:
    kind, context, given = detail["type"], detail.get("ctx", {}), detail["input"]
    if kind == "value_error":
        return str(context["error"])
    if kind == "union_tag_invalid":
        tag = context["tag"]
        return f"kind {_shown(tag)} is not known{_choices(tag, _kinds(detail))}"
    if kind == "union_tag_not_found":
        return f"needs kind: {', '.join(_kinds(detail))}"
    if kind == "literal_error":
        literals = context["expected"].replace(" or ", ",").split(",")
        known = tuple(literal.strip(" '") for literal in literals)
        return f"{_shown(given)} is not known{_choices(given, known)}"
    if kind in _MESSAGES:
        wanted = _MESSAGES[kind].format(**context)
        return wanted if kind in _NO_VALUE else f"{wanted}, not {_shown(given)}"
    return f"{detail['msg'][:1].lower()}{detail['msg'][1:]}"


def _kinds(detail: ErrorDetails) -> tuple[str, ...]:
    """The kinds of entries of the list that contains an error."""
    return _KINDS[tuple(detail["loc"][:-1])]


def _choices(given: Any, known: tuple[str, ...]) -> str:
    hint = did_you_mean(given, known) if isinstance(given, str) else ""
    return hint or f"; known: {', '.join(known)}"


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, tuple):
        return "a list"
    try:
        text = ascii(value) if isinstance(value, str) and not value.isprintable() else None
        text = text or (repr(value) if isinstance(value, str) else str(value))
    except ValueError:  # The integer has too many digits to be written.
        return "a number with thousands of digits"
    return text if len(text) <= 60 else text[:57] + "..."


_MESSAGES = {
    "missing": "is required",
    "string_type": "must be a string (in quotes if it looks like another type)",
    "string_unicode": "must be a string of valid Unicode characters",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "int_type": "must be an integer",
    "int_from_float": "must be an integer",
    "int_parsing_size": "is too large a number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping of keys to values",
    "mapping_type": "must be a mapping of keys to values",
    "model_type": "must be a mapping of keys to values",
    "model_attributes_type": "must be a mapping of keys to values",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "greater_than": "must be above {gt}",
    "less_than": "must be below {lt}",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
}
_NO_VALUE = {
    "missing",
    "string_too_short",
    "string_too_long",
    "string_unicode",
    "too_short",
    "too_long",
}
