"""A Great Expectations suite as a contract, and what a contract cannot express."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from modelwatch.errors import ModelwatchError
from modelwatch.model.config.literals import WrittenFloat, sql_literal
from modelwatch.model.contracts.clauses import quoted_column
from modelwatch.model.contracts.contract import WEEKDAYS, Contract, TableRole
from modelwatch.model.contracts.expectations import SPARK_TYPES, Untranslated
from modelwatch.model.errors import ConfigurationError, Problem
from modelwatch.stats.numerals import is_plain_number

_MAX_CHARACTERS = 20_000_000
_TYPES: Mapping[str, str] = {
    **{known.lower(): spark for spark, known in SPARK_TYPES.items()},
    **{spark: spark for spark in SPARK_TYPES},
    "integer": "int",
    "long": "bigint",
    "float64": "double",
    "float32": "float",
    "int64": "bigint",
    "int32": "int",
    "int16": "smallint",
    "int8": "tinyint",
    "bool": "boolean",
    "str": "string",
    "object": "string",
    "datetime64[ns]": "timestamp",
}
_IGNORED = frozenset({"batch_id", "result_format", "catch_exceptions", "include_config", "meta"})
_NO_SUCH = "a contract has no such clause; a constraint of the monitor may express it"


class _Untranslatable(ModelwatchError):
    """An expectation that a contract cannot express, and the reason."""


class _Drafted:
    """A contract that is built from expectations."""

    def __init__(self) -> None:
        self.columns: dict[str, dict[str, Any]] = {}
        self.rows: dict[str, Any] = {}
        self.relations: list[dict[str, Any]] = []
        self.other_columns = "allowed"

    def put(self, column: str, severity: str, **clauses: Any) -> None:
        """Adds clauses to a column; _NotSaid if it has a contradicting one."""
        held = self.columns.setdefault(column, {})
        if clauses and held.get("severity", severity) != severity:
            raise _Untranslatable("another expectation of the column has another severity")
        for key, value in clauses.items():
            if key in held and held[key] != value:
                if key == "range":
                    clauses[key] = _narrower(held[key], value)
                    continue
                raise _Untranslatable(f"another expectation contradicts its {key}")
        held.update(clauses)
        if clauses:
            held["severity"] = severity

    def relate(self, name: str, severity: str, predicate: str, at_least: float) -> None:
        """Adds a condition on rows."""
        taken = {relation["name"] for relation in self.relations}
        plain = re.sub(r"[^A-Za-z0-9_ .-]+", "_", name).strip()[:80] or "condition"
        number, unique = 1, plain
        while unique in taken:
            number += 1
            unique = f"{plain} {number}"
        relation = {
            "name": unique,
            "predicate": predicate,
            "at_least": at_least,
            "severity": severity,
        }
        self.relations.append(relation)


def contract_of_suite(
    text: str, origin: str = "", *, version: int = 1, of: TableRole = "inputs"
) -> tuple[Contract, tuple[Untranslated, ...]]:
    """The contract of a suite in JSON, of version 0 or 1, and what it cannot express.

    Raises ConfigurationError if the text is not a suite.
    """
    suite = _suite(text, origin)
    draft, left = _Drafted(), []
    for at, one in enumerate(suite["expectations"]):
        place = f"expectations[{at}]"
        kind = str(one.get("type") or one.get("expectation_type") or "") if _is(one) else ""
        try:
            _add(draft, kind, one)
        except _Untranslatable as error:
            left.append(Untranslated(f"{place} {kind}".strip(), str(error)))
    name = str(suite.get("name") or suite.get("expectation_suite_name") or "suite")
    try:
        contract = Contract.model_validate(
            {
                "contract": re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:100].strip("_") or "suite",
                "version": version,
                "of": of,
                "columns": draft.columns,
                "other_columns": draft.other_columns,
                "rows": draft.rows,
                "relations": tuple(draft.relations),
            }
        )
    except ValidationError as error:
        problems = [
            Problem(".".join(str(part) for part in one["loc"]), None, one["msg"])
            for one in error.errors(include_url=False)
        ]
        raise ConfigurationError(problems, origin) from error
    return contract, tuple(left)


def _is(value: Any) -> bool:
    return isinstance(value, dict)


def _suite(text: str, origin: str) -> dict[str, Any]:
    def wrong(message: str, line: int | None = None) -> ConfigurationError:
        return ConfigurationError([Problem("", line, message)], origin)

    if len(text) > _MAX_CHARACTERS:
        raise wrong(f"has more than {_MAX_CHARACTERS} characters")
    try:
        suite = json.loads(text, parse_float=WrittenFloat)
    except json.JSONDecodeError as error:
        raise wrong(f"is not JSON: {error.msg}", error.lineno) from error
    except (RecursionError, ValueError) as error:
        raise wrong(f"is not JSON that can be read: {error}") from error
    if not _is(suite) or not isinstance(suite.get("expectations"), list):
        raise wrong("is not a Great Expectations suite: it has no list of expectations")
    return dict(suite)


def _add(draft: _Drafted, kind: str, one: Any) -> None:
    kwargs = one.get("kwargs") if _is(one) else None
    if not isinstance(kwargs, dict):
        raise _Untranslatable("is not an expectation with kwargs")
    if kwargs.get("row_condition"):
        raise _Untranslatable("it applies to some rows only (row_condition)")
    add = _KINDS.get(kind)
    if add is None:
        raise _Untranslatable(_NO_SUCH)
    severity = "fail" if one.get("severity", "critical") == "critical" else "warn"
    given = {k: v for k, v in kwargs.items() if k not in _IGNORED and v is not None}
    try:
        add(draft, severity, given)
    except KeyError as error:
        raise _Untranslatable(f"it has no {error}") from error
    except (TypeError, ValueError) as error:
        raise _Untranslatable(str(error)) from error


def _share(given: Mapping[str, Any]) -> float:
    share = given.get("mostly", 1.0)
    if not is_plain_number(share) or not 0 <= share <= 1:
        raise _Untranslatable("its mostly is not a number from 0 to 1")
    return float(share)


def _values(draft: _Drafted, severity: str, given: Mapping[str, Any], **clauses: Any) -> None:
    """Clauses on values; all such clauses of a column share one minimum share."""
    column = str(given["column"])
    held = draft.columns.get(column, {})
    asked = {"domain", "range", "pattern", "length"}.intersection(held)
    if asked and held.get("share", 1.0) != _share(given):
        raise _Untranslatable("another expectation of the column has another mostly")
    if not _share(given):
        raise _Untranslatable("mostly 0 requires nothing")
    share = {} if _share(given) == 1.0 else {"share": _share(given)}
    draft.put(column, severity, **clauses, **share)


def _exists(draft: _Drafted, severity: str, given: Mapping[str, Any]) -> None:
    draft.put(str(given["column"]), severity)


def _of_type(draft: _Drafted, severity: str, given: Mapping[str, Any]) -> None:
    wanted = given.get("type_", given.get("type_list"))
    names = [wanted] if isinstance(wanted, str) else list(wanted or ())
    known = {_TYPES[name.lower()] for name in names if str(name).lower() in _TYPES}
    if len(known) != 1:
        raise _Untranslatable(
            f"{', '.join(map(str, names)) or 'nothing'} is not a single Spark type"
        )
    draft.put(str(given["column"]), severity, type=known.pop())


def _present(draft: _Drafted, severity: str, given: Mapping[str, Any]) -> None:
    share = float(given["min_value"]) if "min_value" in given else _share(given)
    if given.get("max_value", 1) < 1:
        raise _Untranslatable("a contract has no greatest completeness")
    clauses = {"nullable": False} if share == 1.0 else {"completeness": share}
    draft.put(str(given["column"]), severity, **clauses)


def _in_set(draft: _Drafted, severity: str, given: Mapping[str, Any]) -> None:
    values = given["value_set"]
    if not isinstance(values, list) or not values:
        raise _Untranslatable("its value_set is not a list of values")
    if not all(isinstance(value, (str, bool, int, float)) for value in values):
        raise _Untranslatable(
            "its value_set contains a value that is not a string, number or boolean"
        )
    _values(draft, severity, given, domain=tuple(values))


def _between(draft: _Drafted, severity: str, given: Mapping[str, Any]) -> None:
    _values(draft, severity, given, range=_ends(given))


def _least(draft: _Drafted, severity: str, given: Mapping[str, Any]) -> None:
    if "max_value" in given:
        raise _Untranslatable("a contract bounds the least value from below only")
    _values(draft, severity, given, range=_ends(given))


def _greatest(draft: _Drafted, severity: str, given: Mapping[str, Any]) -> None:
    if "min_value" in given:
        raise _Untranslatable("a contract bounds the greatest value from above only")
    _values(draft, severity, given, range=_ends(given))


def _ends(given: Mapping[str, Any], whole: bool = False) -> tuple[Any, Any]:
    if given.get("strict_min") or given.get("strict_max"):
        raise _Untranslatable(
            "the ends of a contract's ranges are allowed values (strict_min, strict_max)"
        )
    ends = given.get("min_value"), given.get("max_value")
    if ends == (None, None):
        raise _Untranslatable("it has neither min_value nor max_value")
    if not all(end is None or is_plain_number(end) for end in ends):
        raise _Untranslatable("a contract's ranges are of numbers")
    if whole:
        return tuple(None if end is None else int(end) for end in ends)  # type: ignore[return-value]
    return ends


def _narrower(one: tuple[Any, Any], other: tuple[Any, Any]) -> tuple[Any, Any]:
    lows = [ends[0] for ends in (one, other) if ends[0] is not None]
    highs = [ends[1] for ends in (one, other) if ends[1] is not None]
    return max(lows, default=None), min(highs, default=None)


def _unique(draft: _Drafted, severity: str, given: Mapping[str, Any]) -> None:
    if _share(given) < 1 or given.get("min_value", 1) < 1:
        raise _Untranslatable("a contract's columns are unique or not")
    draft.put(str(given["column"]), severity, unique=True)


def _unique_together(draft: _Drafted, severity: str, given: Mapping[str, Any]) -> None:
    columns = tuple(str(column) for column in given["column_list"])
    if draft.rows.get("unique", columns) != columns or _share(given) < 1:
        raise _Untranslatable(
            "the rows of a contract are unique by one list of columns, and all of them"
        )
    draft.rows |= {"unique": columns, "severity": severity}


def _matches(draft: _Drafted, severity: str, given: Mapping[str, Any]) -> None:
    # The pandas engine matches from the start of a string, the Spark engine anywhere; the stricter
    # one is used.
    regex = str(given["regex"])
    found = regex if regex.startswith(("^", "\\A")) else f"^(?:{regex})"
    _values(draft, severity, given, pattern=found)


def _length(draft: _Drafted, severity: str, given: Mapping[str, Any]) -> None:
    if "value" in given:
        given = {**given, "min_value": given["value"], "max_value": given["value"]}
    _values(draft, severity, given, length=_ends(given, whole=True))


def _row_count(draft: _Drafted, severity: str, given: Mapping[str, Any]) -> None:
    if "value" in given:
        given = {**given, "min_value": given["value"], "max_value": given["value"]}
    ends = _ends(given, whole=True)
    draft.rows |= {"volume": dict.fromkeys(WEEKDAYS, ends), "severity": severity}


def _column_set(draft: _Drafted, severity: str, given: Mapping[str, Any]) -> None:
    for column in given["column_set"]:
        draft.put(str(column), severity)
    if given.get("exact_match", True):
        draft.other_columns = severity


def _ordered(draft: _Drafted, severity: str, given: Mapping[str, Any]) -> None:
    _column_set(draft, severity, {"column_set": given["column_list"]})
    raise _Untranslatable(
        "the columns are imported, their order is not: a contract has no column order"
    )


def _pair(draft: _Drafted, severity: str, given: Mapping[str, Any]) -> None:
    one, other = str(given["column_A"]), str(given["column_B"])
    sign = "<=" if given.get("or_equal") else "<"
    _related(draft, severity, given, (other, one), sign, f"{other} at most {one}")


def _equal(draft: _Drafted, severity: str, given: Mapping[str, Any]) -> None:
    columns = (str(given["column_A"]), str(given["column_B"]))
    _related(draft, severity, given, columns, "=", f"{columns[0]} equals {columns[1]}")


def _related(
    draft: _Drafted,
    severity: str,
    given: Mapping[str, Any],
    columns: tuple[str, str],
    sign: str,
    name: str,
) -> None:
    ignored = given.get("ignore_row_if", "both_values_are_missing")
    a, b = (quoted_column(column) for column in columns)
    missing = {
        "both_values_are_missing": f"({a} IS NULL AND {b} IS NULL) OR ",
        "either_value_is_missing": f"{a} IS NULL OR {b} IS NULL OR ",
        "neither": "",
    }
    if ignored not in missing:
        raise _Untranslatable(f"its ignore_row_if {ignored!r} is not known")
    draft.relate(name, severity, f"{missing[ignored]}{a} {sign} {b}", _share(given) or 1.0)


def _forbidden(
    word: str, condition: Callable[[str, Mapping[str, Any]], str]
) -> Callable[[_Drafted, str, Mapping[str, Any]], None]:
    def add(draft: _Drafted, severity: str, given: Mapping[str, Any]) -> None:
        column = str(given["column"])
        name = quoted_column(column)
        predicate = condition(name, given)
        draft.relate(f"{column} {word}", severity, predicate, _share(given) or 1.0)

    return add


def _not_in(name: str, given: Mapping[str, Any]) -> str:
    values = ", ".join(sql_literal(value) for value in given["value_set"])
    return f"{name} IS NULL OR {name} NOT IN ({values})"


def _not_found(name: str, given: Mapping[str, Any]) -> str:
    return f"{name} IS NULL OR NOT {name} RLIKE {sql_literal(str(given['regex']))}"


_KINDS: Mapping[str, Callable[[_Drafted, str, Mapping[str, Any]], None]] = {
    "expect_column_to_exist": _exists,
    "expect_column_values_to_be_of_type": _of_type,
    "expect_column_values_to_be_in_type_list": _of_type,
    "expect_column_values_to_not_be_null": _present,
    "expect_column_proportion_of_non_null_values_to_be_between": _present,
    "expect_column_values_to_be_in_set": _in_set,
    "expect_column_distinct_values_to_be_in_set": _in_set,
    "expect_column_values_to_be_between": _between,
    "expect_column_min_to_be_between": _least,
    "expect_column_max_to_be_between": _greatest,
    "expect_column_values_to_be_unique": _unique,
    "expect_column_proportion_of_unique_values_to_be_between": _unique,
    "expect_compound_columns_to_be_unique": _unique_together,
    "expect_column_values_to_match_regex": _matches,
    "expect_column_value_lengths_to_be_between": _length,
    "expect_column_value_lengths_to_equal": _length,
    "expect_table_row_count_to_be_between": _row_count,
    "expect_table_row_count_to_equal": _row_count,
    "expect_table_columns_to_match_set": _column_set,
    "expect_table_columns_to_match_ordered_list": _ordered,
    "expect_column_pair_values_a_to_be_greater_than_b": _pair,
    "expect_column_pair_values_to_be_equal": _equal,
    "expect_column_values_to_not_be_in_set": _forbidden("not among", _not_in),
    "expect_column_values_to_not_match_regex": _forbidden("without", _not_found),
}
