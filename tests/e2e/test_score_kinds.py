"""Scores that are not probabilities, from a configuration and its check to the results."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import Row, SparkSession
from sklearn import metrics

from labelled_shop import ROWS, LabelledShop, labelled_config, labels_of, truth
from modelwatch.model.config.configuration import parse_config
from modelwatch.pipelines.onboarding.configuration_check import check
from modelwatch.stats.performance.metric import NOT_PROBABILITIES
from shop import day

pytestmark = pytest.mark.slow

DAYS = range(1, 9)
ALONE = {"challengers": [], "comparison": None, "verdicts": {"min_rows": 50, "late_days": 30}}


def log_odds(shop: LabelledShop, number: int) -> None:
    """A day of business whose scores are log-odds."""
    of = day(number)
    known = truth(of)
    score = np.log(known.score / (1.0 - known.score))
    ids = [f"{of}-{i}" for i in range(ROWS)]
    days = pa.array([of] * ROWS, pa.date32())
    region = pa.array(["north"] * ROWS)
    model = pa.array(["v1"] * ROWS)
    shop.add(
        "inputs",
        pa.table({"id": ids, "day": days, "amount": pa.array(known.amount), "region": region}),
    )
    shop.add("predictions", pa.table({"id": ids, "day": days, "score": score, "model": model}))
    shop.add("labels", labels_of(of))


@pytest.fixture(scope="module")
def truths() -> tuple[np.ndarray, np.ndarray]:
    known = [truth(day(number)) for number in DAYS]
    return (
        np.concatenate([one.score for one in known]),
        np.concatenate([one.label for one in known]),
    )


@pytest.fixture(scope="module")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> LabelledShop:
    folder = tmp_path_factory.mktemp("log-odds")
    shop = LabelledShop(spark, folder, labelled_config(folder, **ALONE))
    for number in DAYS:
        log_odds(shop, number)
    return shop


def declared(shop: LabelledShop, **more: Any) -> dict[str, Any]:
    performance = {"task": "binary", "score": "score", "decision": {"threshold": 0.0}, **more}
    return {**shop.config, "performance": performance}


def whole(shop: LabelledShop) -> dict[str, Row]:
    """Metrics of all traffic on all days."""
    rows = shop.ask(
        "SELECT * FROM performance_current WHERE window_name = 'whole' AND cohort = 'due' "
        "AND segmentation = 'all' AND model_version = 'v1' AND reference IS NULL"
    )
    return {row.metric: row for row in rows}


def test_scores_of_another_kind_are_ranked_and_named_until_they_are_declared(
    spark: SparkSession, shop: LabelledShop, truths: tuple[np.ndarray, np.ndarray]
) -> None:
    probability, label = truths
    shop.config = declared(shop)
    text = json.dumps(shop.config)
    wording = check(spark, parse_config(text), text)
    assert "scores are not between 0 and 1" in wording
    assert "performance.score_kind seems to be logit" in wording

    shop.run(as_of=day(20))
    found = whole(shop)
    area = metrics.roc_auc_score(label, probability)
    precision = metrics.average_precision_score(label, probability)
    assert found["roc_auc"].value == pytest.approx(area, abs=0.005)
    assert found["average_precision"].value == pytest.approx(precision, abs=0.01)
    assert found["accuracy"].value == pytest.approx(((probability >= 0.5) == label).mean())
    assert (found["brier"].value, found["brier"].reason) == (None, NOT_PROBABILITIES)

    shop.config = declared(shop, score_kind="logit")
    text = json.dumps(shop.config)
    assert "scores are not" not in check(spark, parse_config(text), text)
    shop.run(as_of=day(20))
    found = whole(shop)
    assert found["roc_auc"].value == pytest.approx(area, abs=0.005)
    brier = metrics.brier_score_loss(label, probability)
    assert found["brier"].value == pytest.approx(brier, abs=1e-6)
    assert found["log_loss"].value == pytest.approx(metrics.log_loss(label, probability), abs=1e-6)

    tenths = shop.ask(
        "SELECT * FROM calibration_table WHERE window_name = 'whole' AND segmentation = 'all' "
        "AND model_version = 'v1' ORDER BY tenth"
    )
    tenth = np.minimum((probability * 10).astype(int), 9)
    assert {row.tenth: row.row_count for row in tenths} == {
        int(k): int((tenth == k).sum()) for k in np.unique(tenth)
    }
