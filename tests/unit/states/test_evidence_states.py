"""Day states of the evidence are those that a run's pass over rows gives."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scripts.evidence.configuration import configuration
from scripts.evidence.day_states import WHOLE, DayStates, Plans, day_states, fitted_plans
from scripts.evidence.simulated import Shape, quiet_world
from scripts.evidence.world import Table, World, month_after, world_of

from modelwatch.stats.states.batch import (
    PAIRS,
    ROW_FEATURE,
    Batch,
    BatchColumn,
    Block,
    Numbers,
    TallyPlan,
    Texts,
)
from modelwatch.stats.states.binning import NumericBinning
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.numeric import NumericStates
from modelwatch.stats.states.score_batch import ScoreBatch, ScorePlan
from modelwatch.stats.states.score_tally import ScoreTally
from modelwatch.stats.states.state import State
from modelwatch.stats.states.tally import Tally
from modelwatch.stats.value_names import ALL
from naive_scores import score_states


def rows_with_everything() -> World:
    """Nulls, infinities, unseen values, repeated rows, and a segment that is absent on a day."""
    world = quiet_world(Shape(rows=40, segments=True), 3)
    rows = world.rows
    n = len(rows)
    late = rows["day"].to_numpy() >= world.period.current[0]
    rows = rows.assign(
        normal_1=rows["normal_1"].where(np.arange(n) % 17 != 0, np.inf),
        some_values=rows["some_values"].mask(late & (np.arange(n) % 5 == 0), "new"),
        rare_value=rows["rare_value"].mask(np.arange(n) % 11 == 0, None),
        few_values=rows["few_values"].mask(rows["day"] == rows["day"].min(), "v0"),
        copies=np.where(np.arange(n) % 7 == 0, 2, 1),
    )
    return World(world.name, world.table, rows, world.period, world.as_of)


@pytest.fixture(scope="module")
def world() -> World:
    return rows_with_everything()


@pytest.fixture(scope="module")
def plans(world: World) -> Plans:
    return fitted_plans(world, configuration(world))


@pytest.fixture(scope="module")
def counted(world: World, plans: Plans) -> DayStates:
    return day_states(plans, world)


def a_batch(world: World, plans: Plans) -> tuple[Batch, np.ndarray, list[np.ndarray]]:
    rows = world.rows
    days, slots = np.unique(rows["day"].to_numpy(), return_inverse=True)
    segments = []
    for split in plans.splits:
        known = {name: code for code, name in enumerate(split.segments)}
        segments.append(rows[split.name].map(known).to_numpy(dtype=np.int32))
    columns: list[Numbers | Texts] = []
    for name, binning in plans.binnings.items():
        if isinstance(binning, NumericBinning):
            values = rows[name].to_numpy(dtype=np.float64)
            columns.append(Numbers(values, np.isnan(values)))
        else:
            codes, names = pd.factorize(rows[name])
            codes = np.where(codes < 0, len(names), codes).astype(np.int32)
            columns.append(Texts(list(names), codes))
    keys = [(int(day), "v1") for day in days]
    copies = [rows["copies"].to_numpy()] * 2
    batch = Batch(len(rows), keys, slots.astype(np.int32), [None, None], copies, segments, columns)
    return batch, days, segments


@pytest.fixture(scope="module")
def tallied(world: World, plans: Plans) -> dict[tuple[object, ...], State]:
    names = list(plans.binnings)
    columns = tuple(
        BatchColumn(n, int(plans.role(n) == "predictions"), plans.binnings[n]) for n in names
    )
    block = Block(0, tuple(names.index(name) for name in plans.block))
    tally = Tally(TallyPlan(columns, plans.splits, (block,)))
    tally.add(a_batch(world, plans)[0])
    return {(k[0], k[3], k[4], k[5]): state for k, state in tally.states()}


def test_states_of_features_are_those_of_the_pass_over_rows(counted, tallied) -> None:
    held = 0
    for ((segmentation, segment), feature), stacked in counted.features.items():
        states = stacked.states
        for at, day in enumerate(stacked.days):
            wording = tallied[int(day), segmentation, segment, feature]
            np.testing.assert_array_equal(states.counts[at], wording.counts)
            if isinstance(states, NumericStates):
                np.testing.assert_array_equal(states.sums[at], wording.sums)
                extremes = states.minimum[at], states.maximum[at]
                np.testing.assert_array_equal(extremes, (wording.minimum, wording.maximum))
            elif segmentation == ALL:
                assert states.unseen[at] == wording.unseen
                lengths = states.length_sum[at], states.length_min[at], states.length_max[at]
                np.testing.assert_array_equal(lengths, wording.lengths)
            if segmentation == ALL:
                np.testing.assert_array_equal(stacked.sketches[at], wording.sketch)
            held += 1
    assert held == sum(key[3] not in (ROW_FEATURE, PAIRS) for key in tallied)


def test_products_and_rows_are_those_of_the_pass_over_rows(counted, tallied) -> None:
    for at, day in enumerate(counted.days):
        products = tallied[int(day), ALL, ALL, PAIRS].counts
        np.testing.assert_array_equal(counted.block.products[at].ravel(), products)
        account = tallied[int(day), ALL, ALL, ROW_FEATURE].counts
        assert (counted.rows[at], counted.repeated[at]) == (account[0], account[-1])


def test_states_of_scores_are_those_of_the_pass_over_predictions(world, plans, counted) -> None:
    rows = world.rows
    _, days, segments = a_batch(world, plans)
    late = rows["late"].to_numpy()
    score = plans.binnings["probability"]
    assert isinstance(score, NumericBinning)
    tally = ScoreTally(ScorePlan("binary", score, segmentations=plans.splits))
    tally.add(
        ScoreBatch(
            rows=len(rows),
            keys=[(int(day), int(day), "v1") for day in days],
            slots=np.searchsorted(days, rows["day"].to_numpy()),
            decision=(rows["decision"] == "true").to_numpy(dtype=np.int64),
            label=(late + 1).astype(np.int64),
            score=rows["probability"].to_numpy(),
            score_nulls=None,
            target=None,
            interval=None,
            age=np.zeros(len(rows), dtype=np.int64),
            segments=segments,
            slices=[],
            values=[],
        )
    )
    held = 0
    for key, state in score_states(tally):
        if key.kind != "binary":
            continue
        numbers, stack = counted.scores[key.segmentation, key.segment]
        at = int(np.searchsorted(numbers, key.day))
        np.testing.assert_array_equal(stack.counts[at].ravel(), state.counts)
        sums = np.concatenate([stack.score_sums[at].ravel(), stack.loss_sums[at].ravel()])
        np.testing.assert_array_equal(sums, state.sums)
        held += 1
    assert held == sum(len(numbers) for numbers, _ in counted.scores.values())


def test_a_row_of_weight_n_counts_as_n_rows() -> None:
    rng = np.random.default_rng(4)
    n = 300
    rows = pd.DataFrame(
        {
            "day": np.sort(rng.integers(*np.array(month_after(28).current) - [28, 0], n)),
            "amount": np.where(rng.random(n) < 0.1, np.nan, rng.gamma(2.0, 10.0, n)),
            "other": rng.standard_normal(n),
            "shop": rng.choice(np.array(["a", "b", "longer"], dtype=object), n),
            "probability": rng.random(n),
            "decision": rng.choice(np.array(["true", "false"], dtype=object), n),
            "late": rng.integers(0, 2, n).astype(float),
            "weight": rng.integers(1, 9, n),
        }
    )
    table = Table(("amount", "other", "shop"), ("shop",))
    weighted = world_of("weighted", table, rows, month_after(28))
    again = rows.loc[np.repeat(rows.index, rows["weight"])].assign(weight=1)
    plain = world_of("plain", table, again, month_after(28))
    plans = fitted_plans(plain, configuration(plain))
    one, other = day_states(plans, weighted), day_states(plans, plain)
    assert one.features.keys() == other.features.keys()
    for key, stacked in one.features.items():
        like = other.features[key].states
        np.testing.assert_array_equal(stacked.states.counts, like.counts)
        if isinstance(like, NumericStates):
            assert isinstance(stacked.states, NumericStates)
            np.testing.assert_array_equal(stacked.states.sums, like.sums)
            np.testing.assert_array_equal(stacked.states.maximum, like.maximum)
        else:
            assert isinstance(like, CategoricalStates)
            np.testing.assert_array_equal(stacked.states.length_sum, like.length_sum)
    assert one.block is not None and other.block is not None
    np.testing.assert_array_equal(one.block.products, other.block.products)
    np.testing.assert_array_equal(one.rows, other.rows)
    scores, like_scores = (side.scores[WHOLE][1] for side in (one, other))
    np.testing.assert_array_equal(scores.counts, like_scores.counts)
    np.testing.assert_array_equal(scores.score_sums, like_scores.score_sums)
    np.testing.assert_array_equal(scores.loss_sums, like_scores.loss_sums)
    fitted = fitted_plans(weighted, configuration(weighted)).binnings
    assert {name: binning.fingerprint for name, binning in fitted.items()} == {
        name: binning.fingerprint for name, binning in plans.binnings.items()
    }


def test_labels_that_have_not_come_are_not_counted(world, plans) -> None:
    day = world.period.current[0] + 10
    states = day_states(plans, world.seen_on(day))
    numbers, scores = states.scores[WHOLE]
    newest = scores.labelled[numbers > day - 4]
    assert newest[0] > 0 or len(newest) == 3
    assert scores.labelled[numbers > day - 3].sum() == 0
    assert scores.labelled[numbers == day - 3].sum() > 0
