"""The account of the rows of a day: what came in, what passed, and what was set apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from modelwatch.model.quarantine.rules import Rule


@dataclass(frozen=True)
class RuleCount:
    """Number of rows that fail a rule, and one of them as text; None without an example."""

    rule: str
    treatment: str
    judged: int
    failed: int
    example: str | None = None


@dataclass(frozen=True)
class RowAccount:
    """Rows of a role on a day: ``rows_in`` is ``passed`` + ``quarantined`` + ``excluded``.

    ``released`` and ``warned`` rows are among those that passed: rows that a person let through,
    and rows that fail rules which only count.
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
        """Whether no row was lost and none doubled."""
        return self.rows_in == self.passed + self.quarantined + self.excluded

    @property
    def in_quarantine(self) -> int:
        """Rows that the quarantine has of the day, those released among them."""
        return self.quarantined + self.released


def passed(accounts: Iterable[RowAccount], role: str) -> int:
    """Rows of a role that reach the states."""
    return sum(account.passed for account in accounts if account.role == role)


def exceeded(account: RowAccount, rule: Rule) -> RuleCount | None:
    """The count of a rule that more rows fail than it tolerates; None if not so many do."""
    for count in account.rules:
        if count.rule == rule.name and count.failed > rule.tolerance * count.judged:
            return count
    return None


def stopping(
    accounts: Sequence[RowAccount], rules: Sequence[Rule]
) -> Iterator[tuple[Rule, RowAccount, RuleCount]]:
    """Rules of treatment `fail` that stop the run, the first day of each."""
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
    """What stops the run, and the ways out."""
    rows = f"{count.failed} of {count.judged} rows" if count.judged > 1 else "the one row"
    at = "" if version is None else f" at version {version}"
    such = f", such as {count.example}" if count.example else ""
    return (
        f"rule {rule.name!r} stops the run: {rows} of {table}{at} on {account.day} "
        f"{'fail' if count.judged > 1 else 'fails'} it{such}. Nothing is published. Correct the "
        "rows, raise the share that the rule tolerates, or set its treatment to quarantine or "
        "exclude"
    )
