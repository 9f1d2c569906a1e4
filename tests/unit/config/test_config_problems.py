"""All problems are reported at once, each with its key and line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.model.config.configuration import ConfigurationError, Problem, parse_config

GOOD = """\
monitor: m
output: {path: out}
inputs:
  table: {path: in}
  id: a
  day: {column: day}
references:
  - {name: january, days: 2013-01-01..2013-01-31}
"""


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(ConfigurationError) as raised:
        parse_config(text, "m.yaml")
    return raised.value.problems


def only(text: str) -> Problem:
    found = problems(text)
    assert len(found) == 1, found
    return found[0]


def wrong(more: str) -> Problem:
    return only(GOOD + more)


def test_all_problems_are_reported_at_once_with_their_lines() -> None:
    found = problems(
        "monitor: a b\n"
        "time_zon: UTC\n"
        "output: {path: out}\n"
        "inputs:\n"
        "  table: {path: in, pth: x}\n"
        "  day: {column: day}\n"
        "windows: [day, {name: last, trailing_days: 0}]\n"
        "references:\n"
        "  - {name: lag, lag_days: x}\n"
        "  - {name: january, days: 2013-01-01..2013-01-31}\n"
        "  - {name: january, days: 2013-01-01..2013-01-31}\n"
        "binning: {reference: februar}\n"
        "thresholds: {psii: 0.1}\n"
    )
    assert [(problem.line, problem.place) for problem in found] == [
        (1, "monitor"),
        (2, "time_zon"),
        (5, "inputs.table.pth"),
        (7, "windows[1].trailing_days"),
        (9, "references[0].lag_days"),
        (11, "references[2].name"),
        (13, "thresholds.psii"),
    ]


def test_the_error_lists_the_problems_one_a_line() -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_config(GOOD + "time_zon: UTC\nbinning: {bins: 1}\n", "conf/m.yaml")
    assert str(raised.value).splitlines() == [
        "conf/m.yaml:9: time_zon: is not a known key; did you mean 'time_zone'?",
        "conf/m.yaml:10: binning.bins: must be at least 2, not 1",
    ]


@pytest.mark.parametrize(
    ("more", "place", "message"),
    [
        ("sgments: []", "sgments", "did you mean 'segments'?"),
        ("pairs: {tops: 3}", "pairs.tops", "did you mean 'top'?"),
        ("pairs: {foo: 3}", "pairs.foo", "known here: max_features, top, columns"),
        ("description: 3", "description", "must be a string"),
        ("pairs: {top: '3'}", "pairs.top", "must be an integer, not '3'"),
        ("pairs: {top: 2.5}", "pairs.top", "must be an integer, not 2.5"),
        ("pairs: {top: true}", "pairs.top", "must be an integer, not true"),
        ("pairs: 3", "pairs", "must be a mapping"),
        ("pairs:", "pairs", "must be a mapping"),
        ("segments: 3", "segments", "must be a list"),
        ("segments: [3]", "segments[0]", "must be a mapping"),
        ("windows: []", "windows", "at least 1"),
        ("time_zone: Europe/Zurch", "time_zone", "did you mean 'Europe/Zurich'?"),
        ("time_zone: ../UTC", "time_zone", "no time zone"),
        ("thresholds: {psi: .inf}", "thresholds.psi", "finite"),
        ("thresholds: {psi: -1}", "thresholds.psi", "must be above 0"),
        ("thresholds: {psi: 0}", "thresholds.psi", "must be above 0"),
        ("thresholds: {psii: 1}", "thresholds.psii", "did you mean 'psi'?"),
        ("features: {columns: {a b: {bins: 1}}}", 'features.columns["a b"].bins', "at least 2"),
        ("features: {columns: {a: {type: text}}}", "features.columns.a.type", "numeric"),
        (
            "features: {columns: {a: {type: numeric, max_values: 2}}}",
            "features.columns.a",
            "max_values applies to a categorical",
        ),
        ("windows: [dya]", "windows[0]", "did you mean 'day'?"),
        ("windows: [{name: day, trailing_days: 7}]", "windows[0]", "choose another name"),
        ("windows: [{name: w}]", "windows[0]", "needs either"),
        ("windows: [{name: w, from: 2013-01-01}]", "windows[0]", "both from and to"),
        ("windows: [{name: w, from: 2013-01-02, to: 2013-01-01}]", "windows[0]", "before it"),
        ("windows: [{name: w, from: 2013-13-01, to: 2013-01-01}]", "windows[0].from", "not a day"),
        ("windows: [day, day]", "windows[1].name", "already the name of windows[0]"),
        ("segments: [{name: all, columns: a}]", "segments[0].name", "reserved"),
        ("segments: [{name: '(other)', columns: a}]", "segments[0].name", "reserved"),
        ("segments: [{name: 'a/b', columns: a}]", "segments[0].name", "must consist of letters"),
        ("segments: [{name: ' a', columns: a}]", "segments[0].name", "begin or end"),
        ("segments: [{name: '', columns: a}]", "segments[0].name", "must not be empty"),
        (f"segments: [{{name: {'x' * 101}, columns: a}}]", "segments[0].name", "at most 100"),
        ("segments: [{name: s}]", "segments[0]", "needs one of columns or predicate"),
        ("segments: [{name: s, columns: a, predicate: b}]", "segments[0]", "not both"),
        ("segments: [{name: s, columns: [a, A]}]", "segments[0].columns", "twice"),
        ("segments: [{name: s, predicate: ' '}]", "segments[0].predicate", "blank"),
        ("segments: [{name: s, columns: a, max_values: 0}]", "segments[0].max_values", "at least"),
        ("binning: {reference: januar}", "binning.reference", "did you mean 'january'?"),
        ("predictions: {id: a, score: s}", "predictions", "a separate table"),
        ("predictions: {model_version: {literal: x}}", "predictions", "needs score or decision"),
        ("predictions: {score: s, decision: S}", "predictions", "a score and a decision"),
        (
            "predictions: {table: {path: p}, id: [a, b], day: {column: d}, score: s}",
            "predictions.id",
            "inputs.id names 1",
        ),
        ("constraints: [{name: c}]", "constraints[0]", "needs kind"),
        ("constraints: [{name: c, kind: row}]", "constraints[0]", "did you mean 'rows'?"),
        ("constraints: [{name: c, kind: rows}]", "constraints[0]", "needs lower, upper or both"),
        ("constraints: [{name: c, kind: rows, lower: -1}]", "constraints[0]", "below 0"),
        ("constraints: [{name: c, kind: mean, lower: 1}]", "constraints[0].column", "required"),
        (
            "constraints: [{name: c, kind: pattern, column: x, pattern: '^a', regex: a}]",
            "constraints[0].pattern",
            "not a known key",
        ),
        (
            "constraints: [{name: c, kind: mean, column: x, lower: 2, upper: 1}]",
            "constraints[0]",
            "above upper",
        ),
        (
            "constraints: [{name: c, kind: completeness, column: x, lower: 95}]",
            "constraints[0]",
            "above 1",
        ),
        (
            "constraints: [{name: c, kind: correlation, columns: [x], lower: 0}]",
            "constraints[0].columns",
            "at least 2",
        ),
        (
            "constraints: [{name: c, kind: domain, column: x, values: []}]",
            "constraints[0].values",
            "at least 1",
        ),
        (
            "constraints: [{name: c, kind: domain, column: x, values: [{a: 1}]}]",
            "constraints[0].values[0]",
            "must be a string, a number",
        ),
        (
            "constraints: [{name: c, kind: rows, lower: 1, severity: error}]",
            "constraints[0].severity",
            "known: warn, fail",
        ),
        (
            "constraints: [{name: c, kind: rows, lower: 1, table: predictions}]",
            "constraints[0].table",
            "no section predictions",
        ),
    ],
)
def test_a_problem_says_where_and_what(more: str, place: str, message: str) -> None:
    problem = wrong(more)
    assert (problem.place, problem.line) == (place, 9)
    assert message in problem.message


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("{name: r}", "needs one of days"),
        ("{name: r, lag_days: 1, trailing_days: 1}", "needs one of days"),
        ("{name: r, days: 2013-01-01, lag_days: 1}", "needs one of days"),
        ("{name: r, days: 2013-01-01, version: 3}", "require table"),
        ("{name: r, days: 2013-01-01, table: {path: t}}", "also needs day"),
        ("{name: r, lag_days: 7}", "needs a fixed reference"),
    ],
)
def test_a_reference_is_of_one_kind_and_one_is_fixed(reference: str, message: str) -> None:
    problem = only(GOOD[: GOOD.index("references")] + f"references: [{reference}]")
    assert message in problem.message
    assert problem.place.startswith("references")


@pytest.mark.parametrize(
    "days", ["2013-02-30", "2013-01-31..2013-01-01", "2013-01-01..", "January", "2013-1-1", "3"]
)
def test_days_of_a_reference_must_be_days(days: str) -> None:
    problem = only(GOOD.replace("2013-01-01..2013-01-31", days))
    assert (problem.place, problem.line) == ("references[0].days", 8)


def test_bins_cannot_be_fitted_on_a_reference_that_moves() -> None:
    problem = wrong("  - {name: lag, lag_days: 1}\nbinning: {reference: lag}")
    assert problem.place == "binning.reference"
    assert "moves with the window" in problem.message


def test_ids_are_required_where_predictions_have_a_table_of_their_own() -> None:
    text = GOOD.replace("  id: a\n", "")
    text += "predictions: {table: {path: p}, id: a, day: {column: d}, score: s}"
    assert only(text) == Problem(
        "inputs.id", 3, "is required when predictions have their own table"
    )


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", None, "is empty"),
        ("# nothing\n", None, "is empty"),
        ("3", 1, "must be a mapping"),
        ("- a", 1, "must be a mapping"),
        ("monitor: [a", 1, "is not YAML"),
        ("a: 1\nb: 'x", 2, "is not YAML"),
        ("a: 1\n---\nb: 2", 2, "is not YAML"),
        ("a: *b", 1, "is not YAML"),
        ("a: 1\nb: \x07", 2, "a character that YAML forbids"),
        ("a: " + "[" * 5000, 1, "nested more than"),
        ("a: " + "x" * 600_000, None, "more than 500000 characters"),
    ],
)
def test_a_text_that_is_no_mapping_is_refused(text: str, line: int | None, message: str) -> None:
    problem = only(text)
    assert message in problem.message
    assert problem.line == line


@pytest.mark.parametrize(
    ("more", "place", "message"),
    [
        ("description: a\ndescription: b", "description", "appears twice"),
        ("description: !!python/name:os.system x", "description", "not allowed"),
        ("description: !custom x", "description", "not allowed"),
        ("? [a, b]\n: 1", "", "a key that is not a string"),
        ("description: !!int x", "description", "is not a number"),
        ("<<: {description: a}", '["<<"]', "not a known key"),
    ],
)
def test_yaml_that_means_more_than_data_is_refused(more: str, place: str, message: str) -> None:
    found = [problem for problem in problems(GOOD + more) if message in problem.message]
    assert [problem.place for problem in found] == [place]


def test_aliases_cannot_make_a_small_text_grow_without_bound() -> None:
    levels = [f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]" for i in range(1, 9)]
    found = problems(GOOD + "l0: &l0 [x, x]\n" + "\n".join(levels))
    assert any("expands to more than" in problem.message for problem in found)


def test_an_alias_within_itself_is_refused() -> None:
    found = problems(GOOD + "segments: &s [*s]")
    assert any("endlessly" in problem.message for problem in found)


def test_statistics_that_thresholds_may_name_can_be_given() -> None:
    assert parse_config(GOOD + "thresholds: {mine: 1}", statistics={"mine", "psi"}).thresholds == {
        "mine": 1
    }


KEYS = st.sampled_from(
    [
        *("monitor", "output", "inputs", "predictions", "features", "segments", "windows"),
        *("references", "binning", "pairs", "constraints", "thresholds", "table", "path", "name"),
        *("day", "column", "columns", "days", "kind", "lower", "values", "where", "id", "score"),
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.dates(),
    st.sampled_from(["day", "rows", "domain", "2013-01-01..2013-01-31", "UTC", "psi"]),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=4), inner, max_size=6)
    ),
    max_leaves=25,
)


def refused_or_read(text: str) -> None:
    try:
        parse_config(text)
    except ConfigurationError as error:
        assert error.problems
        assert str(error)


@given(st.dictionaries(KEYS, TREES, max_size=12))
def test_any_tree_is_read_or_refused_with_problems(tree: dict[str, object]) -> None:
    import yaml

    refused_or_read(yaml.safe_dump(tree, allow_unicode=True))


@given(st.text(alphabet="ab:-[]{}&*!?|>'\"%@`#,. \n\t0123~<=", max_size=80))
def test_any_text_is_read_or_refused_with_problems(text: str) -> None:
    refused_or_read(text)


@given(st.data())
def test_a_good_text_that_is_damaged_is_read_or_refused(data: st.DataObject) -> None:
    text = (
        GOOD + "constraints: [{name: c, kind: mean, column: x, lower: 1}]\nthresholds: {psi: 1}\n"
    )
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, min(len(text), start + 12)))
    put = data.draw(st.text(max_size=6))
    refused_or_read(text[:start] + put + text[stop:])
