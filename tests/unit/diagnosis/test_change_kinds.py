"""The kind of change of an incident, from simulated rows before and after it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest

from modelwatch.model.diagnosis.category_faults import fallen_value
from modelwatch.model.diagnosis.change_kinds import (
    KIND_RULES,
    ChangeKind,
    Evidence,
    FeatureChange,
    KindOfChange,
    kind_of_change,
)
from modelwatch.model.incidents.evidence_query import evidence_query
from modelwatch.model.incidents.incident import Incident
from modelwatch.model.incidents.narrative import sentence_of
from modelwatch.stats.diagnosis.change_explanations import (
    exchanged,
    moved,
    multiplied,
    nulls,
    one_value,
)
from samples import categorical_binning, categorical_state, numeric_binning, numeric_state
from verdict_rows import fold, on, only, roots, row, week

ROWS = 4000
RNG = np.random.default_rng(5)
TEMPERATURE = RNG.normal(40.0, 12.0, ROWS).round(1)
HUMIDITY = RNG.uniform(20.0, 100.0, ROWS).round(0)
SHOPS = RNG.choice(["north", "south", "east", "west"], ROWS, p=[0.4, 0.3, 0.2, 0.1]).tolist()
AGAIN = {
    "temperature": RNG.normal(40.5, 12.0, ROWS).round(1),
    "humidity": RNG.uniform(20.0, 100.0, ROWS).round(0),
    "shop": RNG.choice(["north", "south", "east", "west"], ROWS, p=[0.4, 0.3, 0.2, 0.1]).tolist(),
}
"""What comes where nothing changes."""
BINS = {
    "temperature": numeric_binning(TEMPERATURE),
    "humidity": numeric_binning(HUMIDITY),
    "shop": categorical_binning(SHOPS),
}
BEFORE = {"temperature": TEMPERATURE, "humidity": HUMIDITY, "shop": SHOPS}


def feature(name: str, now: Sequence[Any] | None = None, role: str = "inputs") -> FeatureChange:
    """A feature whose rows became others; None: nothing happened to it."""
    state = categorical_state if name == "shop" else numeric_state
    rows = AGAIN[name] if now is None else now
    return FeatureChange(
        name,
        role,
        state(BINS[name], BEFORE[name]),
        state(BINS[name], rows),  # type: ignore[arg-type]
    )


def incident(*names: str, **changes: Any) -> tuple[Incident, ...]:
    """An incident of some features, in which they failed together."""
    rows = [r for name in names for r in on((5, 6), subject=name, **changes)]
    return fold(rows, features=50).incidents


def wording(*features: FeatureChange, failing: Sequence[str] = (), **more: Any) -> KindOfChange:
    """The kind of an incident in which features changed; all those given failed, or those named."""
    names = failing or [one.name for one in features]
    others = tuple(feature(name) for name in BINS if name not in {one.name for one in features})
    return kind_of_change(Evidence(incident(*names), features=(*features, *others), **more))


def some(share: float) -> np.ndarray:
    return np.random.default_rng(7).random(ROWS) < share


@pytest.mark.parametrize("share", [0.05, 0.5, 1.0])
@pytest.mark.parametrize("name", ["temperature", "shop"])
def test_values_that_are_gone_are_nulls(name: str, share: float) -> None:
    gone = [None if hit else v for v, hit in zip(AGAIN[name], some(share), strict=True)]
    found = wording(feature(name, gone))
    assert found.kind == "nulls"
    assert f"of `{name}` became null" in found.evidence


@pytest.mark.parametrize("share", [0.01, 0.2, 1.0])
def test_a_value_that_never_was_is_a_sentinel(share: float) -> None:
    found = wording(feature("temperature", np.where(some(share), -999.0, AGAIN["temperature"])))
    assert found.kind == "sentinel"
    assert "is -999" in found.evidence


@pytest.mark.parametrize("share", [0.4, 1.0])
def test_a_usual_value_that_takes_over_is_a_constant(share: float) -> None:
    found = wording(feature("temperature", np.where(some(share), 41.0, AGAIN["temperature"])))
    assert found.kind == "constant"
    shop = wording(feature("shop", np.where(some(share), "west", AGAIN["shop"])))
    assert (shop.kind, "'west'" in shop.evidence) == ("constant", True)


@pytest.mark.parametrize("share", [0.3, 1.0])
@pytest.mark.parametrize(("factor", "words"), [(1.8, "1.8x larger"), (0.453592, "2.2x smaller")])
def test_values_that_are_multiplied_are_another_unit(
    factor: float, words: str, share: float
) -> None:
    values = np.where(some(share), factor * AGAIN["humidity"], AGAIN["humidity"])
    found = wording(feature("humidity", values))
    assert found.kind == "scale_change"
    assert words in found.evidence


@pytest.mark.parametrize("share", [0.4, 1.0])
def test_two_features_that_hold_each_other_are_swapped(share: float) -> None:
    hit = some(share)
    found = wording(
        feature("temperature", np.where(hit, AGAIN["humidity"], AGAIN["temperature"])),
        feature("humidity", np.where(hit, AGAIN["temperature"], AGAIN["humidity"])),
        failing=["temperature"],
    )
    assert found.kind == "swapped_columns"
    assert ", and vice versa" in found.evidence


def test_known_values_in_another_writing_are_a_new_type() -> None:
    found = wording(feature("shop", [str(value).upper() for value in AGAIN["shop"]]))
    assert found.kind == "new_type"


def test_another_normal_form_of_unicode_is_another_writing_that_can_be_seen() -> None:
    cities = ["Z\u00fcrich", "Bern", "Basel"] * 400
    now = [unicodedata.normalize("NFD", city) for city in cities]
    bins = categorical_binning(cities)
    change = FeatureChange(
        "city", "inputs", categorical_state(bins, cities), categorical_state(bins, now)
    )
    found = wording(change)
    assert found.kind == "new_type"
    assert "'Zu\\u0308rich' replaces 'Z\\xfcrich' in `city`" in found.evidence


@pytest.mark.parametrize("share", [0.03, 0.5])
def test_values_that_never_were_are_unseen_categories(share: float) -> None:
    found = wording(feature("shop", np.where(some(share), "moon", AGAIN["shop"])))
    assert found.kind == "unseen_categories"
    assert "'moon'" in found.evidence


def test_a_feature_that_moves_as_a_whole_is_a_shift_of_the_population() -> None:
    found = wording(feature("temperature", AGAIN["temperature"] + 15.0))
    assert (found.kind, "moved up" in found.evidence) == ("population_shift", True)


def test_another_mix_of_usual_values_is_a_shift_of_the_population() -> None:
    mix = np.random.default_rng(2).choice(["north", "south", "east", "west"], ROWS)
    assert wording(feature("shop", mix)).kind == "population_shift"


def test_what_comes_gradually_is_surer_to_be_a_shift_and_no_other_unit() -> None:
    values = AGAIN["humidity"] * 1.3
    sudden = wording(feature("humidity", values))
    gradual = wording(feature("humidity", values), shape="ramp")
    assert sudden.kind == "scale_change"
    assert gradual.kind == "population_shift"


def test_a_value_whose_rows_are_gone_is_missing_rows() -> None:
    rows = zip(AGAIN["shop"], some(0.9), strict=True)
    left = [value for value, hit in rows if value != "north" or not hit]
    found = wording(feature("shop", left), rows_ratio=len(left) / ROWS)
    assert found.kind == "missing_rows"
    assert "'north' in `shop` are missing" in found.evidence


def test_the_same_mix_without_fewer_rows_is_a_shift() -> None:
    left = [value for value in AGAIN["shop"] if value != "north"]
    assert wording(feature("shop", left), rows_ratio=1.0).kind == "population_shift"


def of(rows: list[Any], **more: Any) -> KindOfChange:
    return kind_of_change(Evidence(fold(rows, days=42).incidents, **more))


def test_fewer_rows_than_expected_are_missing_and_repeated_ids_are_duplicates() -> None:
    volume = {"source": "volume", "subject": "inputs"}
    fewer = on((5, 6), 2.0, **volume, metric="rows", value=-0.6, expected=1000.0)
    assert of(fewer).kind == "missing_rows"
    assert "60% fewer rows" in of(fewer).evidence
    twice = on((5, 6), 9.0, **volume, metric="duplicate_share", value=0.4)
    assert of([*twice, *fewer[:0]]).kind == "duplicated_rows"
    missing = on((5, 6), 1.0, source="freshness", subject="inputs", metric="missing_day")
    assert of(missing).kind == "missing_rows"


def test_labels_that_do_not_come_are_a_delay() -> None:
    rows = on((5, 6), source="labels", role="labels", subject="labels", metric="coverage")
    assert of(rows).kind == "label_delay"


def test_labels_that_nobody_named_are_no_delay_and_open_an_incident_in_one_day() -> None:
    rows = on((5,), 3.0, source="values", role="labels", subject="came", value=0.03, threshold=0.01)
    rows = [replace(one, metric="unmapped_share", reference=None) for one in rows]
    assert of(rows).kind == "unmapped_values"
    (found,) = fold(rows).incidents
    sentence = sentence_of(found)
    assert "3% of the values of `came` (labels) are not in the configuration" in sentence
    assert "FROM unmapped_values" in evidence_query(found, "shop")


ACCURACY = [week(1), week(2)]
WEEKS_LATER = [week(4), week(5)]
AUC = [week(n, subject="roc_auc", metric="roc_auc") for n in (1, 2)]
BASE_RATE = [week(n, subject="base_rate", metric="base_rate") for n in (1, 2)]


def test_errors_that_change_where_inputs_do_not_are_another_concept() -> None:
    assert of(ACCURACY).kind == "concept_shift"
    assert of([*ACCURACY, *AUC, *BASE_RATE]).kind == "concept_shift"


def test_more_positives_ranked_as_well_as_before_are_another_rate_of_labels() -> None:
    assert of([*ACCURACY, *BASE_RATE]).kind == "label_rate_shift"


def test_errors_that_change_with_the_inputs_are_laid_to_them() -> None:
    folded = fold([*WEEKS_LATER, *on(range(7, 41))], days=42)
    (model,) = [one for one in roots(folded) if one.area == "performance"]
    related = tuple(one for one in folded.incidents if one.id in model.related)
    assert kind_of_change(Evidence((model,), related)).kind == "population_shift"


SCORE = on(range(7, 21), role="predictions", subject="temperature")


def test_answers_that_move_where_inputs_do_not_are_another_model() -> None:
    moved_score = feature("temperature", AGAIN["temperature"] + 15.0, role="predictions")
    assert of(SCORE, features=(moved_score,)).kind == "model_change"
    lasting = on(range(7, 41), role="predictions", subject="temperature")
    folded = fold([*WEEKS_LATER, *lasting], days=42)
    (model,) = [one for one in roots(folded) if one.area == "performance"]
    related = tuple(one for one in folded.incidents if one.id in model.related)
    assert kind_of_change(Evidence((model,), related)).kind == "model_change"


BIAS = [week(n, subject="calibration_bias", metric="calibration_bias", value=14.0) for n in (1, 2)]


def test_scores_that_move_as_much_as_their_bias_are_another_model() -> None:
    moved_score = feature("temperature", AGAIN["temperature"] + 15.0, role="predictions")
    assert of([*ACCURACY, *BIAS], features=(moved_score,)).kind == "model_change"
    as_ever = feature("temperature", role="predictions")
    assert of([*ACCURACY, *BIAS], features=(as_ever,)).kind != "model_change"
    assert of([*BIAS, *BASE_RATE], features=(moved_score,)).kind == "label_rate_shift"


def test_what_began_weeks_later_is_no_cause() -> None:
    late = on(range(22, 36), role="predictions", subject="temperature")
    folded = fold([*ACCURACY, *late], days=42)
    (model,) = [one for one in roots(folded) if one.area == "performance"]
    others = tuple(one for one in roots(folded) if one.area == "data")
    assert kind_of_change(Evidence((model,), others)).kind == "concept_shift"


def test_a_score_has_no_unit() -> None:
    larger = feature("temperature", AGAIN["temperature"] * 1.8, role="predictions")
    assert of(SCORE, features=(larger,)).kind == "model_change"


def test_rows_of_one_wide_bin_beyond_the_first_reference_need_not_stand_still() -> None:
    bins = BINS["temperature"]
    low = bins.edges[-4]
    width = bins.edges[-3] - low
    random = np.random.default_rng(3)
    before = numeric_state(bins, random.uniform(low - width, low + width, ROWS))
    for now, constant in (
        (random.uniform(low, low + width, ROWS), False),
        (np.full(ROWS, low + width / 2), True),
    ):
        change = FeatureChange("temperature", "inputs", before, numeric_state(bins, now))
        found = kind_of_change(Evidence(incident("temperature"), features=(change,)))
        assert (found.kind == "constant") is constant


def test_a_few_new_values_do_not_explain_what_moved_further() -> None:
    hits = enumerate(zip(AGAIN["shop"], some(0.02), strict=True))
    new = [f"new {i % 3}" if hit else value for i, (value, hit) in hits]
    alone = wording(feature("shop", new))
    assert alone.kind == "unseen_categories"
    warm = feature("temperature", AGAIN["temperature"] + 15.0)
    rows = [*on((5, 6), 4.0, subject="temperature"), *on((5, 6), subject="shop")]
    lead = fold(rows, features=50).incidents
    both = kind_of_change(Evidence(lead, features=(warm, feature("shop", new))))
    assert "unseen_categories" not in dict(both.others)


def test_a_dry_week_is_no_constant() -> None:
    random = np.random.default_rng(5)
    rain = np.where(random.random(ROWS) < 0.06, random.uniform(0.01, 1.0, ROWS).round(2), 0.0)
    dry = np.where(random.random(ROWS) < 0.5, rain, 0.0)
    bins = numeric_binning(rain)
    for now in (dry, np.zeros(ROWS)):
        change = FeatureChange(
            "temperature", "inputs", numeric_state(bins, rain), numeric_state(bins, now)
        )
        assert one_value(change.before, change.now)[0].share > 0.4
        found = kind_of_change(Evidence(incident("temperature"), features=(change,)))
        assert found.kind != "constant"


def test_more_of_one_of_two_values_is_no_constant() -> None:
    binning = categorical_binning(["yes"] * 200 + ["no"] * 800)
    before = categorical_state(binning, ["yes"] * 200 + ["no"] * 800)
    for share, constant in ((700, False), (1000, True)):
        now = categorical_state(binning, ["yes"] * share + ["no"] * (1000 - share))
        kinds = dict(wording(FeatureChange("temperature", "inputs", before, now)).others)
        assert ("constant" in kinds) is constant


def test_nulls_are_named_where_the_other_values_are_never_the_same() -> None:
    colder = [None if hit else v for v, hit in zip(TEMPERATURE - 12.0, some(0.1), strict=True)]
    rows = on((5, 6), subject="temperature", metric="null_share_change", value=0.1)
    assert of(rows, features=(feature("temperature", colder),)).kind == "nulls"


def test_a_code_far_from_all_values_is_a_sentinel_whatever_the_others_do() -> None:
    colder = np.where(some(0.05), -999.0, TEMPERATURE - 8.0)
    assert wording(feature("temperature", colder)).kind == "sentinel"


def test_an_extreme_row_is_no_sentinel_where_a_usual_value_takes_over() -> None:
    values = np.where(some(0.6), 41.0, AGAIN["temperature"])
    values[:30] = TEMPERATURE.max() + 60.0
    assert wording(feature("temperature", values)).kind == "constant"


def test_a_fault_of_the_answers_is_a_fault() -> None:
    gone = [None if hit else v for v, hit in zip(AGAIN["temperature"], some(0.5), strict=True)]
    found = of(SCORE, features=(feature("temperature", gone, role="predictions"),))
    assert found.kind == "nulls"


def test_what_fails_when_a_version_appears_is_laid_to_it() -> None:
    assert of(ACCURACY, new_version="v2").kind == "model_change"
    assert "v2" in of(ACCURACY, new_version="v2").evidence


def test_what_no_rule_explains_is_undetermined() -> None:
    broken = on((5, 6), 1.0, source="constraint", subject="c", metric="predicate")
    assert of(broken).kind == "undetermined"


def test_the_other_kinds_are_named_with_their_scores() -> None:
    found = wording(feature("temperature", AGAIN["temperature"] + 15.0))
    assert found.others[0] == (found.kind, pytest.approx(found.confidence, abs=1e-3))
    assert [score for _, score in found.others] == sorted(
        (score for _, score in found.others), reverse=True
    )


def test_every_kind_has_a_rule() -> None:
    assert set(KIND_RULES) == set(get_args(ChangeKind))


@pytest.mark.parametrize("name", list(BINS))
def test_where_nothing_happened_nothing_is_explained(name: str) -> None:
    one = feature(name)
    others = [feature(other) for other in BINS if other != name]
    assert nulls(one.before, one.now).share == 0
    assert one_value(one.before, one.now)[0].share < 0.05
    assert not any(exchanged(one.before, one.now, other.before).explained for other in others)
    if name == "humidity":
        assert multiplied(one.before, one.now).explained == 0  # type: ignore[arg-type]
        assert moved(one.before, one.now).explained == 0  # type: ignore[arg-type]


def test_a_share_is_found_to_a_few_percent() -> None:
    hit = some(0.3)
    one = feature("humidity", np.where(hit, 1.8 * AGAIN["humidity"], AGAIN["humidity"]))
    found = multiplied(one.before, one.now)  # type: ignore[arg-type]
    assert found.share == pytest.approx(0.3, abs=0.06)
    assert found.value == pytest.approx(1.8, rel=0.02)


def test_a_constraint_shows_what_it_can() -> None:
    broken = replace(row(5, 1.0), source="constraint", subject="one row", metric="uniqueness")
    assert only(fold([broken])).area == "constraint"
    assert of([broken]).kind == "duplicated_rows"


@pytest.mark.parametrize("share", [0.04, 0.12, 0.4])
def test_zeros_in_the_place_of_nulls_are_nulls_that_are_filled_in(share: float) -> None:
    before = [None if hit else v for v, hit in zip(TEMPERATURE, some(share), strict=True)]
    now = np.where(some(share), 0.0, AGAIN["temperature"])
    changed = FeatureChange(
        "temperature",
        "inputs",
        numeric_state(BINS["temperature"], before),
        numeric_state(BINS["temperature"], now),
    )
    found = wording(changed)
    assert found.kind == "filled_nulls"
    assert "`temperature` no longer has nulls, but 0 in" in found.evidence


@pytest.mark.parametrize("share", [0.03, 0.05, 0.1, 0.2])
@pytest.mark.parametrize("factor", [100.0, 1000.0])
def test_a_decimal_sign_that_is_misread_in_some_rows_is_another_scale(share, factor) -> None:
    random = np.random.default_rng(11)
    before, again = random.lognormal(3.5, 1.0, (2, ROWS)).round(2)
    binning = numeric_binning(before)
    now = np.where(some(share), again * factor, again)
    changed = FeatureChange(
        "temperature", "inputs", numeric_state(binning, before), numeric_state(binning, now)
    )
    found = wording(changed)
    assert found.kind == "scale_change"
    assert f" is {factor:,.0f}x larger" in found.evidence


@pytest.mark.parametrize("code", [-999.0, 9999.0, 1e7])
def test_a_code_far_beyond_the_others_is_no_decimal_sign(code: float) -> None:
    random = np.random.default_rng(12)
    before, again = random.lognormal(3.5, 1.0, (2, ROWS)).round(2)
    binning = numeric_binning(before)
    changed = FeatureChange(
        "temperature",
        "inputs",
        numeric_state(binning, before),
        numeric_state(binning, np.where(some(0.05), code, again)),
    )
    assert wording(changed).kind == "sentinel"


@pytest.mark.parametrize("length", [8, 12])
def test_text_that_is_cut_after_some_characters_is_truncated(length: int) -> None:
    random = np.random.default_rng(13)
    known = [f"{word} street {n}" for word in ("north", "south", "market") for n in range(8)]
    before, again = (random.choice(known, ROWS).tolist() for _ in range(2))
    binning = categorical_binning(before)
    now = [value[:length] for value in again]
    changed = FeatureChange(
        "shop", "inputs", categorical_state(binning, before), categorical_state(binning, now)
    )
    found = wording(changed)
    assert found.kind == "truncated_text"
    assert f"are cut off after {length} characters" in found.evidence


def test_values_that_lost_their_decimals_are_rounded() -> None:
    found = wording(feature("temperature", np.round(AGAIN["temperature"])))
    assert found.kind == "rounded_values"


def test_a_column_that_is_stuck_at_an_integer_is_constant_rather_than_rounded() -> None:
    assert wording(feature("temperature", np.full(ROWS, 40.0))).kind == "constant"


def test_quarters_that_happen_to_add_up_to_an_integer_are_not_rounded() -> None:
    before = [i + day / 4 for day in range(1, 11) for i in range(1, 200)]
    now = [i + 0.25 for i in range(100)]
    binning = numeric_binning(before)
    states = (numeric_state(binning, rows) for rows in (before, now))
    change = FeatureChange("amount", "inputs", *states)
    found = kind_of_change(Evidence(incident("amount"), features=(change,)))
    assert "rounded_values" not in dict(found.others)


def amounts(now: Any, before: Any) -> FeatureChange:
    """A numeric feature of other rows than those above."""
    binning = numeric_binning(before)
    return FeatureChange("amount", "inputs", *(numeric_state(binning, v) for v in (before, now)))


def kind_of(*changes: FeatureChange, **more: Any) -> KindOfChange:
    names = [one.name for one in changes]
    return kind_of_change(Evidence(incident(*names), features=changes, **more))


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_values_that_lost_their_sign_are_another_scale(share: float) -> None:
    random = np.random.default_rng(14)
    before, again = random.gamma(3.0, 20.0, (2, ROWS)).round(2)
    found = kind_of(amounts(np.where(some(share), -again, again), before))
    assert (found.kind, "changed sign" in found.evidence) == ("scale_change", True)


def test_a_code_below_zero_is_no_lost_sign() -> None:
    random = np.random.default_rng(14)
    before, again = random.gamma(3.0, 20.0, (2, ROWS)).round(2)
    assert kind_of(amounts(np.where(some(0.2), -1.0, again), before)).kind == "sentinel"


def test_a_feature_of_both_signs_that_moves_down_is_a_shift() -> None:
    random = np.random.default_rng(15)
    before, again = random.normal(1.0, 2.0, (2, ROWS))
    assert kind_of(amounts(again - 2.0, before)).kind == "population_shift"


def test_two_codes_that_are_exchanged_are_swapped_codes() -> None:
    swapped = {"north": "west", "west": "north"}
    found = wording(feature("shop", [swapped.get(value, value) for value in AGAIN["shop"]]))
    assert found.kind == "swapped_codes"
    assert "'north' and 'west'" in found.evidence


def test_the_value_that_lost_most_of_its_rows_is_named() -> None:
    rare = np.random.default_rng(3).random(len(AGAIN["shop"])) < 0.8
    kept = [
        "other" if value == "west" and gone else value
        for value, gone in zip(AGAIN["shop"], rare, strict=True)
    ]
    assert fallen_value(feature("shop", kept)) == "'west'"
    assert fallen_value(feature("temperature")) is None


def test_a_value_that_takes_over_from_one_other_is_no_swap_of_codes() -> None:
    found = wording(feature("shop", ["west" if v == "north" else v for v in AGAIN["shop"]]))
    assert found.kind != "swapped_codes"


@pytest.mark.parametrize("affix", ["v2:{}", "{}_old", "{} "])
def test_known_values_with_a_prefix_or_suffix_are_a_new_type(affix: str) -> None:
    now = [affix.format(v) if hit else v for v, hit in zip(AGAIN["shop"], some(0.3), strict=True)]
    found = wording(feature("shop", now))
    assert (found.kind, " replaces '" in found.evidence) == ("new_type", True)


def test_one_new_value_that_begins_like_a_known_one_is_no_other_writing() -> None:
    now = np.where(some(0.2), "northern", AGAIN["shop"]).tolist()
    assert wording(feature("shop", now)).kind == "unseen_categories"


def test_rows_of_one_of_three_values_that_are_missing_make_no_other_constant() -> None:
    random = np.random.default_rng(16)
    before, again = (random.choice(["a", "b", "c"], ROWS, p=[0.6, 0.35, 0.05]) for _ in range(2))
    left = again[again != "b"].tolist()
    binning = categorical_binning(before.tolist())
    states = (categorical_state(binning, rows) for rows in (before.tolist(), left))
    change = FeatureChange("shop", "inputs", *states)
    assert kind_of(change, rows_ratio=len(left) / ROWS).kind == "missing_rows"
    assert kind_of(change, rows_ratio=1.0).kind != "missing_rows"


def test_nulls_of_the_rows_that_are_left_are_no_fault_where_others_are_missing() -> None:
    # The missing half of the rows had no nulls: the share of nulls doubles, their rows do not.
    nulls = some(0.1)
    before = np.where(nulls, np.nan, TEMPERATURE)
    left = np.concatenate([before[nulls], before[~nulls][: ROWS // 2 - int(nulls.sum())]])
    binning = numeric_binning(TEMPERATURE)
    rows = [[None if np.isnan(v) else v for v in part] for part in (before, left)]
    states = (numeric_state(binning, part) for part in rows)
    change = FeatureChange("amount", "inputs", *states)
    found = kind_of(change, rows_ratio=len(left) / ROWS)
    assert "nulls" not in dict(found.others)
    assert "nulls" in dict(kind_of(change, rows_ratio=1.0).others)


def test_values_of_another_column_in_the_place_of_all_are_no_filled_nulls() -> None:
    random = np.random.default_rng(17)
    gone = some(0.1)
    first = np.exp(random.normal(size=(2, ROWS)))
    second = random.normal(size=(2, ROWS))
    with_nulls = [[None if hit else v for v, hit in zip(s, gone, strict=True)] for s in second]
    bins = numeric_binning(first[0]), numeric_binning(second[0][~gone])
    skewed = FeatureChange(
        "skewed",
        "inputs",
        numeric_state(bins[0], first[0]),
        numeric_state(bins[0], with_nulls[1]),
    )
    normal = FeatureChange(
        "normal",
        "inputs",
        numeric_state(bins[1], with_nulls[0]),
        numeric_state(bins[1], first[1]),
    )
    assert kind_of(normal, skewed).kind == "swapped_columns"


def test_small_values_that_lost_their_decimals_are_rounded_rather_than_zero() -> None:
    random = np.random.default_rng(18)
    before, again = np.exp(random.normal(size=(2, ROWS)))
    assert kind_of(amounts(np.rint(again), before)).kind == "rounded_values"


def test_prices_in_cents_are_another_scale_though_they_are_integers() -> None:
    random = np.random.default_rng(19)
    before, again = random.gamma(3.0, 20.0, (2, ROWS)).round(2)
    assert kind_of(amounts(np.rint(again * 100.0), before)).kind == "scale_change"
