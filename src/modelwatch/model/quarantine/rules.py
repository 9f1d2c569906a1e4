"""Rules: conditions on each row, the treatment of rows that break them, and the account of the rows
of a day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from modelwatch.model.config.section import MAX_TEXT, ColumnNames, Name, Section, Text, only_one_of

Treatment = Literal["fail", "quarantine", "exclude", "warn"]
RuleTable = Literal["inputs", "predictions", "labels"]
APART: tuple[Treatment, ...] = ("quarantine", "exclude")
"""Treatments under which a row does not reach the states."""


class Duplicates(Section):
    """Rows of a day with the same key."""

    key: ColumnNames = Field(
        default=(),
        description="Columns of the key. Default: the id of the table. Rows with a null in the "
        "key are not duplicates.",
    )
    more_than: int = Field(
        default=1, ge=1, le=1_000_000, description="Allowed number of rows per key and day."
    )
    keep: Literal["last", "first", "none"] = Field(
        default="last",
        description="Which rows are kept, by the time column of the table. Rows that no other "
        "rule keeps out have precedence. `none`: all of them break the rule.",
    )


class Rule(Section):
    """A condition on each row of a table, and the treatment of rows that break it."""

    name: Name = Field(description="Its name in the results.")
    description: str = Field(default="", max_length=MAX_TEXT, description="Description for people.")
    table: RuleTable = Field(default="inputs", description="The table whose rows are checked.")
    treatment: Treatment = Field(
        description="`fail`: the run stops, and nothing is published. `quarantine`: the row is "
        "kept out and stored with the reasons, until it is released. `exclude`: the "
        "row is kept out and counted. `warn`: the row is used and counted."
    )
    must: Text | None = Field(
        default=None,
        description="A SQL condition that must be true. Null counts as false.",
    )
    duplicates: Duplicates | None = Field(
        default=None, description="Limit on the number of rows with the same key and day."
    )
    without: Literal["inputs", "predictions"] | None = Field(
        default=None,
        description="The table that must contain a row with the same id and day.",
    )
    where: Text | None = Field(
        default=None, description="A SQL condition that selects the rows to check."
    )
    tolerance: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="Share of a day's rows that may break the rule before the run stops (`fail`) "
        "or the rule is reported (other treatments). Individual rows are kept out "
        "regardless of it.",
    )

    @model_validator(mode="after")
    def _one_condition(self) -> Rule:
        only_one_of(self, "must", "duplicates", "without")
        if self.without == self.table:
            raise ValueError(f"a row of the {self.table} cannot lack itself: name another table")
        return self

    @property
    def reason(self) -> str:
        """Why a row fails it, in words without values of the row."""
        if self.must is not None:
            wording = f"not ({self.must})"
        elif self.duplicates is not None:
            key = ", ".join(self.duplicates.key) or "id"
            wording = f"more than {self.duplicates.more_than} of one {key} on a day"
        else:
            wording = f"none of the {self.without} has the id and day"
        return f"{self.name}: {wording}"

    @property
    def sets_apart(self) -> bool:
        """Whether rows that fail it are kept out of the states."""
        return self.treatment in APART


@dataclass(frozen=True)
class RuleCount:
    """Number of rows that fail a rule, and an example as text; None without one."""

    rule: str
    treatment: str
    judged: int
    failed: int
    example: str | None = None


@dataclass(frozen=True)
class RowAccount:
    """Rows of a role on a day: ``rows_in`` is ``passed`` + ``quarantined`` + ``excluded``.

    ``released`` and ``warned`` rows are among those that passed: rows that a person released, and
    rows that fail rules which only count.
    """

    day: date
    role: str
    rows_in: int
    passed: int
    quarantined: int
    excluded: int
    released: int
    warned: int
    rules: tuple[RuleCount, ...]

    @property
    def adds_up(self) -> bool:
        """Whether no row was lost or counted twice."""
        return self.rows_in == self.passed + self.quarantined + self.excluded

    @property
    def in_quarantine(self) -> int:
        """Quarantined rows of the day, including released ones."""
        return self.quarantined + self.released


def passed(accounts: Iterable[RowAccount], role: str) -> int:
    """Rows of a role that reach the states."""
    return sum(account.passed for account in accounts if account.role == role)


def exceeded(account: RowAccount, rule: Rule) -> RuleCount | None:
    """The count of a rule whose tolerance is exceeded; None if it is not."""
    for count in account.rules:
        if count.rule == rule.name and count.failed > rule.tolerance * count.judged:
            return count
    return None


def stopping(
    accounts: Sequence[RowAccount], rules: Sequence[Rule]
) -> Iterator[tuple[Rule, RowAccount, RuleCount]]:
    """Rules with treatment `fail` that stop the run, on the first day of each."""
    for rule in rules:
        if rule.treatment != "fail":
            continue
        for account in sorted(accounts, key=lambda account: account.day):
            count = exceeded(account, rule)
            if count is not None:
                yield rule, account, count
                break


def stop_message(
    rule: Rule, account: RowAccount, count: RuleCount, table: str, version: int | None
) -> str:
    """Why the run stops, and what to do."""
    rows = f"{count.failed} of {count.judged} rows" if count.judged > 1 else "the one row"
    at = "" if version is None else f" at version {version}"
    such = f", such as {count.example}" if count.example else ""
    return (
        f"rule {rule.name!r} stops the run: {rows} of {table}{at} on {account.day} "
        f"{'fail' if count.judged > 1 else 'fails'} it{such}. Nothing is published. Correct the "
        "rows, raise the share that the rule tolerates, or set its treatment to quarantine or "
        "exclude"
    )
