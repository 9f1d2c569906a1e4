"""What is told of an incident: a sentence and a query."""

from __future__ import annotations

from datetime import date

import numpy as np

from modelwatch.model.change_evidence import RULES
from modelwatch.model.change_kinds import KindOfChange
from modelwatch.model.evidence_query import evidence_query
from modelwatch.model.since import Since, since_of
from modelwatch.model.telling import KIND_WORDS, sentence_of, told
from modelwatch.stats.changepoint import Change
from verdict_rows import day, fold, on, only, row, week

GONE = {"figure": "null_share_change", "value": 0.4, "gate": 0.02}
KIND = KindOfChange("nulls", 0.93, "40 % of the values of amount are gone")


def sentence(rows: list[object], **more: object) -> str:
    return sentence_of(only(fold(rows, **more)))  # type: ignore[arg-type]


def test_a_sentence_says_what_where_since_when_how_sure_and_what_to_look_at() -> None:
    folded = fold(on((5, 6, 7), 20.0, **GONE), 8)
    since = Since("step", day(5), day(4), day(5))
    found = told(only(folded), (), "shop", KIND, since)
    assert found.sentence == (
        "amount of the inputs: the share of nulls rose by 40.0% of the rows, 20 times its gate "
        "against start, since 2020-01-11, at once (it began between 2020-01-10 and 2020-01-11) "
        "(3 days, by chance 0.01); almost surely values that are missing (40 % of the values of "
        "amount are gone); look at what fills it upstream."
    )
    assert (found.kind, found.confidence, found.shape) == ("nulls", 0.93, "step")


def test_a_sentence_of_what_is_not_understood_says_so() -> None:
    found = told(only(fold(on((5, 6)))), (), "shop", KindOfChange("undetermined", 0.1, "a or b"))
    assert "of what kind is undetermined" in str(found.sentence)


def test_a_loss_is_told_from_what_to_what() -> None:
    rows = [week(n, value=-0.08, expected=0.83, role="labels") for n in (1, 2)]
    assert "Accuracy: fell from 0.83 to 0.75, 2 times its gate" in sentence(rows)


def test_volume_missing_days_and_coverage_have_words_of_their_own() -> None:
    volume = {"source": "volume", "subject": "inputs", "figure": "rows"}
    fewer = on((5, 6), 2.0, **volume, value=-0.6, expected=1000.0)
    assert "table inputs: 60% fewer rows than expected (about 1,000)" in sentence([*fewer])
    missing = on((5,), 1.0, source="freshness", subject="inputs", figure="missing_day", value=None)
    assert "table inputs: no rows on 2020-01-11, since" in sentence([*missing])
    labels = {"source": "labels", "role": "labels", "subject": "labels", "figure": "coverage"}
    late = on((5, 6), 3.0, **labels, value=-0.3, expected=0.9)
    assert "60% of the due labels came, where 90% used to" in sentence([*late])


def test_a_segment_is_named() -> None:
    found = sentence(on((5, 6), segmentation="origin", segment="EWR"))
    assert found.startswith("amount of the inputs in origin EWR: ")


def test_what_fails_with_it_is_named_as_far_as_it_lasts() -> None:
    rows = [*on(range(5, 10), 9.0), *(r for n in range(5) for r in on((8, 9), subject=f"f{n}"))]
    folded = fold(rows, 10)
    children = [one for one in folded.incidents if one.parent_id is not None]
    assert "; with it f0 of the inputs, f1 of the inputs, f2 of the inputs and 2 more" in (
        sentence_of(only(folded), children)
    )


def test_a_sentence_names_each_subject_once() -> None:
    web = {"segmentation": "channel", "segment": "web"}
    app = {"segmentation": "channel", "segment": "app"}
    rows = [
        *on(range(5, 10), 9.0),
        *on((8, 9), **web),
        *on((8, 9), subject="price"),
        *on((8, 9), subject="price", **web),
        *on((8, 9), subject="price", **app),
    ]
    folded = fold(rows, 10)
    children = [one for one in folded.incidents if one.parent_id is not None]
    found = sentence_of(only(folded), children)
    assert found.count("amount of the inputs") == 1
    assert found.count("price of the inputs") == 1
    assert "; also in channel web" in found
    assert "; with it price of the inputs in channel" in found


def test_an_end_is_told() -> None:
    assert "since 2020-01-11 until 2020-01-12 (2 days" in sentence(on((5, 6)))


def test_every_kind_has_words() -> None:
    assert set(KIND_WORDS) == set(RULES)


def days(*numbers: int) -> tuple[int, ...]:
    first = (day(0) - date(1970, 1, 1)).days
    return tuple(first + number for number in numbers)


def test_the_change_nearest_to_the_first_failure_is_told() -> None:
    change = Change("steps", "steps", days(2, 30), days(1, 28), days(3, 33), (0, 1, 2), 20.0)
    assert since_of(change, day(31)) == Since("steps", day(30), day(28), day(33))


def test_a_ramp_begins_where_it_begins() -> None:
    change = Change("ramp", "ramp", days(10, 40), days(8, 38), days(12, 42), (0, 1), 20.0)
    assert since_of(change, day(30)) == Since("ramp", day(10), day(8), day(12))


def test_a_shape_that_does_not_stand_out_tells_no_day() -> None:
    change = Change("undetermined", "step", days(10), days(8), days(12), (0, 1), 2.0)
    assert since_of(change, day(10)) == Since("undetermined")
    far = Change("step", "step", days(10), days(8), days(12), (0, 1), 20.0)
    assert since_of(far, day(100)) == Since("undetermined")


def test_the_query_shows_the_figures_from_before_it_began() -> None:
    query = evidence_query(only(fold(on((25, 26)))), "shop")
    assert query.startswith("SELECT window_start, statistic, value, gate, rows, mean")
    assert "feature = 'amount'" in query
    assert "statistic IN ('psi') AND window_start >= DATE '2020-01-10'" in query


def test_what_data_hold_stays_within_the_quotes_of_a_query() -> None:
    evil = on((5, 6), segmentation="name", segment="O'Hara\\' OR 1=1 --")
    assert "segment = 'O\\'Hara\\\\\\' OR 1=1 --'" in evidence_query(only(fold(evil)), "shop")


def test_effects_of_any_size_can_be_told() -> None:
    for effect in (1.0, 1e9, float(np.finfo(np.float64).max)):
        assert "times its gate" in sentence([row(5, effect), row(6, effect)])
