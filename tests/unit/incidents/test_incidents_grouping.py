"""One cause, one incident: what is listed under what."""

from __future__ import annotations

import pytest

from modelwatch.model.incidents.incident import Incident
from modelwatch.model.incidents.ranking import Weights
from verdict_rows import day, fold, on, only, roots, row, week

EWR = {"segmentation": "origin", "segment": "EWR", "rows": 1000}


def children(incidents: tuple[Incident, ...], of: Incident) -> list[Incident]:
    return [one for one in incidents if one.parent_id == of.id]


def test_features_that_begin_together_are_one_incident_led_by_the_strongest() -> None:
    folded = fold([*on((5, 6)), *on((7, 8), 4.0, subject="price"), *on((6, 7), subject="shop")])
    incident = only(folded)
    assert (incident.subject, incident.children, incident.onset) == ("price", 2, day(5))
    assert [one.subject for one in children(folded.incidents, incident)] == ["amount", "shop"]


def test_of_large_effects_the_one_that_lasts_longest_leads() -> None:
    rows = [*on((5, 6), 60.0, subject="rain"), *on(range(5, 30), 9.0, subject="warmth")]
    assert only(fold(rows)).subject == "warmth"


def test_what_a_segment_once_had_is_another_incident() -> None:
    earlier = on((5, 6), **EWR)
    old, new = sorted(
        roots(fold([*earlier, *on((20, 21)), *on((20, 21), **EWR)])), key=lambda one: one.onset
    )
    assert (old.segment, old.onset, old.closed) == ("EWR", day(5), day(9))
    assert (new.segment, new.onset, new.children) == ("all", day(20), 1)


def test_a_segment_that_outlasts_what_it_began_with_is_another_incident() -> None:
    rows = [*on((5, 6), subject="price"), *on(range(6, 30), **EWR)]
    assert [(one.subject, one.state) for one in roots(fold(rows))] == [
        ("price", "closed"),
        ("amount", "open"),
    ]


def test_features_that_begin_weeks_apart_are_several() -> None:
    folded = fold([*on((5, 6)), *on((15, 16), subject="price")])
    assert [one.subject for one in roots(folded)] == ["amount", "price"]


def test_a_slow_trickle_of_features_is_not_one_endless_incident() -> None:
    rows = [r for n in range(6) for r in on((3 * n, 3 * n + 1), subject=f"f{n}")]
    assert [one.children for one in roots(fold(rows))] == [1, 1, 1]


def test_a_feature_leads_its_segments() -> None:
    folded = fold([*on((5, 6)), *on((5, 6), 9.0, **EWR)])
    incident = only(folded)
    assert incident.of_all_traffic
    assert children(folded.incidents, incident)[0].segment == "EWR"


def test_a_segment_that_follows_weeks_later_belongs_to_the_feature_while_that_lasts() -> None:
    incident = only(fold([*on(range(5, 30)), *on((25, 26), **EWR)]))
    assert (incident.children, incident.onset) == (1, day(5))


def test_a_segment_that_fails_alone_is_the_incident_over_its_features() -> None:
    folded = fold([*on((5, 6), **EWR), *on((5, 6), 3.0, subject="price", **EWR)])
    incident = only(folded)
    assert (incident.segment, incident.subject, incident.children) == ("EWR", "price", 1)
    assert incident.traffic_share == 0.1


def test_a_table_leads_its_features() -> None:
    volume = {"source": "volume", "subject": "inputs", "metric": "rows"}
    incident = only(fold([*on((5, 6)), *on((5, 6), 2.0, **volume)]))
    assert (incident.area, incident.subject, incident.children) == ("source", "inputs", 1)


def test_half_of_the_features_are_the_table() -> None:
    rows = [r for n in range(5) for r in on((5, 6), 2.0 + n, subject=f"f{n}")]
    folded = fold(rows, features=10)
    incident = only(folded)
    assert (incident.area, incident.subject, incident.metric) == ("source", "inputs", "features")
    assert (incident.value, incident.children, incident.effect) == (5.0, 5, 6.0)
    assert only(fold(rows, features=11)).area == "data"


def test_what_the_model_was_given_leads_what_it_answered() -> None:
    answers = on((5, 6), 9.0, role="predictions", subject="score")
    assert only(fold([*on((5, 6)), *answers])).role == "inputs"


def test_a_constraint_is_listed_under_the_feature_that_broke_it() -> None:
    broken = {"source": "constraint", "subject": "few nulls", "metric": "completeness"}
    folded = fold([*on((5, 6)), *on((5, 6), 1.0, **broken)])
    assert [one.area for one in folded.incidents] == ["data", "constraint"]


