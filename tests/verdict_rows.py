"""Verdict rows made by hand, a day each, and what they fold into."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from modelwatch.model.config.configuration import MonitorConfig, parse_config
from modelwatch.model.incidents.folding import Folded, History, fold_incidents
from modelwatch.model.incidents.incident import AREAS, Action, Incident, JudgedWindow
from modelwatch.model.incidents.ranking import Weights
from modelwatch.model.verdicts.row import VerdictRow, VerdictSource

FIRST = date(2020, 1, 6)
"""A Monday, the first day of the histories here."""
PLAIN = """
monitor: shop
output: {path: out}
inputs: {table: {path: in}, day: {column: day}}
references: [{name: start, days: 2019-12-01..2019-12-31}]
"""


def config(more: str = "") -> MonitorConfig:
    return parse_config(PLAIN + more)


def day(number: int) -> date:
    """The day so many days after the first one."""
    return FIRST + timedelta(days=number)


def row(number: int, effect: float | None = 2.0, **changes: Any) -> VerdictRow:
    """A metric of the feature `amount` on one day, which fails if its effect is at least 1."""
    verdict = "fail" if effect is not None and effect >= 1 else "pass"
    made = VerdictRow(
        source="drift",
        role="inputs",
        subject="amount",
        metric="psi",
        model_version="*",
        segmentation="all",
        segment="all",
        window="day",
        window_start=day(number),
        window_end=day(number),
        reference="start",
        value=None if effect is None else 0.2 * effect,
        expected=None,
        threshold=0.2,
        effect=effect,
        p_value=0.001,
        adjusted_p=0.01,
        comparisons=10,
        verdict=verdict,  # type: ignore[arg-type]
        reason=None,
        rows=1000,
    )
    return replace(made, **changes)


def on(numbers: Iterable[int], effect: float | None = 2.0, **changes: Any) -> list[VerdictRow]:
    """The same metric on several days."""
    return [row(number, effect, **changes) for number in numbers]


def week(number: int, effect: float = 2.0, **changes: Any) -> VerdictRow:
    """The accuracy of one week."""
    made = row(7 * number, effect, source="performance", role="predictions", subject="accuracy")
    made = replace(made, metric="accuracy", window="week", window_end=day(7 * number + 6))
    return replace(made, **changes)


def windows(days: Sequence[int], weeks: Sequence[int] = ()) -> list[JudgedWindow]:
    """Days in which all sources were judged but performance, and weeks for it and for drift."""
    found = [
        JudgedWindow(source, "day", day(number), day(number), rows=10_000)
        for source in AREAS
        if source not in ("performance", "estimate")
        for number in days
    ]
    weekly: tuple[VerdictSource, ...] = ("performance", "estimate", "drift")
    return found + [
        JudgedWindow(source, "week", day(7 * n), day(7 * n + 6), rows=70_000)
        for source in weekly
        for n in weeks
    ]


def fold(
    rows: Iterable[VerdictRow],
    days: int = 30,
    *,
    first: int = 0,
    previous: Sequence[Incident] = (),
    actions: Sequence[Action] = (),
    more: str = "",
    weights: Weights | None = None,
    features: int = 20,
) -> Folded:
    """What a run on the day after some days folds."""
    of = config(more)
    last = first + days
    held = [one for one in rows if day(first) <= one.window_start and one.window_end < day(last)]
    history = History(
        as_of=day(last),
        windows=windows(range(first, last), range(-(-first // 7), last // 7)),
        rows=held,
        previous=previous,
        actions=actions,
        features={"inputs": features, "predictions": 2},
    )
    traffic = {("day", day(n)): 10_000 for n in range(first, last)}
    return fold_incidents(history, of, weights or Weights(traffic=traffic))


def roots(folded: Folded) -> list[Incident]:
    """The incidents without their children, those that are withdrawn left out."""
    return [one for one in folded.incidents if one.parent_id is None and one.state != "withdrawn"]


def only(folded: Folded) -> Incident:
    (found,) = roots(folded)
    return found
