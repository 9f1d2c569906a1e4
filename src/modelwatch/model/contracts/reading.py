"""Parsing a contract: all problems at once, each with its place and line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from modelwatch.model.config.document import read_document
from modelwatch.model.config.parsing import Found, placed, validated
from modelwatch.model.contracts.contract import Contract
from modelwatch.model.errors import ConfigurationError, Problem

ROW_CLAUSES = ("domain", "range", "pattern", "length")
"""Clauses of a column that concern single values."""


def parse_contract(text: str, origin: str = "") -> Contract:
    """The contract of a YAML text; ConfigurationError lists all problems.

    ``origin``: name of the text in errors, usually its file.
    """
    document = read_document(text)
    if document.value is None and document.problems:
        raise ConfigurationError(document.problems, origin)
    if not isinstance(document.value, dict):
        problem = Problem("", document.line(()), "must be a mapping of keys to values")
        raise ConfigurationError((problem,), origin)
    contract, found = validated(document, Contract)
    if contract is not None:
        found += _across(contract)
    problems = placed(document, found)
    if problems or contract is None:
        raise ConfigurationError(problems, origin)
    return contract


def _across(contract: Contract) -> Iterator[Found]:
    """Problems between the clauses."""
    spelled: dict[str, str] = {}
    for name, clauses in contract.columns.items():
        other = spelled.setdefault(name.lower(), name)
        if other != name:
            yield ("columns", name), f"duplicates {other!r}: names are case-insensitive"
        asks = not clauses.nullable or any(_given(clauses, key) for key in ROW_CLAUSES)
        if clauses.treatment is not None and not asks:
            wording = (
                f"requires nullable: false, {', '.join(ROW_CLAUSES[:-1])} or {ROW_CLAUSES[-1]}"
            )
            yield ("columns", name, "treatment"), wording
    names: dict[str, int] = {}
    for at, relation in enumerate(contract.relations):
        first = names.setdefault(relation.name, at)
        if first != at:
            wording = f"{relation.name!r} is already the name of relations[{first}]"
            yield ("relations", at, "name"), wording


def _given(section: Any, key: str) -> bool:
    return getattr(section, key) is not None
