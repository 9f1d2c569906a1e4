"""Values without a configuration: how they are stored, evaluated, and reported."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.model.config.configuration import ConfigurationError, MonitorConfig, parse_config
from modelwatch.model.performance.value_accounts import (
    ValueAccount,
    reason_of,
    unmapped_lines,
    unmapped_values,
)
from modelwatch.stats.states.value_account import MOST_SPELLINGS, Spellings, bounded_spellings

DAY = date(2024, 1, 2)


def monitor(performance: str = "", health: str = "") -> MonitorConfig:
    return parse_config(f"""\
monitor: m
output: {{path: o}}
inputs: {{table: {{path: i}}, id: id, day: {{column: day}}}}
predictions: {{score: score}}
references: [{{name: fixed, days: 2000-01-01}}]
labels: {{table: {{path: l}}, id: id, day: {{column: day}}, label: came, due: {{delay_days: 3}}}}
performance: {{task: binary, score: score, decision: {{threshold: 0.5}}{performance}}}
source_health: {{{health}}}
""")


def wording(account: ValueAccount, config: MonitorConfig | None = None) -> list[tuple[str, float]]:
    found = unmapped_values(config or monitor(), {DAY: [account]})
    return [(one.verdict, one.share) for one in found]


def test_a_material_share_that_counts_as_nothing_fails() -> None:
    account = ValueAccount("label", 100, nothing=6, spellings={"TRUE": 6})
    assert wording(account) == [("fail", 0.06)]


def test_an_immaterial_share_passes() -> None:
    assert wording(ValueAccount("label", 1000, nothing=6)) == [("pass", 0.006)]


def test_the_share_that_matters_is_configured() -> None:
    account = ValueAccount("label", 1000, nothing=6)
    assert wording(account, monitor(health="unmapped: 0.005")) == [("fail", 0.006)]
    assert wording(account, monitor(health="unmapped: null")) == []


def test_one_value_that_is_taken_as_negative_is_the_other_side() -> None:
    account = ValueAccount("label", 100, negative=80, spellings={"active": 80})
    assert wording(account) == [("pass", 0.0)]


def test_several_values_that_are_taken_as_negative_are_a_warning() -> None:
    account = ValueAccount("label", 100, negative=80, spellings={"active": 70, "Churned": 10})
    assert wording(account) == [("warn", 0.1)]
    assert reason_of(account) == (
        "2 values count as negative, and no negative value is configured: 'active' (70), "
        "'Churned' (10)"
    )


def test_nothing_is_judged_where_the_rest_is_negative_by_configuration() -> None:
    account = ValueAccount("label", 100, negative=80, spellings={"a": 40, "b": 40})
    assert wording(account, monitor(", unmapped: negative")) == []


def test_the_reason_names_the_most_frequent_values_so_that_they_can_be_distinguished() -> None:
    account = ValueAccount(
        "label", 20, nothing=9, spellings={"True ": 4, "TRUE": 3, "True\u00a0": 2}
    )
    assert reason_of(account) == (
        "9 of 20 values are neither positive nor negative and count as no value: "
        "'True\\x20' (4), 'TRUE' (3), 'True\\xa0' (2)"
    )


def test_a_value_that_looks_like_one_that_is_named_is_distinguished_from_it() -> None:
    account = ValueAccount("label", 20, nothing=4, spellings={"yes ": 4})
    config = monitor(", positive: ['yes'], negative: ['no']")
    (found,) = unmapped_values(config, {DAY: [account]})
    assert "'yes\\x20' (4)" in str(found.reason)


def test_a_run_shows_the_last_day_of_each_column_and_what_to_write() -> None:
    account = ValueAccount("label", 10, nothing=5, spellings={"2": 5})
    days = {date(2024, 1, n): [account] for n in (1, 2, 3)}
    config = monitor()
    assert unmapped_lines(unmapped_values(config, days), config) == (
        "Warning: came of the labels on 2024-01-03: 5 of 10 values are neither positive nor "
        "negative and count as no value: '2' (5) (3 similar days). List them in "
        "performance.positive and performance.negative, or correct the rows; see the view "
        "unmapped_values.\n"
    )


@given(
    st.lists(st.dictionaries(st.text("ab", max_size=9), st.integers(1, 9)), max_size=6),
    st.integers(1, 3),
)
def test_what_is_kept_does_not_depend_on_how_rows_are_dealt(
    parts: list[dict[str, int]], tasks: int
) -> None:
    whole: dict[str, int] = {}
    for part in parts:
        for value, rows in part.items():
            whole[value] = whole.get(value, 0) + rows
    dealt = [Spellings() for _ in range(tasks)]
    for at, part in enumerate(parts):
        dealt[at % tasks].add(part.items())
    merged: dict[str, int] = {}
    for task in dealt:
        for value, rows in task.rows().items():
            merged[value] = merged.get(value, 0) + rows
    first = sorted(whole)[:MOST_SPELLINGS]
    assert bounded_spellings(merged) == {value: whole[value] for value in first}


@pytest.mark.parametrize(
    ("positive", "negative", "wording"),
    [
        ("['yes']", "['yes']", "contain the same value"),
        ("[1]", "[1.0]", "contain the same value"),
    ],
)
def test_both_sides_cannot_name_one_value(positive: str, negative: str, wording: str) -> None:
    with pytest.raises(ConfigurationError, match=wording):
        monitor(f", positive: {positive}, negative: {negative}")


def test_nothing_for_the_rest_needs_the_other_side() -> None:
    with pytest.raises(ConfigurationError, match="requires negative"):
        monitor(", unmapped: nothing")
