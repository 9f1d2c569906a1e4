"""A pass over batches keeps the states of its rows, however rows are cut, ordered and merged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiled import compiled_kernel
from modelwatch.evaluation.states.aggregation import FEATURE_KEY, StateNames, state_sums
from modelwatch.evaluation.states.feature_rows import DENSE, states_of
from modelwatch.stats.states.batch import (
    Batch,
    BatchColumn,
    Block,
    Numbers,
    SegmentationCodes,
    TallyPlan,
    Texts,
)
from modelwatch.stats.states.categorical import LONGEST_EXAMPLE, MAX_UNSEEN
from modelwatch.stats.states.kernel import Kernel
from modelwatch.stats.states.state import State, StateKey
from modelwatch.stats.states.tally import Tally
from naive_states import Row, assert_same_states, bits, merged, naive_states, state_of
from samples import categorical_binning, numeric_binning

FEW = numeric_binning([0.0, 0.5, 1.0, 1.0, 2.0, 7.0, -3.0], special=(-999.0,))
MANY = numeric_binning([k / 64 for k in range(300)])
WORDS = categorical_binning(["a", "a", "a", "b", "b", "", "c", "d", "e\u0301"], max_values=3)
COLUMNS = (
    BatchColumn("few", 0, FEW),
    BatchColumn("many", 0, MANY),
    BatchColumn("word", 0, WORDS),
    BatchColumn("score", 1, numeric_binning([0.1, 0.2, 0.9])),
    BatchColumn("decision", 1, categorical_binning(["yes", "no"])),
)
BLOCKS = (Block(0, (0, 1)),)
SPLITS = (SegmentationCodes("region", ("north", "south")), SegmentationCodes("size", ("big",)))
PLAIN = TallyPlan(COLUMNS, (), BLOCKS)
SPLIT = TallyPlan(COLUMNS, SPLITS, BLOCKS)
NAMES = StateNames(SPLIT, ("inputs", "predictions"))
KERNEL: Kernel | None = None
PLANS = {"all traffic": PLAIN, "segments": SPLIT}

AWKWARD = [0.0, -0.0, 5e-324, 1e308, -1e308, 2.0**53 + 2, -999.0, np.nan, np.inf, -np.inf]
numbers = st.none() | st.one_of(st.sampled_from(AWKWARD), st.floats(), st.floats(-5, 5))
LONG = ["x" * LONGEST_EXAMPLE, "x" * (LONGEST_EXAMPLE + 1), "x" * LONGEST_EXAMPLE + "y"]
WORDY = ["a", "b", "c", "d", "", "é", "e\u0301", "🛫", *LONG]
texts = st.none() | st.sampled_from(WORDY) | st.text()
rows = st.builds(
    Row,
    values=st.tuples(numbers, numbers, texts, numbers, texts),
    day=st.integers(-1, 0),
    version=st.sampled_from(["v1", "(none)"]),
    segments=st.tuples(
        st.sampled_from(["north", "south", "west", None]), st.sampled_from(["big", "(other)", None])
    ),
    present=st.tuples(st.booleans(), st.booleans()),
    copies=st.tuples(st.integers(0, 3), st.integers(0, 3)),
)
tables = st.lists(rows, max_size=16)
fewer = settings(max_examples=20)


def batch_of(plan: TallyPlan, rows: Sequence[Row]) -> Batch:
    """The rows as Spark hands them on: arrays, with None where there is nothing to tell."""
    keys = sorted({(row.day, row.version) for row in rows})
    slots = np.array([keys.index((row.day, row.version)) for row in rows], dtype=np.int32)
    present = [np.array([row.present[role] for row in rows]) for role in (0, 1)]
    copies = [np.array([row.copies[role] for row in rows]) for role in (0, 1)]
    return Batch(
        rows=len(rows),
        keys=keys,
        slots=None if len(keys) == 1 else slots,
        present=[None if mask.all() else mask for mask in present],
        copies=[None if many.max() <= 1 else many for many in copies],
        segments=[
            np.array([code_of(split, row.segments[s]) for row in rows], dtype=np.int32)
            for s, split in enumerate(plan.segmentations)
        ],
        columns=[
            numbers_of([row.values[at] for row in rows])
            if plan.columns[at].name in ("few", "many", "score")
            else texts_of([row.values[at] for row in rows])
            for at in range(len(plan.columns))
        ],
    )


def code_of(split: SegmentationCodes, value: str | None) -> int:
    names = split.segments
    return (
        names.index("(null)")
        if value is None
        else names.index(value if value in split.values else "(other)")
    )


def numbers_of(values) -> Numbers:
    nulls = np.array([value is None for value in values])
    held = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return Numbers(held, nulls if nulls.any() else None)


def texts_of(values) -> Texts:
    # A dictionary may hold values that no row has.
    dictionary = [*dict.fromkeys(value for value in values if value is not None), "of no row"]
    index = {value: i for i, value in enumerate(dictionary)}
    return Texts(
        dictionary,
        np.array([index.get(value, len(dictionary)) for value in values], dtype=np.int32),
    )


@pytest.fixture(scope="module", params=["numpy", "compiled"], autouse=True)
def kernel(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every law holds with numpy and with the compiled kernel."""
    global KERNEL
    KERNEL = compiled_kernel() if request.param == "compiled" else None
    yield
    KERNEL = None


