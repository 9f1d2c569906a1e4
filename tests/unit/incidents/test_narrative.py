"""The narrative of an incident: a sentence and a query."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from incident_examples import EVIDENCE, incidents
from modelwatch.model.diagnosis.change_evidence import KIND_RULES
from modelwatch.model.diagnosis.change_kinds import KindOfChange
from modelwatch.model.diagnosis.onset import Onset, onset_of
from modelwatch.model.incidents.events import events_between
from modelwatch.model.incidents.evidence_query import evidence_query
from modelwatch.model.incidents.metric_labels import _WORDS
from modelwatch.model.incidents.narrative import (
    KIND_WORDS,
    MOST_WORDS,
    also_affected,
    narratives,
    sentence_of,
    words_in,
)
from modelwatch.stats.diagnosis.changepoint import ChangePoint
from verdict_rows import day, fold, on, only, row, week

GONE = {"metric": "null_share_change", "value": 0.4, "threshold": 0.02}
KIND = KindOfChange("nulls", 0.93, "40% of `amount` became null")
PRIVATE = re.compile(
    r"\b(gate|figure|told|calls|held|promise|stands|turned|verdict|by and by|truth|family)\b",
    re.I,
)
"""Words that neither the field nor the glossary has in this sense."""
DIGITS = re.compile(r"\d[\d,.]*")


def sentence(rows: list[object], **more: object) -> str:
    return sentence_of(only(fold(rows, **more)))  # type: ignore[arg-type]


def test_a_sentence_says_what_where_since_when_how_sure_and_what_to_check() -> None:
    folded = fold(on((5, 6, 7), 20.0, **GONE), 8)
    found = narratives(only(folded), "shop", KIND, Onset("step", day(5), day(5), day(5)))
    assert found.sentence == (
        "`amount` has 40 percentage points more nulls than in reference `start`, since Jan 11 "
        "(3 days). Almost certainly missing values (40% of `amount` became null). Check what fills "
        "the column upstream."
    )
    assert (found.kind, found.confidence, found.shape) == ("nulls", 0.93, "step")


def test_the_tone_of_a_sentence() -> None:
    rows = on(range(7), 23.0, metric="mean_change_in_sd", value=23.04)
    moved = only(fold(rows, 7))
    unit = replace(moved, segmentation="merchant_category", segment="electronics")
    found = narratives(unit, "shop", KindOfChange("scale_change", 0.7, "values are 100x larger"))
    assert found.sentence == (
        "`amount` is 23 SD higher than in reference `start` for `merchant_category = electronics`, "
        "since Jan 6 (7 days). Likely a unit change (values are 100x larger). Check the upstream "
        "currency or unit conversion."
    )


def test_a_day_that_is_not_certain_is_about_that_day() -> None:
    onset = Onset("ramp", day(5), day(4), day(6))
    found = narratives(only(fold(on((5, 6, 7)), 8)), "shop", None, onset)
    assert str(found.sentence).endswith(", gradually since about Jan 11 (3 days).")


def test_a_sentence_of_what_is_not_understood_says_so() -> None:
    found = narratives(only(fold(on((5, 6)))), "shop", KindOfChange("undetermined", 0.1, "a or b"))
    assert "The kind of change is undetermined. Check " in str(found.sentence)


def test_a_loss_is_reported_from_what_to_what() -> None:
    rows = [week(n, value=-0.08, expected=0.83, role="labels") for n in (1, 2)]
    assert "Accuracy is 0.75, down from 0.83 in reference `start`, " in sentence(rows)


def test_values_that_differ_read_differently() -> None:
    rows = [week(n, value=-0.0001, expected=0.83, role="labels") for n in (1, 2)]
    assert "Accuracy is 0.8299, down from 0.83 " in sentence(rows)


def test_volume_missing_days_and_coverage_have_words_of_their_own() -> None:
    volume = {"source": "volume", "subject": "inputs", "metric": "rows", "reference": None}
    fewer = on((5, 6), 2.0, **volume, value=-0.6, expected=1234.0)
    assert "Table `inputs` has 60% fewer rows than expected (about 1,230), " in sentence([*fewer])
    missing = on((5,), 1.0, source="freshness", subject="inputs", metric="missing_day", value=None)
    assert "Table `inputs` has no rows on Jan 11, " in sentence([*missing])
    labels = {"source": "labels", "role": "labels", "subject": "labels", "metric": "coverage"}
    late = on((5, 6), 3.0, **labels, value=-0.3, expected=0.9)
    assert "Label coverage is 60%, down from 90%, " in sentence([*late])


def test_too_few_rows_for_other_checks_are_reported() -> None:
    volume = {"source": "volume", "subject": "inputs", "metric": "rows", "reference": None}
    fewer = only(fold(on((5, 6), 9.0, **volume, value=-0.9, expected=100.0, rows=10)))
    assert "(about 100), too few for other checks, " in sentence_of(fewer, 20)
    assert "too few" not in sentence_of(fewer, 10)


def test_a_segment_is_named() -> None:
    found = sentence(on((5, 6), segmentation="origin", segment="EWR"))
    assert " for `origin = EWR`, " in found


def test_the_value_that_carries_a_change_is_named() -> None:
    incident = only(fold(on((5, 6))))
    carried = replace(incident, spread="value", carrier_column="country", carrier_value="DE")
    assert " for `country = DE`, " in sentence_of(carried)
    nulls = replace(carried, carrier_value="(null)")
    assert " for `country = null`, " in sentence_of(nulls)
    word = replace(carried, carrier_value="null")
    assert " for `country = 'null'`, " in sentence_of(word)


def test_a_message_names_each_subject_once() -> None:
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
    found = str(also_affected(only(folded), children))
    assert found.startswith("Also affected: amount in channel = web, price in channel = ")
    assert found.count("price") == 1


def test_a_frequent_value_that_lost_rows_is_named() -> None:
    one = only(fold(on((5, 6), metric="value_share_fall", value=0.53)))
    assert sentence_of(one, fallen="'JFK'").startswith(
        "The value 'JFK' of `amount` has 53% fewer rows than expected"
    )
    assert sentence_of(one).startswith(
        "A frequent value of `amount` has 53% fewer rows than expected"
    )


def test_an_end_is_reported() -> None:
    assert ", from Jan 11 to Jan 12 (2 days)" in sentence(on((5, 6)))


def test_every_kind_has_words() -> None:
    assert set(KIND_WORDS) == set(KIND_RULES)


def test_the_examples_have_every_kind_and_every_metric_with_words() -> None:
    assert set(EVIDENCE) == set(KIND_RULES)
    assert {*_WORDS} <= {one.metric for one in incidents()}


def test_no_sentence_has_more_words_than_people_read() -> None:
    longest = max(map(sentence_of, incidents()), key=words_in)
    assert words_in(longest) <= MOST_WORDS, longest


def test_words_are_counted_with_each_quoted_name_as_one() -> None:
    assert words_in("`a b` is 3 SD higher for `c d = e f`, such as 'g h' and 'it\\'s i'.") == 12


def test_one_sentence_each_for_the_change_its_kind_and_what_to_check() -> None:
    for one in incidents():
        bare = re.sub(r"`[^`]*`|\([^()]*\)", "x", sentence_of(one))
        change, *rest = re.split(r"(?<=[^.]\.) (?=[A-Z])", bare)
        assert re.search(r"(since|from|on) (about )?Jan \d+", change), change
        starts = [part.split()[0] for part in rest]
        assert starts in ([], [starts[0] if starts else "", "Check"]), bare
        assert bool(starts) is (one.kind is not None)
        assert all(start in ("Almost", "Likely", "Possibly", "The") for start in starts[:1])


def test_sentences_have_no_private_words() -> None:
    for one in incidents():
        found = PRIVATE.search(re.sub(r"`[^`]*`", "x", sentence_of(one)))
        assert found is None, sentence_of(one)


def test_numbers_have_at_most_three_digits_unless_they_differ_in_more() -> None:
    for one in incidents():
        if one.area in ("data", "source", "performance") and one.kind is None:
            bare = re.sub(r"`[^`]*`|Jan \d+", "x", sentence_of(one))
            for number in DIGITS.findall(bare):
                assert len(number.strip(".,").replace(",", "").replace(".", "").strip("0")) <= 3


@pytest.mark.parametrize("name", ["a\x1b[31mb", "a\nb", "a\u202eb", "a`b", "a\u200bb"])
def test_hidden_characters_and_backquotes_of_a_name_are_escaped(name: str) -> None:
    found = sentence_of(only(fold(on((5, 6), subject=name))))
    assert found.count("`") == 4
    assert found.isprintable()
    assert "\\" in found.split("`")[1]


def days(*numbers: int) -> tuple[int, ...]:
    first = (day(0) - date(1970, 1, 1)).days
    return tuple(first + number for number in numbers)


def test_the_change_nearest_to_the_first_failure_is_reported() -> None:
    change = ChangePoint("steps", "steps", days(2, 30), days(1, 28), days(3, 33), (0, 1, 2), 20.0)
    assert onset_of(change, day(31)) == Onset("steps", day(30), day(28), day(33))


def test_a_ramp_begins_where_it_begins() -> None:
    change = ChangePoint("ramp", "ramp", days(10, 40), days(8, 38), days(12, 42), (0, 1), 20.0)
    assert onset_of(change, day(30)) == Onset("ramp", day(10), day(8), day(12))


def test_a_shape_that_does_not_stand_out_shows_no_day() -> None:
    change = ChangePoint("undetermined", "step", days(10), days(8), days(12), (0, 1), 2.0)
    assert onset_of(change, day(10)) == Onset("undetermined")
    far = ChangePoint("step", "step", days(10), days(8), days(12), (0, 1), 20.0)
    assert onset_of(far, day(100)) == Onset("undetermined")


def test_the_query_shows_the_metrics_from_before_it_began() -> None:
    query = evidence_query(only(fold(on((25, 26)))), "shop")
    assert query.startswith("SELECT window_start, statistic, value, threshold, row_count, mean")
    assert "feature = 'amount'" in query
    assert "statistic IN ('psi') AND window_start >= DATE '2020-01-10'" in query


def test_what_data_hold_stays_within_the_quotes_of_a_query() -> None:
    evil = on((5, 6), segmentation="name", segment="O'Hara\\' OR 1=1 --")
    assert "segment = 'O\\'Hara\\\\\\' OR 1=1 --'" in evidence_query(only(fold(evil)), "shop")


def test_effects_of_any_size_can_be_reported() -> None:
    for effect in (1.0, 1e9, float(np.finfo(np.float64).max)):
        for metric in ("psi", "mean_change_in_sd", "sd_log_ratio"):
            rows = [row(n, effect, metric=metric, value=effect) for n in (5, 6)]
            assert "since" in sentence(rows) or "from" in sentence(rows)


def test_lines_of_a_digest_have_the_right_plural() -> None:
    once = replace(only(fold(on((5, 6)))), failing_windows=1)
    (event,) = events_between((), (once,), day(10), day(0))[0][:1]
    assert event.detail == "1 window failed"
