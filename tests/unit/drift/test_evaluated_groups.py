"""Profiles and drift of stored states, without Spark: how the states come changes no row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from modelwatch.evaluation.batch_functions import BatchFunction
from modelwatch.evaluation.drift.evaluated_windows import drifts_of, profiles_of
from modelwatch.evaluation.drift.question import (
    EvaluatedBlock,
    EvaluatedFeature,
    Evaluation,
)
from modelwatch.evaluation.planning.windows import WindowReference
from modelwatch.evaluation.states.groups import GROUP_KEY, state_groups
from modelwatch.model.planning.windows import Window
from modelwatch.stats.drift.advancing_dates import ADVANCING
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.numeric import NumericStates
from modelwatch.stats.states.pairs import PairStates
from modelwatch.tables import TABLES
from modelwatch.tables.arrow import arrow_schema
from samples import (
    categorical_binning,
    categorical_states,
    numeric_binning,
    numeric_states,
    pair_states,
)

FIRST = date(2024, 1, 1)
DAYS = [FIRST + timedelta(days=k) for k in range(40)]
RANDOM = np.random.default_rng(11)
AMOUNTS = [RANDOM.normal(10.0, 3.0, size=30).tolist() for _ in DAYS]
CODES = [RANDOM.choice(["a", "b", "c", "d"], size=30).tolist() for _ in DAYS]
AMOUNT = numeric_binning([v for day in AMOUNTS[:28] for v in day], bins=20)
CODE = categorical_binning([v for day in CODES[:28] for v in day])
BLOCK = pair_states([RANDOM.normal(size=(30, 3)) for _ in DAYS])
SCHEMA = arrow_schema(TABLES["feature_states"], *TABLES["feature_states"].own_names).insert(
    0, pa.field("source", pa.string())
)
EVALUATION = Evaluation(
    features={
        ("inputs", "amount"): EvaluatedFeature(AMOUNT),
        ("inputs", "code"): EvaluatedFeature(CODE),
    },
    blocks={"inputs": EvaluatedBlock(BLOCK.features, BLOCK.fingerprint)},
    windows=(
        *(Window("day", day, day) for day in DAYS[28:]),
        Window("week", DAYS[28], DAYS[34]),
        Window("week", DAYS[35], DAYS[39]),
    ),
    references=(
        WindowReference("first", ((DAYS[0], DAYS[27]),) * 14, fixed=True),
        WindowReference(
            "before",
            (None, *((day, day) for day in DAYS[28:39]), None, (DAYS[28], DAYS[34])),
            segments=False,
        ),
    ),
    thresholds={"psi": 0.2, "mean_change_in_sd": 0.5, "relation_error_change": 0.3},
    top_pairs=2,
)


def rows_of(
    states: NumericStates | CategoricalStates | PairStates, feature: str, segment: str = "all"
) -> Iterator[dict[str, object]]:
    for at, day in enumerate(DAYS):
        row: dict[str, object] = dict.fromkeys(SCHEMA.names)
        row |= {
            "source": "inputs",
            "day": day,
            "role": "inputs",
            "model_version": "v1" if at < 30 else "v2",
            "segmentation": "all" if segment == "all" else "region",
            "segment": segment,
            "feature": feature,
            "row_count": int(states.rows[at]),
        }
        if isinstance(states, PairStates):
            row |= {"kind": "pairs", "binning": states.fingerprint}
            row |= counts_of(states.products[at].ravel(), sparse=False)
        else:
            row |= {"binning": states.binning.fingerprint}
            row |= counts_of(states.counts[at], sparse=at % 2 == 0)
        if isinstance(states, NumericStates):
            row |= {"kind": "numeric", "sums": states.sums[at].tolist()}
            row |= {"minimum": states.minimum[at], "maximum": states.maximum[at]}
        if isinstance(states, CategoricalStates):
            row |= {"kind": "categorical", "length_sum": int(states.length_sum[at])}
            row |= {"length_min": int(states.length_min[at])}
            row |= {"length_max": int(states.length_max[at])}
        yield row


def counts_of(vector: np.ndarray, sparse: bool) -> dict[str, object]:
    held = np.flatnonzero(vector)
    return {
        "counts_length": len(vector),
        "positions": held.tolist() if sparse else None,
        "counts": (vector[held] if sparse else vector).tolist(),
    }


STATES = pa.RecordBatch.from_pylist(
    [
        *rows_of(categorical_states(CODE, CODES), "code"),
        *rows_of(categorical_states(CODE, [day[:12] for day in CODES]), "code", "north"),
        *rows_of(numeric_states(AMOUNT, AMOUNTS), "amount"),
        *rows_of(numeric_states(AMOUNT, [day[:12] for day in AMOUNTS]), "amount", "north"),
        *rows_of(numeric_states(AMOUNT, [day[12:] for day in AMOUNTS]), "amount", "south"),
        *rows_of(BLOCK, "(pairs)"),
    ],
    schema=SCHEMA,
)


def evaluated(function: BatchFunction, records: Iterable[pa.RecordBatch]) -> pa.Table:
    return pa.Table.from_batches(function(iter(records)))


TASKS = {"profile": profiles_of(EVALUATION), "drift": drifts_of(EVALUATION)}
AT_ONCE = {name: evaluated(task, [STATES]) for name, task in TASKS.items()}


@pytest.mark.parametrize("name", TASKS)
@example(cuts=list(range(1, STATES.num_rows)))
@given(cuts=st.lists(st.integers(1, STATES.num_rows - 1), max_size=30))
@settings(max_examples=8, deadline=None)
def test_rows_do_not_depend_on_how_the_states_are_cut_into_batches(name, cuts) -> None:
    ends = [0, *sorted(set(cuts)), STATES.num_rows]
    parts = [STATES.slice(a, b - a) for a, b in pairwise(ends)]
    assert evaluated(TASKS[name], parts).equals(AT_ONCE[name])


@pytest.mark.parametrize("name", TASKS)
def test_rows_do_not_depend_on_which_groups_a_task_has(name: str) -> None:
    groups = [group.table.to_batches() for group in state_groups([STATES])]
    alone = [batch for group in groups for batch in TASKS[name](iter(group))]
    assert pa.Table.from_batches(alone).equals(AT_ONCE[name])


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("bound", [1, 10**9])
def test_rows_do_not_depend_on_how_many_are_handed_on(
    name: str, bound: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelwatch.evaluation.collected_rows._ROWS_A_BATCH", bound)
    handed = list(TASKS[name](iter([STATES])))
    assert (len(handed) > 1) == (bound == 1)
    assert pa.Table.from_batches(handed).equals(AT_ONCE[name])


@pytest.mark.parametrize("name", TASKS)
def test_rows_of_a_window_do_not_depend_on_the_other_windows(name: str) -> None:
    alone = Evaluation(
        EVALUATION.features,
        EVALUATION.blocks,
        EVALUATION.windows[:1],
        (WindowReference("first", ((DAYS[0], DAYS[27]),), fixed=True),),
        EVALUATION.thresholds,
        top_pairs=2,
    )
    task = profiles_of(alone) if name == "profile" else drifts_of(alone)
    found = evaluated(task, [STATES])
    whole = AT_ONCE[name].filter(
        pc.and_(
            pc.equal(AT_ONCE[name]["window_name"], "day"),
            pc.equal(AT_ONCE[name]["window_start"], DAYS[28]),
        )
    )
    assert found.num_rows == whole.num_rows > 0
    for column in ("segment", "feature", "row_count", "reason"):
        assert found[column].equals(whole[column])
    np.testing.assert_allclose(found["value"].to_numpy(), whole["value"].to_numpy(), rtol=1e-12)


@pytest.mark.parametrize("sums", [None, [1, 2]])
def test_sums_of_another_length_are_refused(sums: list[int] | None) -> None:
    rows = STATES.filter(pc.equal(STATES["feature"], "amount")).to_pylist()
    rows[0]["sums"] = sums
    (group, *_) = state_groups([pa.RecordBatch.from_pylist(rows, schema=SCHEMA)])
    with pytest.raises(ValueError, match="longs of sums"):
        group.stack(AMOUNT)


def test_groups_are_distinguished_by_all_of_their_key() -> None:
    groups = list(state_groups([STATES]))
    keys = [tuple(getattr(group, name) for name in GROUP_KEY) for group in groups]
    assert len(keys) == len(set(keys)) == 6
    assert all(len(group.days) == len(DAYS) for group in groups)


def test_dates_that_advance_with_the_days_are_judged_by_shares_only() -> None:
    first = (FIRST - date(1970, 1, 1)).days
    due = [(first + at + RANDOM.integers(1, 60, size=30)).tolist() for at in range(len(DAYS))]
    binning = numeric_binning([v for day in due[:28] for v in day], bins=20)
    batch = pa.RecordBatch.from_pylist(
        [*rows_of(numeric_states(binning, due), "due")], schema=SCHEMA
    )
    thresholds = {"psi": 0.2, "mean_change_in_sd": 0.5, "null_share_change": 0.02}
    found = {}
    for unit in ("number", "day"):
        features = {("inputs", "due"): EvaluatedFeature(binning, unit)}
        evaluation = replace(EVALUATION, features=features, blocks={}, thresholds=thresholds)
        rows = evaluated(drifts_of(evaluation), [batch]).to_pylist()
        found[unit] = {
            row["statistic"]: (row["value"] is None, row["reason"], row["p_value"] is None)
            for row in rows
            if row["reference"] == "first" and row["window_start"] == DAYS[35]
        }
    assert {key: found["number"][key][0] for key in thresholds} == dict.fromkeys(thresholds, False)
    assert found["day"]["psi"] == found["day"]["ks"] == (True, ADVANCING, True)
    assert found["day"]["mean_change_in_sd"] == (True, ADVANCING, True)
    assert found["day"]["null_share_change"] == (False, None, False)
