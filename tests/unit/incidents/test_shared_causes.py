"""What one cause explains is one incident; what only begins on the same day is several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from modelwatch.model.incidents.folding import Folded, History, fold_incidents
from modelwatch.model.incidents.incident import Incident
from modelwatch.model.incidents.ranking import Weights
from modelwatch.model.verdicts.row import VerdictRow
from verdict_rows import config, day, fold, on, only, roots, week, windows

DAYS = 20
NULLS = {"metric": "null_share_change"}
UNSEEN = {"metric": "unseen_share_change"}
SCORE = {"role": "predictions", "subject": "score"}
VOLUME = {"source": "volume", "subject": "inputs", "metric": "rows", "value": -0.5}


def explained(
    rows: Sequence[VerdictRow], found: dict[str, dict[str, Any]], *, more: str = ""
) -> Folded:
    """The incidents of a history once features were looked into: ``found`` by feature."""
    before = fold(rows, DAYS, more=more).incidents
    looked = [replace(one, **found[one.subject]) for one in before if one.subject in found]
    history = History(
        as_of=day(DAYS),
        windows=windows(range(DAYS), range(DAYS // 7)),
        rows=rows,
        features={"inputs": 20, "predictions": 2},
        explained=looked,
    )
    return fold_incidents(history, config(more), Weights())


def sets(folded: Folded) -> set[frozenset[str]]:
    """The subjects of each incident and its children."""
    return {
        frozenset({root.subject, *(one.subject for one in _children(folded, root))})
        for root in roots(folded)
    }


def _children(folded: Folded, root: Incident) -> Iterable[Incident]:
    return (one for one in folded.incidents if one.parent_id == root.id)


def subjects(*groups: str) -> set[frozenset[str]]:
    return {frozenset(group.split()) for group in groups}


def two(**second: Any) -> list[VerdictRow]:
    return [*on((5, 6), 4.0), *on((5, 6), subject="age", **second)]


def test_different_faults_of_one_day_are_different_incidents() -> None:
    found = {"amount": {"kind": "scale_change"}, "age": {"kind": "nulls"}}
    assert sets(explained(two(), found)) == subjects("amount", "age")


def test_the_same_fault_of_several_columns_is_one_incident() -> None:
    found = {"amount": {"kind": "nulls"}, "age": {"kind": "nulls"}}
    assert sets(explained(two(), found)) == subjects("amount age")


def test_the_same_fault_in_other_rows_is_another_incident() -> None:
    germany = {"spread": "value", "carrier_column": "country", "carrier_value": "DE"}
    books = {"spread": "value", "carrier_column": "category", "carrier_value": "books"}
    found = {"amount": {"kind": "nulls", **germany}, "age": {"kind": "nulls", **books}}
    assert sets(explained(two(), found)) == subjects("amount", "age")
    found["age"] = {"kind": "nulls", "spread": "everywhere"}
    assert sets(explained(two(), found)) == subjects("amount", "age")


def test_different_faults_in_the_same_rows_are_one_incident() -> None:
    germany = {"spread": "value", "carrier_column": "country", "carrier_value": "DE"}
    found = {
        "amount": {"kind": "unseen_categories", **germany},
        "age": {"kind": "nulls", **germany},
    }
    assert sets(explained(two(), found)) == subjects("amount age")


def test_different_faults_of_all_rows_are_not_in_the_same_rows() -> None:
    found = {
        "amount": {"kind": "scale_change", "spread": "everywhere"},
        "age": {"kind": "nulls", "spread": "everywhere"},
    }
    assert sets(explained(two(), found)) == subjects("amount", "age")


def test_a_feature_that_follows_from_another_is_part_of_its_incident() -> None:
    found = {"amount": {"kind": "constant", "follows": "age"}, "age": {"kind": "scale_change"}}
    folded = explained(two(), found)
    assert sets(folded) == subjects("amount age")
    # The weaker one leads: the other one follows from it.
    assert only(folded).subject == "age"


def test_features_that_moved_together_have_moved_for_one_reason() -> None:
    found = {"amount": {"kind": "population_shift"}, "age": {"kind": "undetermined"}}
    assert sets(explained(two(), found)) == subjects("amount age")


def test_shifts_that_different_segments_show_are_one_incident_and_faults_are_not() -> None:
    germany = {"segmentation": "country", "segment": "DE"}
    france = {"segmentation": "country", "segment": "FR"}
    rows = [*on((5, 6), 4.0, **germany), *on((5, 6), subject="age", **france)]
    shifted = {"amount": {"kind": "population_shift"}, "age": {"kind": "population_shift"}}
    assert sets(explained(rows, shifted)) == subjects("amount age")
    gone = {"amount": {"kind": "nulls"}, "age": {"kind": "nulls"}}
    assert sets(explained(rows, gone)) == subjects("amount", "age")


def test_what_shows_what_happened_leads_what_moved_with_it() -> None:
    found = {"amount": {"kind": "population_shift"}, "age": {"kind": "missing_rows"}}
    assert only(explained(two(), found)).subject == "age"


def test_no_fault_of_a_column_explains_that_another_one_moved() -> None:
    found = {"amount": {"kind": "population_shift"}, "age": {"kind": "nulls"}}
    assert sets(explained(two(), found)) == subjects("amount", "age")


def test_a_feature_that_only_goes_otherwise_with_the_others_follows_them() -> None:
    rows = two(metric="relation_error_change")
    found = {"amount": {"kind": "scale_change"}, "age": {"kind": "population_shift"}}
    assert sets(explained(rows, found)) == subjects("amount age")


def test_rows_that_are_missing_explain_what_moves_and_no_fault_of_a_column() -> None:
    rows = [*two(), *on((5, 6), 3.0, **VOLUME)]
    found = {"amount": {"kind": "population_shift"}, "age": {"kind": "sentinel"}}
    assert sets(explained(rows, found)) == subjects("inputs amount", "age")


def test_features_that_nobody_looked_into_are_distinguished_by_their_metrics() -> None:
    assert sets(fold(two(**NULLS), DAYS)) == subjects("amount", "age")
    rows = [*on((5, 6), **NULLS), *on((5, 6), subject="age", **NULLS)]
    assert sets(fold(rows, DAYS)) == subjects("amount age")
    rows = [*on((5, 6), **NULLS), *on((5, 6), subject="age", **UNSEEN)]
    assert sets(fold(rows, DAYS)) == subjects("amount", "age")


def test_answers_follow_inputs_that_changed_in_as_many_rows() -> None:
    rows = [*on((5, 6)), *on((5, 6), **SCORE)]
    broken = {"kind": "nulls", "affected_share": 0.3}
    found = {"amount": broken, "score": {"kind": "model_change", "affected_share": 0.2}}
    assert sets(explained(rows, found)) == subjects("amount score")
    found["score"] = {"kind": "constant", "affected_share": 1.0}
    assert sets(explained(rows, found)) == subjects("amount", "score")


def test_labels_that_change_are_no_consequence_of_a_broken_column() -> None:
    rows = [*on(range(7, 16), **NULLS), week(1), week(1, subject="base_rate")]
    rows += [week(0), week(0, subject="base_rate")]
    assert sets(fold(rows, DAYS)) == subjects("amount", "accuracy base_rate")


def test_labels_that_change_with_the_population_have_its_cause() -> None:
    rows = [*on(range(1, 16)), week(0), week(0, subject="base_rate")]
    rows += [week(1), week(1, subject="base_rate")]
    assert sets(fold(rows, DAYS)) == subjects("amount accuracy base_rate")


def test_what_a_segment_shows_does_not_move_the_model_as_a_whole() -> None:
    segment = {"segmentation": "country", "segment": "DE"}
    rows = [*on(range(1, 16), **segment), week(0), week(1)]
    assert sets(fold(rows, DAYS)) == subjects("amount", "accuracy")


def test_performance_of_which_labels_stopped_to_come_is_part_of_that() -> None:
    late = {"source": "labels", "role": "labels", "subject": "labels", "metric": "coverage"}
    rows = [*on(range(1, 16), **late), week(0), week(1)]
    assert sets(fold(rows, DAYS)) == subjects("labels accuracy")


def test_days_without_labels_and_labels_that_did_not_come_are_one_incident() -> None:
    late = {"source": "labels", "role": "labels", "subject": "labels", "metric": "coverage"}
    gone = {"source": "freshness", "role": "labels", "subject": "labels", "metric": "missing_day"}
    rows = [*on(range(5, 9), **late), *on(range(5, 9), 1.0, **gone), *on((5, 6))]
    assert sets(fold(rows, DAYS)) == subjects("labels", "amount")


PROMISES = """
constraints:
  - {name: ages known, kind: completeness, column: age}
