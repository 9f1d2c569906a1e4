"""What the states of some days depend on, read from the rows that a run has written of them."""

from __future__ import annotations

from datetime import date
from typing import Any

from modelwatch.model.planning.label_plan import LabelDay
from modelwatch.pipelines.states.label_states import label_facts
from modelwatch.stats.states.value_account import SPELLING, VALUE_COUNTS, VALUES

DAY, NEXT, LATER, NEVER = (date(2024, 1, day) for day in (1, 2, 9, 28))


def row(kind: str, **columns: Any) -> dict[str, Any]:
    whole = {"day": DAY, "name": "*", "positions": [], "counts": [], "due_days": []}
    return {**whole, "last_known": None, "next_known": None, "kind": kind, **columns}


def test_a_day_depends_on_the_last_label_known_and_on_the_next_and_the_last_due() -> None:
    rows = [
        row("labels", last_known=DAY, next_known=LATER, due_days=[NEVER]),
        row("labels", last_known=NEXT, next_known=NEXT),
        row("binary", due_days=[NEXT, LATER, None]),
        row("undecided", due_days=[DAY]),
        row("slice", last_known=NEVER, due_days=[NEVER]),
    ]
    days, _ = label_facts(rows, [DAY, NEXT])
    assert days == {DAY: LabelDay(NEXT, NEXT, LATER), NEXT: LabelDay()}


def test_values_of_a_day_are_counted_with_those_that_nobody_named() -> None:
    valued = VALUE_COUNTS.index("valued")
    rows = [
        row(VALUES, name="label", positions=[valued], counts=[5]),
        row(f"{SPELLING}label", name="maybe", positions=[0], counts=[2]),
    ]
    (account,) = label_facts(rows, [DAY])[1][DAY]
    assert (account.subject, account.valued, account.spellings) == ("label", 5, {"maybe": 2})