def tallied(plan: TallyPlan, batches: Sequence[Sequence[Row]]):
    """The states of one pass over some batches."""
    tally = Tally(plan, KERNEL)
    for batch in batches:
        if batch:
            tally.add(batch_of(plan, batch))
    return list(tally.states())


def cut(random, rows: Sequence[Row], parts: int) -> list[list[Row]]:
    """The rows in any order, cut into some parts, of which some may be empty."""
    shuffled = random.sample(rows, len(rows))
    bounds = sorted(random.randint(0, len(rows)) for _ in range(parts - 1))
    return [shuffled[i:j] for i, j in zip([0, *bounds], [*bounds, len(rows)], strict=True)]


@pytest.mark.parametrize("keeping", ["all traffic", "segments"])
@fewer
@given(table=tables)
def test_one_batch_keeps_the_states_of_its_rows(keeping: str, table: list[Row]) -> None:
    plan = PLANS[keeping]
    assert_same_states(dict(tallied(plan, [table])), naive_states(table, plan))


@pytest.mark.parametrize("keeping", ["all traffic", "segments"])
@fewer
@given(table=tables, random=st.randoms(use_true_random=False), parts=st.integers(1, 5))
def test_neither_order_nor_cut_of_the_batches_matters(keeping, table, random, parts) -> None:
    plan = PLANS[keeping]
    found = dict(tallied(plan, cut(random, table, parts)))
    assert_same_states(found, naive_states(table, plan))


@fewer
@given(table=tables, random=st.randoms(use_true_random=False), tasks=st.integers(1, 5))
def test_the_states_of_several_tasks_merge_in_any_order_to_those_of_all_rows(
    table, random, tasks
) -> None:
    parts = [
        state
        for task in cut(random, table, tasks)
        for state in tallied(SPLIT, cut(random, task, random.randint(1, 3)))
    ]
    found = merged(random.sample(parts, len(parts)))
    assert_same_states(found, naive_states(table, SPLIT))


def through_arrow(
    random: Random, tasks: Sequence[Sequence[tuple[StateKey, State]]]
) -> list[tuple[StateKey, State]]:
    """The states of some tasks, sorted by key and merged as Spark hands them on, in any batches."""
    records = [record for states in tasks for record in NAMES.batches(iter(states))]
    if not records:
        return []
    found = pa.Table.from_batches(random.sample(records, len(records)))
    ordered = found.sort_by([(name, "ascending") for name in FEATURE_KEY])
    sums = state_sums(ordered.to_batches(max_chunksize=random.randint(1, 40)))
    stored = pa.Table.from_batches(sums)
    keys = [
        (
            (row["day"] - date(1970, 1, 1)).days,
            row["model_version"],
            NAMES.roles.index(row["role"]),
            row["segmentation"],
            row["segment"],
            f"({row['kind']})" if row["kind"] in DENSE else row["feature"],
        )
        for row in stored.select(list(FEATURE_KEY)).to_pylist()
    ]
    return list(zip(keys, states_of(stored), strict=True))


