"""Days in columns of text or integers, which only their values tell."""

from __future__ import annotations

import pytest

from modelwatch.model.errors import SourceError
from modelwatch.model.onboarding.day_guess import DayGuess, guess_day
from modelwatch.model.onboarding.table_facts import ColumnFacts, TableFacts
from modelwatch.model.sources.tables import TableAddress


def table(*columns: ColumnFacts) -> TableFacts:
    return TableFacts(TableAddress(path="t"), (ColumnFacts("amount", "double"), *columns))


def test_the_spelled_day_of_the_event_is_the_day() -> None:
    birth = ColumnFacts("birth", "string", spells_days=True)
    event = ColumnFacts("eventDate", "string", spells_days=True)
    assert guess_day(table(birth, event)) == DayGuess("eventDate", time=False)


def test_a_date_goes_before_one_that_is_spelled() -> None:
    spelled = ColumnFacts("day", "int", spells_days=True)
    assert guess_day(table(spelled, ColumnFacts("sold", "date"))).column == "sold"


def test_text_that_was_not_seen_to_spell_days_is_no_day() -> None:
    with pytest.raises(SourceError, match="for the day of a row"):
        guess_day(table(ColumnFacts("day", "string")))
