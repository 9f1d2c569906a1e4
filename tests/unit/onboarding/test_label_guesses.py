"""What labels are taken for, from columns and from rows that were joined to predictions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwatch.model.config.columns import check_columns
from modelwatch.model.config.configuration import MonitorConfig, parse_config
from modelwatch.model.days import DayRange
from modelwatch.model.errors import SourceError
from modelwatch.model.onboarding.draft import draft
from modelwatch.model.onboarding.guess import Guess, LabelFacts, guess, holds_labels
from modelwatch.model.onboarding.id_guess import label_identity
from modelwatch.model.onboarding.label_guess import Delay, label_column
from modelwatch.model.onboarding.readings import readings_of
from modelwatch.model.onboarding.reference_guess import Typical
from modelwatch.model.onboarding.table_facts import (
    ColumnFacts,
    DateLag,
    JoinedFacts,
    TableFacts,
    Value,
)
from modelwatch.model.sources.tables import TableAddress
from modelwatch.spark.onboarding.joined_facts import facts_of_rows, read_facts

DAYS = DayRange(date(2024, 1, 1), date(2024, 6, 30))
ROWS = 2000


def column(name: str, kind: str, *values: Value, **more: float) -> ColumnFacts:
    wording = tuple((value, ROWS // len(values)) for value in values)
    return ColumnFacts(name, kind, 0, len(values) or 900, values=wording, **more)  # type: ignore[arg-type]


ID, DAY = column("order_id", "string"), column("day", "date")
AMOUNT = column("amount", "double", lowest=1.0, highest=90.0)
SCORE = column("proba", "double", lowest=0.01, highest=0.99)


def table(path: str, *columns: ColumnFacts) -> TableFacts:
    return TableFacts(
        TableAddress(path=path),
        (ID, DAY, *columns),
        rows=ROWS,
        unique=frozenset({"order_id"}),
        days=DAYS,
        dated_rows=ROWS * 100,
        days_with_rows=len(DAYS),
    )


ON_TIME = DateLag(ROWS, 0.0, 1.0, 1.0)
JOINED = JoinedFacts(ROWS, lags={"day": ON_TIME})


def configured(
    label: ColumnFacts,
    *answers: ColumnFacts,
    joined: JoinedFacts = JOINED,
    others: tuple[ColumnFacts, ...] = (),
    inputs: tuple[ColumnFacts, ...] = (AMOUNT,),
    delay: Delay | None = None,
) -> tuple[Guess, MonitorConfig]:
    labels = LabelFacts(table("s/labels", label, *others), label, ("order_id",), joined, delay)
    tables = table("s/inputs", *inputs), table("s/predictions", *answers)
    guessed = guess(*tables, labels=labels)
    return guessed, parse_config(draft(guessed, DAYS))


@pytest.mark.parametrize("name", ["y_true", "target", "label", "outcome", "class", "is_late"])
def test_the_label_is_found_by_its_name(name: str) -> None:
    labels = table("s/labels", AMOUNT, column(name, "int", 0, 1), column("flag", "boolean"))
    found = label_column(labels, {"order_id", "day"}, own_table=True)
    assert found is not None
    assert found.name == name


def test_labels_without_a_known_name_are_the_column_of_two_values() -> None:
    labels = table("s/labels", column("note", "string"), column("cash", "string", "a", "b"))
    found = label_column(labels, {"order_id", "day"}, own_table=True)
    assert found is not None
    assert found.name == "cash"


def test_a_truth_value_is_a_binary_task_with_its_score_and_decision() -> None:
    _, config = configured(
        column("late", "boolean", True, False), SCORE, column("flagged", "boolean", True, False)
    )
    assert config.labels is not None
    assert config.labels.label == "late"
    assert config.performance is not None
    assert (config.performance.task, config.performance.score) == ("binary", ("proba",))
    assert config.performance.decision is not None
    assert config.performance.decision.column == "flagged"


def test_the_positive_one_of_two_words_has_the_greater_scores() -> None:
    means = {"benign": 11.0, "malignant": 80.0}
    decided = {("risk", "referred"): {"no": 9.0, "yes": 77.0}}
    _, config = configured(
        column("outcome", "string", "benign", "malignant"),
        column("risk", "double", lowest=0.0, highest=100.0),
        column("referred", "string", "no", "yes"),
        joined=replace(JOINED, means={"risk": means}, decided=decided),
    )
    found = config.performance
    assert found is not None
    assert (found.positive, found.negative) == (("malignant", "yes"), ("benign", "no"))
    assert found.score_kind == "percentage"


def test_a_score_without_a_decision_has_the_threshold_of_its_unit() -> None:
    _, config = configured(
        column("y", "int", 0, 1),
        column("score", "double", lowest=-6.0, highest=6.0),
    )
    assert config.performance is not None
    assert config.performance.score_kind == "logit"
    assert config.performance.decision is not None
    assert config.performance.decision.threshold == 0


def test_scores_that_end_with_the_classes_are_those_of_the_classes() -> None:
    scores = [
        column(f"proba_{kind}", "double", lowest=0.0, highest=1.0)
        for kind in ("virginica", "setosa", "versicolor")
    ]
    _, config = configured(column("kind", "string", "setosa", "versicolor", "virginica"), *scores)
    found = config.performance
    assert found is not None
    assert found.task == "multiclass"
    assert found.classes == ("setosa", "versicolor", "virginica")
    assert found.score == ("proba_setosa", "proba_versicolor", "proba_virginica")


def test_a_number_of_many_values_is_a_regression_with_its_interval() -> None:
    answers = [
        column(name, "double", lowest=0.0, highest=90.0)
        for name in ("y_hat", "y_hat_lower", "y_hat_upper")
    ]
    _, config = configured(column("price", "double"), *answers)
    found = config.performance
    assert found is not None
    assert (found.task, found.score) == ("regression", ("y_hat",))
    assert found.interval == ("y_hat_lower", "y_hat_upper")


def test_integers_that_are_predicted_are_scores_of_a_regression() -> None:
    _, config = configured(
        column("minutes", "bigint", integral=True), column("y_pred", "bigint", integral=True)
    )
    assert config.performance is not None
    assert config.performance.score == ("y_pred",)
    assert config.predictions is not None
    assert config.predictions.decision == ()


def test_the_date_after_the_prediction_is_when_the_label_became_known() -> None:
    joined = replace(JOINED, lags={"day": ON_TIME, "settled_on": DateLag(ROWS, 9.0, 0.1, 1.0)})
    _, config = configured(
        column("late", "boolean", True, False),
        SCORE,
        joined=joined,
        others=(column("settled_on", "date"),),
        delay=Delay(21, "Measured."),
    )
    assert config.labels is not None
    assert config.labels.known is not None
    assert config.labels.known.column == "settled_on"
    assert config.labels.due.delay_days == 21


def test_a_date_of_the_row_by_which_labels_are_known_is_the_due_date_if_it_is_sooner() -> None:
    lags = {"day": ON_TIME, "known_on": DateLag(ROWS, 40.0, 0.0, 1.0)}
    dates = {("inputs", "checkout"): DateLag(ROWS, 60.0, 0.0, 1.0, {"known_on": 0.99})}
    more = {"others": (column("known_on", "date"),), "inputs": (AMOUNT, column("checkout", "date"))}
    joined = replace(JOINED, lags=lags, dates=dates)
    label = column("late", "boolean", True, False)
    for days, expected in ((200, "checkout"), (50, None)):
        _, config = configured(label, SCORE, joined=joined, delay=Delay(days, "Measured."), **more)  # type: ignore[arg-type]
        assert config.labels is not None
        assert config.labels.due.column == expected


def test_a_column_that_equals_the_label_is_neither_feature_nor_decision() -> None:
    copies = frozenset({("inputs", "biopsy"), ("predictions", "verdict")})
    guessed, config = configured(
        column("outcome", "string", "benign", "malignant"),
        SCORE,
        column("verdict", "string", "benign", "malignant"),
        inputs=(AMOUNT, column("biopsy", "string", "x", "y")),
        joined=replace(JOINED, copies=copies),
    )
    assert guessed.leaks == ("biopsy",)
    assert "biopsy" in config.features.exclude
    assert config.predictions is not None
    assert config.predictions.decision == ()


def test_a_ground_truth_among_the_inputs_is_reported_as_a_leak() -> None:
    guessed = guess(table("s/scored", AMOUNT, column("y_true", "int", 0, 1), SCORE))
    assert guessed.leaks == ("y_true",)
    reasons = {r.column: r.why for r in readings_of(guessed) if r.taken_for == "not a feature"}
    assert reasons["y_true"] == "reveals the label: a leak if it is an input of the model"


def test_labels_whose_day_is_not_that_of_the_prediction_are_not_used() -> None:
    joined = JoinedFacts(ROWS, lags={"day": DateLag(ROWS, 4.0, 0.2, 1.0)})
    guessed, config = configured(column("late", "boolean", True, False), SCORE, joined=joined)
    assert config.labels is None
    assert isinstance(guessed.labels, str)
    assert "day of the prediction" in guessed.labels


def test_a_challenger_is_compared_by_the_score_of_the_same_name() -> None:
    label = column("late", "boolean", True, False)
    labels = LabelFacts(table("s/labels", label), label, ("order_id",), JOINED)
    answers = table("s/predictions", SCORE, column("flagged", "boolean", True, False))
    challenger_facts = table("s/second", column("other", "double"), SCORE)
    guessed = guess(table("s/inputs", AMOUNT), answers, labels=labels, challenger=challenger_facts)
    config = parse_config(draft(guessed, DAYS))
    (challenger,) = config.challengers
    assert (challenger.name, challenger.score) == ("second", "proba")
    assert challenger.decision is not None
    assert challenger.decision.threshold == 0.5


@pytest.mark.parametrize(("kept", "due"), [(0.8, "label_due_on"), (0.3, None)])
def test_a_date_named_for_it_shows_when_labels_are_due_though_some_are_late(
    kept: float, due: str | None
) -> None:
    joined = JoinedFacts(
        ROWS,
        lags={"day": ON_TIME, "known_on": DateLag(ROWS, 30.0, 0.0, 1.0)},
        dates={
            ("predictions", "label_due_on"): DateLag(ROWS, 30.0, 0.0, 1.0, {"known_on": kept}),
        },
    )
    _, config = configured(
        column("late", "boolean", True, False),
        SCORE,
        column("label_due_on", "date"),
        joined=joined,
        others=(column("known_on", "date"),),
        delay=Delay(46, "why"),
    )
    assert config.labels is not None
    assert config.labels.due.column == due
    assert config.labels.due.delay_days == (None if due else 46)


def test_a_second_table_without_answers_is_one_of_labels_where_the_inputs_hold_a_score() -> None:
    scored = table("s/inputs", AMOUNT, column("y_pred", "double"))
    truth = table("s/truth", column("bikers", "double"), column("counted_at", "timestamp"))
    assert holds_labels(scored, truth)
    assert holds_labels(scored, table("s/truth", column("label", "int", 0, 1)))
    assert not holds_labels(scored, table("s/predictions", SCORE))
    assert not holds_labels(table("s/inputs", AMOUNT), truth)


def test_labels_under_another_id_are_joined_by_their_only_one() -> None:
    label = column("late", "boolean", True, False)
    other = TableFacts(TableAddress(path="l"), (column("uuid", "string"), DAY, label))
    assert label_identity(other, ("order_id",)) == ("uuid",)
    with pytest.raises(SourceError, match="use --id COLUMN"):
        label_identity(replace(other, columns=(DAY, label)), ("order_id",))


def test_joined_rows_show_copies_of_the_label_and_mean_scores() -> None:
    rng = np.random.default_rng(2)
    label = rng.integers(0, 2, 400)
    score = label * 0.5 + rng.uniform(0, 0.5, 400)
    rows = pa.table(
        {
            "label": label,
            "inputs:copy": np.where(label == 1, "yes", "no"),
            "inputs:noise": rng.integers(0, 2, 400),
            "inputs:row": np.arange(400),
            "predictions:score": score,
            "date-labels:known": pa.array(rng.integers(0, 9, 400), pa.int32()),
            "date-inputs:end": pa.array(np.full(400, 9), pa.int32()),
        }
    )
    found = read_facts(facts_of_rows(rows))
    assert found.copies == {("inputs", "copy")}
    assert found.means["score"][1] == pytest.approx(score[label == 1].mean())
    assert found.dates["inputs", "end"].known_by == {"known": 1.0}
    assert found.lags["known"].not_before == 1.0


KINDS = st.sampled_from(["int", "bigint", "double", "string", "boolean", "decimal(10,2)", "date"])
WORDS = st.sampled_from(
    ["y_pred", "proba", "y_true", "score", "class", "a.b", "null", "é", "# x", "proba_0", "lower"]
)
VALUES = st.lists(
    st.booleans() | st.integers(-3, 12) | st.sampled_from(["no", "a: b", "", "null", "[x]", "1"]),
    max_size=5,
    unique_by=lambda value: (isinstance(value, bool), str(value)),
)


@st.composite
def facts(draw: st.DrawFn, path: str) -> TableFacts:
    """A table of arbitrary columns, with consistent or inconsistent statistics."""
    columns = []
    for name in draw(st.lists(WORDS, max_size=5, unique=True)):
        kind = draw(KINDS)
        values = draw(VALUES) if kind != "date" else []
        fitting = [v for v in values if _fits(v, kind)]
        ends = sorted(draw(st.tuples(st.floats(-99, 200), st.floats(-99, 200))))
        number = kind in ("int", "bigint", "double", "decimal(10,2)")
        columns.append(
            ColumnFacts(
                name,
                kind,
                distinct=len(fitting) or 300,
                lowest=ends[0] if number else None,
                highest=ends[1] if number else None,
                values=tuple((value, 9) for value in fitting),
                integral=draw(st.booleans()) and number,
                spells_days=draw(st.booleans()) and kind == "string",
                roughness=draw(st.sampled_from([None, 0.1, 0.9])),
                density=draw(st.sampled_from([None, 0.1, 0.9])),
            )
        )
    # Some column has another meaning in no table.
    own = column(f"amount of {path}", "double", lowest=0.0, highest=9.0)
    return table(path, *columns, own)


def _fits(value: Value, kind: str) -> bool:
    if kind == "string":
        return isinstance(value, str)
    if kind == "boolean":
        return isinstance(value, bool)
    return isinstance(value, int) and not isinstance(value, bool)


@settings(max_examples=30, deadline=None)
@given(
    facts("s/inputs"),
    facts("s/predictions"),
    facts("s/labels"),
    facts("s/rival"),
    st.booleans(),
    st.booleans(),
)
def test_every_draft_is_a_configuration_that_fits_its_tables(
    inputs: TableFacts,
    predictions: TableFacts,
    labels: TableFacts,
    challenger_facts: TableFacts,
    two_tables: bool,
    is_known: bool,
) -> None:
    label = label_column(labels, {"order_id", "day"}, own_table=True)
    assert label is not None
    lags = (
        {"day": ON_TIME}
        | {c.name: DateLag(ROWS, 3.0, 0.1, 1.0) for c in labels.columns if c.plain_type == "date"}
        | {"day": ON_TIME}
    )
    joined = JoinedFacts(ROWS, lags=lags)
    delay = Delay(9, "Measured.") if is_known else None
    known = LabelFacts(labels, label, ("order_id",), joined, delay)
    guessed = guess(
        inputs, predictions if two_tables else None, ("order_id",), known, challenger_facts
    )
    typical = Typical(DAYS, "Some days.")
    config = parse_config(draft(guessed, DAYS, "UTC", typical))
    schemas = {
        role: {c.name: c.spark_type for c in one.columns}
        for role, one in (("inputs", inputs), ("predictions", predictions), ("labels", labels))
        if role != "predictions" or two_tables
    }
    schemas |= {
        f"challenger:{one.name}": {c.name: c.spark_type for c in challenger_facts.columns}
        for one in config.challengers
    }
    assert check_columns(config, schemas) == ()
    assert readings_of(guessed)
