"""Gains from the states of two models: in shadow mode and with split traffic, by segment, and where
labels are not due."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from modelwatch.evaluation.comparison.promotion_gains import (
    PromotionQuestion,
    promotion_gains,
)
from modelwatch.evaluation.performance.score_groups import ScoreGroup, group_of_vectors
from modelwatch.evaluation.states.partial_scores import vector_records
from modelwatch.model.comparison.promotion import Gain
from modelwatch.model.comparison.requirement import Requirement
from modelwatch.stats.comparison.paired import differences
from modelwatch.stats.performance.metrics import performance
from modelwatch.stats.states.batch import SegmentationCodes
from modelwatch.stats.states.binning import fit_numeric
from modelwatch.stats.states.score_batch import ScoreBatch, ScorePlan
from modelwatch.stats.states.score_tally import ScoreTally
from performance_samples import batch_of, binary_states

BINNING = fit_numeric(np.arange(101) / 100, 0.0, 1.0, bins=202)
DAYS, ROWS, OPEN = 30, 40, 15
AS_OF = DAYS
COUNTRIES = ("CH", "DE")
SHADOW = PromotionQuestion(
    design="shadow",
    versions=("champion", "rival"),
    task="binary",
    binnings=(BINNING, BINNING),
    requirements=(Requirement("accuracy"),),
    guards=("f1", "log_loss"),
    cells={"true_positive": 3.0, "false_positive": -1.0, "true_negative": 0, "false_negative": 0},
)


class Rows:
    """Rows of thirty days with labels and fifteen without; the rival is right more often, but not
    about one country."""

    def __init__(self) -> None:
        random = np.random.default_rng(7)
        n = (DAYS + OPEN) * ROWS
        self.day = np.repeat(np.arange(DAYS + OPEN), ROWS)
        self.country = np.arange(n) % 2
        truth = random.random(n).round(2)
        label = (random.random(n) < truth).astype(int) + 1
        self.label = np.where(self.day < DAYS, label, 0)
        seen = np.clip(truth + random.normal(0, 0.5, n), 0, 1).round(2)
        self.champion = seen
        self.rival = np.where(self.country == 0, truth, 1 - seen)

    def batch(
        self, scored: np.ndarray | None = None, versions: np.ndarray | None = None
    ) -> ScoreBatch:
        """The rows as a pass sees them; with ``versions``, each row is scored by one of both."""
        rival = (
            self.rival if versions is None else np.where(versions == 1, self.rival, self.champion)
        )
        score = self.champion if versions is None else rival
        names = ("v1",) if versions is None else ("v1", "v2")
        # Labels of the later days are not due on the as-of day.
        days = np.arange(DAYS + OPEN)
        keys = [
            (int(day), int(day if day < DAYS else day + AS_OF), name)
            for day in days
            for name in names
        ]
        slots = self.day if versions is None else self.day * 2 + versions
        decided = (rival >= 0.5).astype(int)
        found = batch_of(score, (score >= 0.5).astype(int), self.label, days=self.day)
        return replace(
            found,
            keys=keys,
            slots=slots,
            segments=[self.country],
            challenger_decision=decided if scored is None else np.where(scored, decided, -1),
            challenger_score=self.rival,
        )


ALL_ROWS = Rows()


def groups_of(batch: ScoreBatch, challenger: str | None = "rival") -> list[ScoreGroup]:
    """The states of all traffic and of both countries."""
    tally = ScoreTally(
        ScorePlan(
            "binary",
            BINNING,
            segmentations=(SegmentationCodes("country", COUNTRIES),),
            challenger=challenger,
            challenger_binning=BINNING if challenger else None,
        )
    )
    tally.add(batch)
    tables: dict[tuple[str, str], dict[tuple[str, str], pa.Table]] = {}
    for one in tally.vectors():
        rows = pa.Table.from_batches(vector_records(one, 1))
        for segment in pc.unique(rows.column("segment")).to_pylist():
            of = rows.filter(pc.equal(rows.column("segment"), segment))
            tables.setdefault((one.segmentation, segment), {})[one.kind, one.name] = of
    return [ScoreGroup(*segment, AS_OF, held) for segment, held in sorted(tables.items())]


def found(gains: list[Gain], area: str, metric: str, segment: str = "all") -> Gain:
    (one,) = (g for g in gains if (g.area, g.metric, g.segment) == (area, metric, segment))
    return one


@pytest.fixture(scope="module")
def shadow() -> list[Gain]:
    return promotion_gains(SHADOW, groups_of(ALL_ROWS.batch()))[1]


def test_a_gain_is_the_paired_difference_of_the_days_with_labels(shadow: list[Gain]) -> None:
    due = ALL_ROWS.day < DAYS
    sides = [
        binary_states(
            BINNING,
            score[due],
            (score[due] >= 0.5).astype(int),
            ALL_ROWS.label[due],
            ALL_ROWS.day[due],
        )
        for score in (ALL_ROWS.champion, ALL_ROWS.rival)
    ]
    for key, sign in (("accuracy", 1), ("f1", 1), ("log_loss", -1)):
        expected = differences(*sides, [key])[key]
        gain = found(shadow, "performance", key)
        assert gain.mean.value == pytest.approx(sign * expected.value)
        assert (gain.champion, gain.challenger) == (expected.champion, expected.challenger)
        assert (gain.mean.days, gain.row_count) == (DAYS, DAYS * ROWS)


def test_business_value_is_that_of_the_decisions_of_both(shadow: list[Gain]) -> None:
    due = ALL_ROWS.day < DAYS
    label = ALL_ROWS.label[due] == 2
    worth = [
        np.where(score[due] >= 0.5, np.where(label, 3.0, -1.0), 0.0).mean()
        for score in (ALL_ROWS.champion, ALL_ROWS.rival)
    ]
    assert found(shadow, "value", "confusion_value").mean.value == pytest.approx(
        worth[1] - worth[0]
    )


def test_a_segment_in_which_the_challenger_is_worse_has_a_loss(shadow: list[Gain]) -> None:
    assert found(shadow, "segments", "accuracy", "CH").mean.value > 0
    assert found(shadow, "segments", "accuracy", "DE").mean.value < 0


def test_fairness_is_how_much_smaller_the_gap_of_a_segment_is(shadow: list[Gain]) -> None:
    due = ALL_ROWS.day < DAYS
    gaps = []
    for score in (ALL_ROWS.champion, ALL_ROWS.rival):
        recalls = [
            float(
                performance(
                    binary_states(
                        BINNING,
                        score[due & (ALL_ROWS.country == c)],
                        (score[due & (ALL_ROWS.country == c)] >= 0.5).astype(int),
                        ALL_ROWS.label[due & (ALL_ROWS.country == c)],
                    ),
                    ["recall"],
                )["recall"].value[0]
            )
            for c in (0, 1)
        ]
        gaps.append(abs(recalls[0] - recalls[1]))
    gain = found(shadow, "fairness", "recall_difference", "CH")
    assert gain.mean.value == pytest.approx(gaps[0] - gaps[1])
    assert gain.mean.value < 0


def test_estimates_are_of_the_days_whose_labels_are_not_due(shadow: list[Gain]) -> None:
    gain = found(shadow, "estimate", "accuracy")
    assert (gain.mean.days, gain.row_count) == (OPEN, OPEN * ROWS)
    assert 0.3 < gain.champion < 1


def test_the_share_of_rows_that_the_challenger_scored_is_known() -> None:
    scored = ALL_ROWS.day % 2 == 0
    compared, gains = promotion_gains(SHADOW, groups_of(ALL_ROWS.batch(scored)))
    assert compared is not None
    # The last shared day is the last but one.
    assert compared.days == DAYS / 2
    assert compared.labelled[1] == DAYS / 2 * ROWS
    assert compared.of_champion == (DAYS - 1) * ROWS
    half = promotion_gains(SHADOW, groups_of(ALL_ROWS.batch(ALL_ROWS.country == 0)))[0]
    assert half is not None
    assert half.labelled[1] * 2 == half.of_champion == DAYS * ROWS
    assert len(gains) > 5


def test_split_traffic_is_compared_on_days_of_both_versions() -> None:
    versions = np.where(ALL_ROWS.day < 5, 0, np.arange(len(ALL_ROWS.day)) // 2 % 2)
    split = replace(SHADOW, design="split", versions=("v1", "v2"))
    groups = groups_of(ALL_ROWS.batch(versions=versions), None)
    compared, gains = promotion_gains(split, groups)
    assert compared is not None
    assert (compared.first, compared.last, compared.days) == (5, DAYS - 1, DAYS - 5)
    assert sum(compared.labelled) == (DAYS - 5) * ROWS
    due = (ALL_ROWS.day >= 5) & (ALL_ROWS.day < DAYS)
    right = [
        np.mean(((score >= 0.5) == (ALL_ROWS.label == 2))[due & (versions == version)])
        for version, score in enumerate((ALL_ROWS.champion, ALL_ROWS.rival))
    ]
    gain = found(gains, "performance", "accuracy")
    assert gain.mean.value == pytest.approx(right[1] - right[0])


def test_versions_of_a_regression_are_compared_by_its_metrics() -> None:
    random = np.random.default_rng(8)
    n, versions = DAYS * ROWS, np.arange(DAYS * ROWS) % 2
    day, target = np.repeat(np.arange(DAYS), ROWS), random.normal(100, 20, DAYS * ROWS)
    score = target + random.normal(0, np.where(versions == 1, 2.0, 5.0))
    batch = replace(
        batch_of(score, np.zeros(n, dtype=int), np.ones(n, dtype=int), target=target, days=day),
        keys=[(d, d, name) for d in range(DAYS) for name in ("v1", "v2")],
        slots=day * 2 + versions,
    )
    binning = fit_numeric(score, float(score.min()), float(score.max()))
    tally = ScoreTally(ScorePlan("regression", binning))
    tally.add(batch)
    question = replace(
        SHADOW,
        design="split",
        versions=("v1", "v2"),
        task="regression",
        binnings=(binning, binning),
        requirements=(Requirement("mae", 0.0, "lower"),),
        cells=None,
    )
    _, gains = promotion_gains(question, [group_of_vectors(tally.vectors(), AS_OF)])
    (gain,) = gains
    errors = [np.abs(score - target)[versions == version].mean() for version in (0, 1)]
    assert (gain.area, gain.metric) == ("performance", "mae")
    assert gain.mean.value == pytest.approx(errors[0] - errors[1], rel=1e-6)


def test_days_before_the_first_that_counts_are_left_out() -> None:
    compared, _ = promotion_gains(replace(SHADOW, since=10), groups_of(ALL_ROWS.batch()))
    assert compared is not None
    assert (compared.first, compared.days) == (10, DAYS - 10)


def test_models_without_a_shared_day_have_no_gain() -> None:
    split = replace(SHADOW, design="split", versions=("v1", "v2"))
    assert promotion_gains(split, groups_of(ALL_ROWS.batch(), None)) == (None, [])
    assert promotion_gains(SHADOW, []) == (None, [])