def test_metrics_and_segments_of_a_model_are_one_incident() -> None:
    rows = [
        *(week(n) for n in range(1, 6)),
        *(week(n, 5.0, **EWR) for n in (4, 5)),
        *(week(n, 3.0, subject="roc_auc", metric="roc_auc") for n in (3, 4)),
    ]
    incident = only(fold(rows, days=42))
    assert (incident.subject, incident.children) == ("roc_auc", 2)


def test_days_and_weeks_of_a_feature_are_one_incident_that_the_days_date() -> None:
    weeks = [
        row(7 * n, 2.0, window="week", window_end=day(7 * n + 6), subject=name)
        for n in (1, 2)
        for name in ("amount", "price")
    ]
    folded = fold([*on(range(10, 21)), *weeks], more="incidents: {windows: [day, week]}")
    assert (only(folded).children, only(folded).onset, only(folded).opened) == (2, day(10), day(11))


def test_what_moves_of_a_model_with_its_data_is_part_of_their_incident() -> None:
    incident = only(fold([*on(range(7, 21)), week(1), week(2)], days=42))
    assert (incident.subject, incident.children) == ("amount", 1)


def test_what_moves_of_a_model_weeks_later_is_linked_to_the_incident_of_its_data() -> None:
    folded = fold([*on(range(7, 41)), week(4), week(5)], days=42)
    data, model = roots(folded)
    assert (data.related, model.related) == ((model.id,), (data.id,))


def test_a_model_that_fails_after_its_data_recovered_is_another_incident() -> None:
    folded = fold([*on((8, 9)), week(1), week(2), week(3)], days=42)
    found = {one.area: (one.last_failing, one.children) for one in roots(folded)}
    assert found == {"data": (day(9), 0), "performance": (day(27), 0)}


def test_an_incident_lasts_as_long_as_one_of_its_subjects_and_is_led_by_one_that_lasts() -> None:
    folded = fold([*on((5, 6), 9.0), *on(range(5, 30), subject="price")])
    incident = only(folded)
    assert (incident.subject, incident.state, incident.last_failing) == ("price", "open", day(29))
    assert [one.subject for one in children(folded.incidents, incident)] == ["amount"]


def test_an_incident_that_is_over_is_led_by_the_strongest_of_all() -> None:
    folded = fold([*on((5, 6), 9.0), *on(range(5, 15), subject="price")])
    assert (only(folded).subject, only(folded).state) == ("amount", "closed")


def test_what_ended_before_that_which_lasts_began_does_not_date_an_incident() -> None:
    rows = [
        *(week(n, 9.0, subject="roc_auc", metric="roc_auc") for n in (0, 1)),
        *(week(n, 3.0, subject="recall", metric="recall") for n in (2, 3, 4, 5)),
        *(week(n, 4.0) for n in range(7, 12)),
    ]
    incident = next(one for one in roots(fold(rows, days=84)) if one.state == "open")
    assert (incident.subject, incident.onset) == ("accuracy", day(14))


def test_open_incidents_are_ranked_by_effect_importance_and_traffic() -> None:
    rows = [
        *on(range(30), 4.0, subject="weak"),
        *on(range(10, 30), 4.0, subject="dear"),
        *on(range(20, 30), 4.0, subject="rare", **EWR),
        *on(range(15, 17), 50.0, subject="over"),
    ]
    traffic = {("day", day(n)): 10_000 for n in range(30)}
    folded = fold(rows, weights=Weights(importance={"dear": 2.0}, traffic=traffic))
    assert [(one.subject, one.rank) for one in folded.open] == [
        ("dear", 1),
        ("weak", 2),
        ("rare", 3),
    ]
    assert {one.subject: one.rank for one in roots(folded)}["over"] is None


def test_the_value_of_a_segment_stands_for_its_traffic_where_it_is_known() -> None:
    rows = on((5, 6), **EWR)
    traffic = {("day", day(n)): 10_000 for n in range(30)}
    cheap = only(fold(rows, weights=Weights(traffic=traffic)))
    dear = only(fold(rows, weights=Weights(traffic=traffic, value_share={("origin", "EWR"): 0.9})))
    assert dear.score == pytest.approx(3 * cheap.score)


def test_the_same_history_gives_the_same_incidents_in_whatever_order_it_comes() -> None:
    rows = [*on((5, 6)), *on((5, 6), subject="price"), *on((15, 16), **EWR), week(1), week(2)]
    assert fold(rows) == fold(rows[::-1])