"""


def test_a_constraint_has_the_cause_of_its_column() -> None:
    broken = {"source": "constraint", "subject": "ages known", "metric": "completeness"}
    rows = [*on((5, 6), 9.0, **UNSEEN), *on((5, 6), subject="age", **NULLS)]
    rows += on((5, 6), 1.0, **broken)
    folded = fold(rows, DAYS, more=PROMISES)
    assert sets(folded) == {frozenset({"amount"}), frozenset({"age", "ages known"})}


def test_incidents_of_different_causes_keep_their_ids_as_days_come() -> None:
    rows = [*on((5, 6, 7, 8)), *on((5, 6, 7, 8), subject="age", **NULLS)]
    first = fold(rows, 7)
    later = fold(rows, 9, previous=first.incidents)
    assert {one.id for one in roots(later)} == {one.id for one in roots(first)}


def test_what_was_found_once_holds_for_later_runs() -> None:
    first = explained(two(), {"amount": {"kind": "sentinel"}, "age": {"kind": "constant"}})
    known = [
        replace(one, kind={"amount": "sentinel", "age": "constant"}[one.subject])
        for one in first.incidents
    ]
    assert sets(fold(two(), DAYS, previous=known)) == subjects("amount", "age")


def test_performance_that_stays_bad_when_the_data_are_well_again_is_an_incident_of_its_own() -> (
    None
):
    rows = [*on((7, 8, 9)), *(week(n) for n in range(1, 6))]
    assert sets(fold(rows, 42)) == subjects("amount", "accuracy")


def test_people_are_notified_when_an_incident_reaches_the_model() -> None:
    rows = [*on(range(7, 30)), week(1), week(2)]
    first = fold(rows, 10)
    later = fold(rows, 21, previous=first.incidents)
    (reached,) = [one for one in later.events if one.event == "child_added"]
    assert (reached.is_reported, reached.detail) == (True, "accuracy")
    again = fold(rows, 28, previous=later.incidents)
    assert not [one for one in again.events if one.event == "child_added"]


def test_an_incident_that_reaches_the_model_ranks_before_one_that_does_not() -> None:
    rows = [*on(range(7, 21), 3.0), week(1), week(2)]
    other = on(range(1, 21), 4.0, subject="age")
    folded = fold([*rows, *other], 21)
    assert [one.subject for one in folded.open] == ["amount", "age"]
