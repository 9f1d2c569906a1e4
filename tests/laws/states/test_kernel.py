"""The compiled kernel keeps the digits of numpy, whatever the numbers and however rows are cut."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiled import compiled_kernel
from modelwatch.evaluation.states.batches import BatchLayout, batch_of, numbers_of
from modelwatch.stats.states.batch import BatchColumn, Block, SegmentationCodes, TallyPlan
from modelwatch.stats.states.binning import NumericBinning, fit_numeric
from modelwatch.stats.states.kernel import CompiledBins, Kernel
from modelwatch.stats.states.moments import Workspace
from modelwatch.stats.states.runs import Runs, numeric_runs
from modelwatch.stats.states.tally import Tally
from naive_states import assert_same_states
from samples import categorical_binning

LARGEST, LEAST = float(np.finfo(np.float64).max), 5e-324
DAY = 20_000


@pytest.fixture(scope="module")
def kernel() -> Kernel:
    return compiled_kernel()


def fitted(values: np.ndarray, bins: int = 200, special: tuple[float, ...] = ()) -> NumericBinning:
    return fit_numeric(
        values, float(values.min()), float(values.max()), bins=bins, special_values=special
    )


def binnings() -> dict[str, NumericBinning]:
    """Bins of references of many kinds."""
    rng = np.random.default_rng(5)
    normal = rng.standard_normal(3000)
    tails = np.append(normal, [1e12, -1e15, 3e300])
    exact = np.arange(-500.0, 500.0)
    return {
        "normal": fitted(normal),
        "codes": fitted(np.append(normal, np.full(300, -999.0)), special=(-999.0,)),
        "few values": fitted(rng.integers(0, 7, 500).astype(float)),
        "constant": fitted(np.full(20, 3.25)),
        "heavy tails": fitted(rng.standard_cauchy(3000)),
        "far rows": fitted(tails),
        "lognormal": fitted(np.exp(9 * normal)),
        "skewed": fitted(np.exp(3 * normal)),
        "skewed to the left": fitted(-np.exp(3 * normal)),
        "positive of all sizes": fitted(np.exp(200 * normal)),
        "large": fitted(normal * 1e300),
        "larger than any product": fitted(normal * 5e307),
        "small": fitted(normal * 1e-260),
        "subnormal": fitted(np.arange(3000) * LEAST),
        "offset": fitted(1e9 + normal * 1e-3),
        "many bins": fitted(normal, bins=2000),
        "longs": fitted(rng.integers(-(2**40), 2**40, 3000).astype(float)),
        "ids": fit_numeric(
            exact, -500.0, 499.0, offset=Decimal(2**60), digits=0, codes=(0, -1, 2**60 + 3)
        ),
    }


BINNINGS = binnings()
AWKWARD = (0.0, -0.0, np.nan, np.inf, -np.inf, LEAST, -LEAST, LARGEST, -LARGEST, 2.0**53 + 2)


def hard_values(rng: np.random.Generator, binning: NumericBinning, rows: int) -> np.ndarray:
    """Numbers of all sizes: in the bulk, at edges and beside them, and of no use."""
    with np.errstate(all="ignore"):
        bulk = binning.center + binning.scale * rng.standard_normal(rows) * rng.choice([1, 30])
        edges = rng.choice(binning.edges, rows)
        kinds = [
            bulk,
            edges,
            np.nextafter(edges, -np.inf),
            np.nextafter(edges, np.inf),
            rng.standard_normal(rows) * 10.0 ** rng.integers(-320, 309, rows),
            rng.choice(AWKWARD, rows),
            # Bits at random: NaN of any payload among them.
            rng.integers(0, 2**64, rows, dtype=np.uint64).view(np.float64),
            (rng.integers(0, 2**52, rows, dtype=np.uint64) | np.uint64(0x7FF << 52)).view(
                np.float64
            ),
        ]
    weights = rng.dirichlet(np.full(len(kinds), 0.5))
    return np.choose(rng.choice(len(kinds), rows, p=weights), kinds)


def hard_longs(rng: np.random.Generator, offset: int, rows: int) -> np.ndarray:
    kinds = [
        offset + rng.integers(-600, 600, rows),
        rng.integers(-(2**63), 2**63 - 1, rows),
        np.full(rows, 2**53) + rng.integers(-2, 3, rows),
        rng.choice([0, -1, 2**63 - 1, -(2**63), -(2**53), 2**60 + 3], rows),
        rng.integers(-9, 9, rows),
    ]
    used = rng.choice(len(kinds), rng.integers(1, len(kinds) + 1), replace=False)
    return np.choose(rng.choice(used, rows), kinds)


def hard_record(rng: np.random.Generator, rows: int, names: list[str]) -> pa.RecordBatch:
    """A slice of an Arrow batch with any numbers, days, versions, segments, masks and copies."""
    before, after = rng.integers(0, 20, 2)
    total = rows + int(before) + int(after)
    one_scope = rng.random() < 0.4

    def mask() -> np.ndarray | None:
        return rng.random(total) < rng.choice([0.01, 0.5, 1.0]) if rng.random() < 0.6 else None

    def any_of(values: list[str | None]) -> pa.Array:
        held = values[:1] if one_scope else values
        return pa.array([held[i] for i in rng.integers(0, len(held), total)], pa.string())

    def present() -> pa.Array:
        return pa.array(rng.random(total) < rng.choice([0.0, 0.5, 1.0]))

    days = DAY + (np.zeros(total) if one_scope else rng.integers(0, 3, total))
    columns = [
        pa.array(days.astype(np.int32), pa.int32()).cast(pa.date32()),
        any_of(["v1", "v2", "(none)"]),
        present(),
        present(),
        pa.array(rng.integers(0, 3, total), pa.int64()),
        any_of(["north", "south", "west", None]),
        any_of(["big", "(other)", None]),
        any_of(["a", "b", "new", None]),
    ]
    for name in names:
        if name in ("longs", "ids"):
            values = hard_longs(rng, 2**60 if name == "ids" else 0, total)
            columns.append(pa.array(values, pa.int64(), mask=mask()))
        else:
            values = hard_values(rng, BINNINGS[name], total)
            columns.append(pa.array(values, pa.float64(), mask=mask()))
    record = pa.RecordBatch.from_arrays(columns, [str(at) for at in range(len(columns))])
    return record.slice(int(before), rows)


def plan_of(rng: np.random.Generator, names: list[str]) -> tuple[TallyPlan, BatchLayout]:
    splits = (SegmentationCodes("region", ("north", "south")), SegmentationCodes("size", ("big",)))
    columns = [BatchColumn(name, int(rng.integers(2)), BINNINGS[name]) for name in names]
    words = BatchColumn("word", 0, categorical_binning(["a", "b", "c"]))
    blocks = tuple(
        Block(role, tuple(at for at, column in enumerate(columns) if column.role == role))
        for role in (0, 1)
        if any(column.role == role for column in columns)
    )
    split = rng.random() < 0.5
    plan = TallyPlan((*columns, words), splits if split else (), blocks)
    present = (2, 3) if rng.random() < 0.5 else (None, None)
    layout = BatchLayout(
        0, 1, present, (4, None), ((5,), (6,)) if split else (), (*range(8, 8 + len(names)), 7)
    )
    return plan, layout


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(max_examples=30)
@given(st.integers(0, 2**32), st.lists(st.sampled_from([1, 2, 60, 2500, 9000]), max_size=3))
def test_the_states_of_any_rows_are_those_of_numpy(
    kernel: Kernel, seed: int, batches: list[int]
) -> None:
    rng = np.random.default_rng(seed)
    names = list(rng.choice(list(BINNINGS), 5, replace=False))
    plan, layout = plan_of(rng, names)
    by_numpy, by_kernel = Tally(plan), Tally(plan, kernel)
    for rows in batches:
        record = hard_record(rng, rows, names)
        by_numpy.add(batch_of(record, layout, plan))
        by_kernel.add(batch_of(record, layout, plan, kernel))
    assert_same_states(dict(by_kernel.states()), dict(by_numpy.states()))


def one_run(values: np.ndarray) -> Runs:
    zero = np.zeros(1, dtype=np.int64)
    return Runs(None, zero, np.array([len(values)]), zero, zero, np.zeros(len(values)), None)


def bins_of(kernel: Kernel, binning: NumericBinning) -> CompiledBins:
    found = kernel.bins(binning)
    assert found is not None
    return found


@pytest.mark.parametrize("name", BINNINGS)
def test_every_edge_and_its_neighbors_lie_in_their_bins(kernel: Kernel, name: str) -> None:
    binning = BINNINGS[name]
    if kernel.bins(binning) is None:
        assert name in ("subnormal", "larger than any product", "large")
        return
    edges = binning.edges
    with np.errstate(over="ignore"):
        values = np.concatenate(
            [edges, np.nextafter(edges, -np.inf), np.nextafter(edges, np.inf), edges / 3, -edges]
        )
    # Repeated, so that a run is long enough for each way of counting.
    values = np.tile(values, 4)
    counts, *_ = bins_of(kernel, binning).runs(values, None, one_run(values))
    expected = np.bincount(np.searchsorted(edges, values, side="right") - 1, minlength=len(edges))
    np.testing.assert_array_equal(counts[0, 2:], expected)


@pytest.mark.parametrize("name", ["skewed", "skewed to the left"])
def test_negative_zero_lies_in_the_bin_of_zero(kernel: Kernel, name: str) -> None:
    values = np.array([-0.0])
    counts, _, least, _ = bins_of(kernel, BINNINGS[name]).runs(values, None, one_run(values))
    assert counts[0, 2 + BINNINGS[name].bin_of(0.0)] == 1
    assert not np.signbit(least[0])


@pytest.mark.parametrize("farthest", [31.0, 33.0, 1e4, 1e9, 1e20, 1e40])
def test_sums_are_exact_however_far_from_the_reference(kernel: Kernel, farthest: float) -> None:
    binning, rng = BINNINGS["normal"], np.random.default_rng(7)
    values = binning.center + binning.scale * farthest * rng.uniform(-1, 1, 5000)
    values[:3] = binning.center + binning.scale * farthest
    found = bins_of(kernel, binning).runs(values, None, one_run(values))
    expected = numeric_runs(values.copy(), None, one_run(values), binning, Workspace())
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("value", [2**53, -(2**53), 2**53 + 1, -(2**53) - 1])
def test_longs_beyond_two_to_the_53_keep_what_distinguishes_them(
    kernel: Kernel, value: int
) -> None:
    column = pa.array([1, value, None], pa.int64())
    found, expected = numbers_of(column, None, kernel), numbers_of(column)
    np.testing.assert_array_equal(found.values, expected.values)
    assert (found.rest is None) == (expected.rest is None)
    np.testing.assert_array_equal(found.nulls, [False, False, True])


def test_a_null_may_hold_any_long(kernel: Kernel) -> None:
    held = pa.array([1, 2**62, 3], pa.int64())
    validity = pa.py_buffer(bytes([0b101]))
    column = pa.Array.from_buffers(pa.int64(), 3, [validity, held.buffers()[1]], 1)
    found = numbers_of(column, None, kernel)
    np.testing.assert_array_equal(found.values, [1.0, np.nan, 3.0])
    assert found.rest is None


def test_bins_of_another_form_are_left_to_numpy(kernel: Kernel) -> None:
    assert kernel.bins(NumericBinning(np.array([-np.inf, 0.0, 1.0, np.inf]), 0.0, 1.0)) is None
    assert kernel.bins(BINNINGS["subnormal"]) is None
