"""The account of the rows of a day: rows that arrived, passed, and were kept out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from modelwatch.model.quarantine.rules import Rule


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
