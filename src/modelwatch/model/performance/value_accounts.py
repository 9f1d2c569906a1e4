"""Daily verdicts on unmapped values of labels and decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.plain_text import named
from modelwatch.model.quoted_values import quoted_values
from modelwatch.model.verdicts.row import Verdict
from modelwatch.stats.states.value_account import (
    DECISION_SUBJECT,
    LABEL_SUBJECT,
    challenger_subject,
)

UNMAPPED_SHARE = "unmapped_share"
"""Name of the metric: share of unmapped values, or of values that are counted as negative, except
for the most frequent one."""
MOST_QUOTED = 5


@dataclass(frozen=True)
class ValueAccount:
    """Counts of the values of a label or decision on one day.

    ``valued``: rows with a value. ``nothing``, ``negative``, and ``another``: rows with an unmapped
    value, by how it is counted. ``spellings``: rows by unmapped value, for the values that are
    counted separately.
    """

    subject: str
    valued: int = 0
    nothing: int = 0
    negative: int = 0
    another: int = 0
    spellings: Mapping[str, int] = field(default_factory=dict)

    @property
    def unmapped(self) -> int:
        """Rows with an unmapped value. If unmapped values are counted as negative, the most
        frequent one is excluded, because a binary column has one negative value."""
        beside = self.negative - max(self.spellings.values(), default=0) if self.negative else 0
        return self.nothing + self.another + beside

    @property
    def share(self) -> float | None:
        """Share of unmapped values among rows with a value; None without such rows."""
        return self.unmapped / self.valued if self.valued else None


@dataclass(frozen=True)
class UnmappedValues:
    """The verdict on the unmapped values of a column on one day."""

    day: date
    role: str
    column: str
    rows: int
    share: float
    threshold: float
    verdict: Verdict
    reason: str | None


def unmapped_values(
    config: MonitorConfig, days: Mapping[date, Sequence[ValueAccount]]
) -> list[UnmappedValues]:
    """Return a verdict for each day and column with values.

    Empty if no threshold is configured, or if all other values are configured as negative.
    """
    threshold, performance = config.source_health.unmapped, config.performance
    if threshold is None or performance is None or performance.unmapped == "negative":
        return []
    return [
        _judged(config, day, account, threshold)
        for day, accounts in sorted(days.items())
        for account in accounts
        if account.valued
    ]


def _judged(
    config: MonitorConfig, day: date, account: ValueAccount, threshold: float
) -> UnmappedValues:
    share = account.share or 0.0
    # Values that count as nothing are missing from every metric. The others count as negative, as
    # before.
    beyond: Verdict = "fail" if account.nothing else "warn"
    return UnmappedValues(
        day,
        *_place(config, account.subject),
        rows=account.valued,
        share=share,
        threshold=threshold,
        verdict=beyond if share >= threshold else "pass",
        reason=reason_of(account, _named_values(config)) if account.unmapped else None,
    )


def _named_values(config: MonitorConfig) -> tuple[str, ...]:
    """Return the strings among the values that the configuration lists."""
    performance = config.performance
    if performance is None:
        return ()
    values = (*performance.positive, *performance.negative, *performance.classes)
    return tuple(value for value in values if isinstance(value, str))


def reason_of(account: ValueAccount, beside: Sequence[str] = ()) -> str:
    """Return a sentence with the unmapped values, their rows, and how they are counted.

    ``beside``: configured values that are easily confused with them.
    """
    ranked = sorted(account.spellings.items(), key=lambda one: (-one[1], one[0]))
    quoted = quoted_values([*(value for value, _ in ranked), *beside])
    shown = [f"{text} ({rows})" for text, (_, rows) in zip(quoted, ranked, strict=False)]
    more = f" and {len(shown) - MOST_QUOTED} more" if len(shown) > MOST_QUOTED else ""
    listed = f"{', '.join(shown[:MOST_QUOTED])}{more}"
    if account.negative:
        return (
            f"{len(shown)} values count as negative, and no negative value is configured: {listed}"
        )
    named_as, counted = "neither positive nor negative", "no value"
    if account.another:
        named_as, counted = "of no class", "another class"
    what = f"{account.unmapped} of {account.valued} values are {named_as} and count as {counted}"
    return f"{what}: {listed}" if listed else what


def unmapped_lines(found: Iterable[UnmappedValues], config: MonitorConfig) -> str:
    """Return a warning for each column with unmapped values, about its last day."""
    by_column: dict[tuple[str, str], list[UnmappedValues]] = defaultdict(list)
    for one in found:
        if one.verdict != "pass":
            by_column[one.role, one.column].append(one)
    multiclass = config.performance is not None and config.performance.task == "multiclass"
    keys = "performance.classes" if multiclass else "performance.positive and performance.negative"
    lines = []
    for (role, column), of in sorted(by_column.items()):
        days = f" ({len(of)} similar days)" if len(of) > 1 else ""
        lines.append(
            f"Warning: {named(column)} of the {role} on {of[-1].day}: {of[-1].reason}{days}. List "
            f"them in {keys}, or correct the rows; see the view unmapped_values.\n"
        )
    return "".join(lines)


def _place(config: MonitorConfig, subject: str) -> tuple[str, str]:
    """Return the role of the table and the column name of a subject."""
    performance = config.performance
    if subject == LABEL_SUBJECT:
        return "labels", config.labels.label if config.labels else subject
    own = performance.decision.column if performance and performance.decision else None
    if subject == DECISION_SUBJECT:
        return "predictions", own or subject
    of = next((c for c in config.challengers if challenger_subject(c.name) == subject), None)
    column = of.decision.column if of is not None and of.decision is not None else own
    return "predictions", f"{column} ({subject})"