@fewer
@given(table=tables, random=st.randoms(use_true_random=False), tasks=st.integers(1, 7))
def test_the_states_of_several_tasks_merge_through_arrow_to_those_of_all_rows(
    table, random, tasks
) -> None:
    found = through_arrow(random, [tallied(SPLIT, [task]) for task in cut(random, table, tasks)])
    assert_same_states(dict(found), naive_states(table, SPLIT))


@fewer
@given(table=tables, random=st.randoms(use_true_random=False))
def test_merged_states_go_through_arrow_unchanged(table, random) -> None:
    states = tallied(SPLIT, [table])
    assert_same_states(dict(through_arrow(random, [states])), dict(states))


@pytest.mark.parametrize("rows", [3, 5000])
def test_the_counts_of_a_state_take_what_its_rows_take_and_never_more_than_its_bins(
    rows: int,
) -> None:
    random = Random(rows)
    table = [Row((None, random.randrange(300) / 64, None, None, None)) for _ in range(rows)]
    (record,) = StateNames(PLAIN, NAMES.roles).batches(iter(tallied(PLAIN, [table])))
    at = record.column("feature").to_pylist().index("many")
    ints = len(record.column("positions")[at]) if record.column("positions")[at].is_valid else 0
    ints += 2 * len(record.column("counts")[at])
    assert ints <= min(3 * rows, 2 * MANY.length)


@fewer
@given(table=tables)
def test_all_traffic_is_the_sum_of_each_segmentation(table: list[Row]) -> None:
    states = dict(tallied(SPLIT, [table]))
    for (day, version, role, segmentation, _, name), state in states.items():
        if segmentation != "all" or name.startswith("("):
            continue
        for split in SPLITS:
            of_segments = [
                found.counts
                for key, found in states.items()
                if (*key[:4], key[5]) == (day, version, role, split.name, name)
            ]
            np.testing.assert_array_equal(sum(of_segments), state.counts)


states_of_a_number = st.lists(numbers, max_size=20).map(lambda v: state_of(FEW, v, whole=True))
states_of_a_text = st.lists(texts, max_size=20).map(lambda v: state_of(WORDS, v, whole=True))
three_states = st.tuples(*[states_of_a_number] * 3) | st.tuples(*[states_of_a_text] * 3)


@given(three_states)
def test_merging_is_associative(states: tuple[State, State, State]) -> None:
    a, b, c = states
    assert bits(a.merge(b).merge(c)) == bits(a.merge(b.merge(c)))


@given(three_states)
def test_merging_is_commutative(states: tuple[State, State, State]) -> None:
    a, b, _ = states
    assert bits(a.merge(b)) == bits(b.merge(a))


@given(st.lists(numbers, max_size=20))
def test_the_state_of_no_rows_changes_nothing(values) -> None:
    state = state_of(FEW, values, whole=True)
    assert bits(state.merge(state_of(FEW, [], whole=True))) == bits(state)


@pytest.mark.parametrize("parts", [1, 2, 7])
def test_unseen_values_by_the_thousand_keep_exact_counts_of_the_same_few(parts: int) -> None:
    random = Random(parts)
    table = [Row((None, None, f"new {k % 1700}", None, None)) for k in range(4000)]
    found = dict(tallied(PLAIN, cut(random, table, parts)))
    assert_same_states(found, naive_states(table, PLAIN))
    assert len(found[0, "v", 0, "all", "all", "word"].unseen or ()) == MAX_UNSEEN


def test_a_batch_without_rows_leaves_no_state() -> None:
    tally = Tally(SPLIT, KERNEL)
    tally.add(Batch(0, [], None, [None, None], [None, None], [], []))
    assert list(tally.states()) == []


def test_the_size_of_a_pass_is_reported_by_its_days_versions_and_segments() -> None:
    tally = Tally(SPLIT, KERNEL)
    tally.add(
        batch_of(
            SPLIT,
            [Row((0.0, 0.0, "a", 0.0, "yes"), day, segments=("north", None)) for day in (1, 2)],
        )
    )
    counts = sum(column.binning.length for column in COLUMNS)
    assert tally.longs == 2 * (4 + 3) * counts
