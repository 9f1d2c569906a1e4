"""From the rows of a reference and of some days to what is said of rare positives, without Java."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import expit
from sklearn import metrics

from modelwatch.evaluation.performance.score_groups import score_groups, task_states
from modelwatch.evaluation.states import reference_bins, score_aggregation
from modelwatch.evaluation.states.label_layout import LabelledLayout
from modelwatch.evaluation.states.partial_scores import SCORE_KEY
from modelwatch.evaluation.states.reference_bins import binning_of
from modelwatch.evaluation.states.reference_sample import Field
from modelwatch.stats.day_numbers import day_number
from modelwatch.stats.performance.window_intervals import window_values
from modelwatch.stats.states.score_scale import ScoreBinning, ScoreKind
from modelwatch.stats.states.score_tally import ScorePlan

DAY = date(2016, 1, 1)
DAYS, ROWS, RATE = 5, 12_000, 2e-3
LAYOUT = LabelledLayout((13,), (), (), (), (), ())


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds and labels of days of rows, (DAYS, ROWS) each."""
    random = np.random.default_rng(seed)
    label = random.random((DAYS, ROWS)) < RATE
    return random.normal(-5.0, 1.5, label.shape) + 4.0 * label, label


def frozen(score: np.ndarray, kind: ScoreKind | None, partitions: int) -> object:
    """Bins that are fitted on rows which are dealt to some tasks."""
    field = Field((0,), True, 200, 100, score_kind=kind)
    hashes = np.random.default_rng(9).integers(0, 2**63, len(score))

    def batches(task: int) -> Iterator[pa.RecordBatch]:
        mine, ids = score[task::partitions], hashes[task::partitions]
        for at in range(0, len(mine), 8192):
            part = slice(at, at + 8192)
            yield pa.record_batch([pa.array(mine[part]), pa.array(ids[part])], names=["s", "h"])

    summaries = [
        summary
        for task in range(partitions)
        for summary in reference_bins.summaries_of([field])(batches(task))
    ]
    (row,) = (
        r for found in reference_bins.fits_of([field])(iter(summaries)) for r in found.to_pylist()
    )
    return binning_of(row, (), kind)


def record(day: date, score: np.ndarray, label: np.ndarray) -> pa.RecordBatch:
    """Predictions of a day with their labels, as a pass over them is given them."""
    n = len(score)
    zeros, nothing = pa.array([0] * n, pa.int32()), pa.array([None] * n, pa.date32())
    columns = [
        pa.array([day] * n, pa.date32()),
        pa.array([day] * n, pa.date32()),
        pa.array(["v1"] * n),
        pa.array([True] * n),
        pa.array(np.zeros(n)),
        pa.array(label.astype(float)),
        *([zeros] * 4),
        pa.array([0] * n, pa.int64()),
        *([nothing] * 2),
        pa.array(score),
    ]
    return pa.RecordBatch.from_arrays(columns, names=[f"c{i}" for i in range(len(columns))])


def wording(binning: ScoreBinning, score: np.ndarray, label: np.ndarray, keys: Sequence[str]):
    """Metrics of the window of all days, and the entries that its states take."""
    as_of = DAY + timedelta(days=30)
    plan = ScorePlan("binary", binning)
    rows = [record(DAY + timedelta(days=at), score[at], label[at]) for at in range(len(score))]
    partial = score_aggregation.partial_score_tally(LAYOUT, (plan,), True, as_of, 1)(rows)
    table = pa.Table.from_batches(partial).sort_by([(name, "ascending") for name in SCORE_KEY])
    stored = list(score_aggregation.score_sums(binning, as_of)(table.to_batches()))
    (group,) = score_groups(stored, binning, day_number(as_of))
    found = task_states(group, "binary", binning, ())
    assert found is not None
    entries = sum(len(r["positions"]) for s in stored for r in s.to_pylist())
    spans = np.array([[0, len(score)]], dtype=np.int64)
    return window_values(found[1], spans, keys), entries


@pytest.mark.parametrize("kind", ["probability", "logit", "percentage", "rank"])
def test_rare_positives_are_ranked_as_by_their_rows_whatever_the_score_says(kind) -> None:
    scale = {"probability": expit, "percentage": lambda z: 100.0 * expit(z)}.get(kind, lambda z: z)
    binning = frozen(scale(drawn(1)[0].ravel()), kind, 3)
    assert isinstance(binning, ScoreBinning)
    odds, label = drawn(2)
    keys = ["average_precision", "roc_auc", "brier"]
    values, entries = wording(binning, scale(odds), label, keys)
    found = dict(zip(keys, values.value[0], strict=True))
    precision = metrics.average_precision_score(label.ravel(), odds.ravel())
    assert found["average_precision"] == pytest.approx(precision, abs=0.005)
    assert found["roc_auc"] == pytest.approx(
        metrics.roc_auc_score(label.ravel(), odds.ravel()), abs=0.001
    )
    if kind == "rank":
        assert np.isnan(found["brier"])
    else:
        brier = metrics.brier_score_loss(label.ravel(), expit(odds.ravel()))
        assert found["brier"] == pytest.approx(brier, abs=1e-8)
    # Every metric has an interval from its days, and states are sparse.
    assert np.isfinite(values.lower[0][:2]).all()
    assert entries < 1_000 * DAYS


def test_bins_of_a_score_do_not_depend_on_how_rows_are_dealt() -> None:
    score = expit(drawn(1)[0].ravel())
    first, *others = (frozen(score, "probability", n) for n in (1, 2, 7))
    assert isinstance(first, ScoreBinning)
    for other in others:
        assert isinstance(other, ScoreBinning)
        np.testing.assert_array_equal(other.edges, first.edges)


def test_bins_of_a_feature_are_not_those_of_a_score() -> None:
    score = expit(drawn(1)[0].ravel())
    feature, finer = frozen(score, None, 1), frozen(score, "probability", 1)
    assert not isinstance(feature, ScoreBinning)
    assert isinstance(finer, ScoreBinning)
    assert len(finer.edges) > len(feature.edges)  # type: ignore[attr-defined]
