"""A monitor whose labels come late: what each run holds against them, and what it leaves."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession
from sklearn import metrics as sklearn_metrics

from labelled_shop import REGIONS, ROWS, LabelledShop, Truth, labelled_config, labels_of, truth
from modelwatch import cli
from modelwatch.io.store.output_tables import Store
from modelwatch.model.planning.cost import cost_of
from modelwatch.model.planning.workload import KnownSizes, workload_of
from modelwatch.pipelines.incidents.stage import value_shares
from modelwatch.pipelines.runs.history import RunHistory, history_of
from modelwatch.pipelines.runs.monitor import RunReport, request_of
from modelwatch.pipelines.runs.run import Run
from modelwatch.pipelines.runs.stored_windows import StoredWindows
from modelwatch.pipelines.sources.frames import opened_sources
from shop import Shop, day


@dataclass
class Life:
    shop: Shop
    reports: dict[str, RunReport] = field(default_factory=dict)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)

    def run(self, name: str, **options: Any) -> None:
        self.reports[name] = self.shop.run(**options)
        self.rows[name] = self.shop.runs()[-1]

    def label_days(self, name: str) -> list[int]:
        return [(held["day"] - day(1)).days + 1 for held in self.rows[name]["label_days"]]

    def windows(self, name: str) -> set[tuple[str, int]]:
        wording = self.rows[name]["performance_windows"]
        return {(w["window_name"], (w["window_start"] - day(1)).days + 1) for w in wording}

    def metric(self, name: str, window: str, start: date, **more: Any) -> dict[str, Any]:
        """The row of a metric of all traffic, due cohort, without reference."""
        where = {
            "window_name": window,
            "window_start": start,
            "metric": name,
            "segmentation": "all",
            "cohort": "due",
            "reference": None,
            "model_version": "*",
            **more,
        }
        conditions = " AND ".join(
            f"{column} IS NULL" if value is None else f"{column} = '{value}'"
            for column, value in where.items()
        )
        (row,) = self.shop.ask(f"SELECT * FROM performance_current WHERE {conditions}")
        return row.asDict()  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def life(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Life:
    """Eight days. Labels of the first four are in at the first run, those of the sixth come in
    twice and are corrected, the seventh's are of half its rows, the last has none."""
    folder = tmp_path_factory.mktemp("labelled")
    shop = LabelledShop(spark, folder, labelled_config(folder))
    life = Life(shop)
    shop.open(*map(day, range(1, 9)))
    for number in range(1, 5):
        shop.add("labels", labels_of(day(number)))
    # Known only later: the first run must not look ahead.
    shop.add("labels", labels_of(day(5), after=5))
    life.reports["dry"] = shop.run(as_of=day(8), dry_run=True)
    life.run("first", as_of=day(8))
    life.run("nothing", as_of=day(8))
    shop.add("labels", labels_of(day(6), flipped=True))
    shop.add("labels", labels_of(day(6), after=2))
    shop.add("labels", labels_of(day(7), range(ROWS // 2)))
    life.reports["dry again"] = shop.run(as_of=day(11), dry_run=True)
    life.run("second", as_of=day(11))
    return life


def test_a_run_says_which_days_it_will_compare_with_labels(life: Life) -> None:
    assert "labels     7 days" in life.reports["dry"].text
    assert "predictions with their labels" in life.reports["dry"].text
    assert "1 day: 2013-02-08 (labels became known)" in life.reports["dry again"].text
    assert "(labels changed)" in life.reports["dry again"].text


def test_only_days_whose_labels_are_new_are_compared_with_them_again(life: Life) -> None:
    assert life.label_days("first") == [1, 2, 3, 4, 5, 6, 7]
    # The fifth's became known, the sixth's and seventh's came, the eighth is new.
    assert life.label_days("second") == [5, 6, 7, 8]


def test_a_run_without_new_labels_has_nothing_to_do(life: Life) -> None:
    assert life.rows["nothing"]["outcome"] == "nothing_to_do"


def test_windows_are_evaluated_when_their_labels_come_or_fall_due(life: Life) -> None:
    assert ("day", 1) not in life.windows("second")
    assert {("day", 5), ("day", 6), ("day", 7), ("day", 8), ("whole", 1)} <= life.windows("second")


def test_metrics_are_those_of_scikit_learn_on_the_rows_of_the_due_cohort(life: Life) -> None:
    days = [truth(day(n)) for n in range(1, 7)]
    half = truth(day(7))
    score = np.concatenate([*(t.score for t in days), half.score[: ROWS // 2]])
    label = np.concatenate([*(t.label for t in days), half.label[: ROWS // 2]])
    decided = (score >= 0.5).astype(int)
    wanted = {
        "accuracy": sklearn_metrics.accuracy_score(label, decided),
        "precision": sklearn_metrics.precision_score(label, decided),
        "recall": sklearn_metrics.recall_score(label, decided),
        "f1": sklearn_metrics.f1_score(label, decided),
        "brier": sklearn_metrics.brier_score_loss(label, score),
        "log_loss": sklearn_metrics.log_loss(label, score),
    }
    found = {name: life.metric(name, "whole", day(1))["value"] for name in wanted}
    assert found == pytest.approx(wanted, rel=1e-7)
    auc = life.metric("roc_auc", "whole", day(1))
    assert auc["value"] == pytest.approx(sklearn_metrics.roc_auc_score(label, score), abs=0.01)
    assert auc["lower"] < auc["value"] < auc["upper"]
    assert auc["iid_lower"] < auc["value"] < auc["iid_upper"]
    assert (auc["due_rows"], auc["labelled_rows"]) == (8 * ROWS, len(label))
    assert auc["coverage"] == pytest.approx(len(label) / (8 * ROWS))


def test_a_window_without_a_due_label_is_null_with_its_reason(life: Life) -> None:
    row = life.metric("accuracy", "day", day(8))
    assert (row["value"], row["coverage"], row["labelled_rows"]) == (None, 0.0, 0)
    assert row["reason"] == "no labeled row"


def test_changes_against_the_reference_are_beside(life: Life) -> None:
    row = life.metric("accuracy", "whole", day(1), reference="start")
    whole = life.metric("accuracy", "whole", day(1))
    days = [truth(day(n)) for n in range(1, 4)]
    right = np.concatenate([(t.score >= 0.5) == t.label for t in days]).mean()
    assert row["reference_value"] == pytest.approx(right)
    assert row["value"] == pytest.approx(whole["value"] - right)
    assert row["lower"] < row["value"] < row["upper"]
    assert 0 < row["p_value"] <= 1


def test_what_was_seen_before_stays_and_is_reported_in_order(life: Life) -> None:
    rows = life.shop.ask(
        "SELECT as_of, value, coverage, latest FROM performance_history WHERE window_name = 'day' "
        f"AND window_start = '{day(5)}' AND metric = 'accuracy' AND segmentation = 'all' "
        "AND cohort = 'due' AND reference IS NULL AND model_version = '*' ORDER BY as_of"
    )
    assert [(row.as_of, row.latest) for row in rows] == [(day(8), False), (day(11), True)]
    assert (rows[0].value, rows[0].coverage) == (None, 0.0)
    assert rows[1].coverage == 1.0


def test_what_came_early_is_apart_and_marked(life: Life) -> None:
    early = life.shop.ask(
        f"SELECT * FROM performance_metrics WHERE as_of = '{day(8)}' AND cohort = 'early' "
        "AND window_name = 'whole' AND metric = 'accuracy' AND segmentation = 'all' "
        "AND model_version = '*'"
    )
    assert [(row.due_rows, row.labelled_rows) for row in early] == [(2 * ROWS, 0)]
    assert all("not a random sample" in row.note for row in early)


def test_corrections_are_counted_by_day(life: Life) -> None:
    (row,) = life.shop.ask(f"SELECT * FROM label_accounts WHERE day = '{day(6)}'")
    assert (row.label_rows, row.repeated, row.corrections) == (2 * ROWS, ROWS, ROWS)
    assert (row.conflicts, row.unknown_ids) == (0, 0)


def test_segments_have_metrics_and_coverage_of_their_own(life: Life) -> None:
    rows = life.shop.ask(
        "SELECT segment, due_rows, coverage FROM performance_timeline WHERE window_name = 'whole' "
        "AND metric = 'accuracy' AND segmentation = 'region' AND model_version = '*'"
    )
    assert {row.segment for row in rows} == set(REGIONS)
    assert sum(row.due_rows for row in rows) == 8 * ROWS


def test_business_values_are_summed_with_an_interval(life: Life) -> None:
    rows = {
        (row.metric, row.statistic): row
        for row in life.shop.ask(
            "SELECT * FROM business_current WHERE window_name = 'whole' AND segmentation = 'all' "
            "AND model_version = '*'"
        )
    }
    days = [truth(day(n)) for n in range(1, 7)]
    half = truth(day(7))
    rest = ROWS // 2
    days.append(Truth(half.score[:rest], half.label[:rest], half.amount[:rest]))
    lost = sum(t.amount[(t.label == 1) & (t.score < 0.5)].sum() for t in days)
    hits = sum(((t.label == 1) & (t.score >= 0.5)).sum() for t in days)
    wrong = sum(((t.label == 0) & (t.score >= 0.5)).sum() for t in days)
    assert rows["lost", "sum"].value == pytest.approx(lost)
    assert rows["confusion_value", "sum"].value == pytest.approx(10 * hits - 4 * wrong)
    sums = rows["confusion_value", "sum"]
    assert sums.lower < sums.value < sums.upper


def test_segments_have_shares_of_the_business_value_of_the_windows_that_count(
    spark: SparkSession, life: Life
) -> None:
    config = life.shop.parsed()
    store = Store(spark, config.output)
    history = history_of(store.runs(config.monitor))
    as_of = history.runs[-1]["as_of"]
    kind = config.performance_windows[0]
    sums = {
        row.segment: row.value
        for row in life.shop.ask(
            "SELECT segment, sum(value) AS value FROM business_current WHERE statistic = 'sum' "
            "AND metric = 'confusion_value' AND segmentation = 'region' AND model_version <> '*' "
            f"AND window_name = '{kind}' AND value IS NOT NULL GROUP BY segment"
        )
    }
    whole = sum(abs(value) for value in sums.values())
    assert whole > 0
    windows = StoredWindows(Run(spark), store, config.monitor, history)
    shares = value_shares(windows, config, as_of)
    assert shares == pytest.approx({("region", s): abs(v) / whole for s, v in sums.items()})


def test_maturity_shows_the_share_of_labels_by_their_age(life: Life) -> None:
    rows = {
        row.age_days: row
        for row in life.shop.ask(
            "SELECT * FROM label_maturity_current WHERE window_name = 'day' "
            "AND segmentation = 'all' "
            f"AND window_start = '{day(5)}' AND model_version = '*'"
        )
    }
    assert [rows[age].coverage for age in (0, 1, 4, 5, 6)] == [0.0, 0.0, 0.0, 1.0, 1.0]
    assert rows[6].outcome_rate == pytest.approx(truth(day(5)).label.mean())


def test_the_calibration_table_holds_every_labelled_row(life: Life) -> None:
    rows = life.shop.ask(
        "SELECT * FROM calibration_table WHERE window_name = 'whole' AND segmentation = 'all'"
    )
    assert sum(row.row_count for row in rows) == 6 * ROWS + ROWS // 2
    assert all(row.tenth / 10 <= row.mean_score <= (row.tenth + 1) / 10 for row in rows)


def test_an_estimate_stands_beside_the_truth_with_its_assumption(life: Life) -> None:
    (row,) = life.shop.ask(
        "SELECT * FROM performance_timeline WHERE window_name = 'whole' AND metric = 'accuracy' "
        "AND segmentation = 'all' AND model_version = '*'"
    )
    assert row.estimate_lower < row.estimate < row.estimate_upper
    assert row.estimate == pytest.approx(row.value, abs=0.1)
    wording = life.shop.ask("SELECT DISTINCT assumption FROM performance_estimates")
    assert [row.assumption for row in wording if "P(y|x) is the same" in row.assumption]


def test_a_window_without_labels_has_an_estimate(life: Life) -> None:
    rows = life.shop.ask(
        "SELECT * FROM performance_timeline WHERE window_name = 'day' "
        f"AND window_start = '{day(8)}' "
        "AND segmentation = 'all' AND model_version = '*' AND metric IN ('accuracy', 'roc_auc')"
    )
    assert len(rows) == 2
    assert all(row.value is None and 0.4 < row.estimate < 1.0 for row in rows)


def test_a_challenger_in_the_shadow_is_compared_on_the_ids_that_both_scored(life: Life) -> None:
    rows = {
        row.metric: row
        for row in life.shop.ask(
            "SELECT * FROM latest_comparison WHERE design = 'shadow' AND segmentation = 'all'"
        )
    }
    assert rows["accuracy"].row_count == 7 * ROWS // 2
    assert rows["accuracy"].value < 0
    assert rows["accuracy"].verdict == "champion"
    assert rows["mcnemar"].p_value < 0.001
    assert "The champion is better" in rows["verdict"].verdict


def test_versions_that_share_the_traffic_are_compared_and_their_split_is_tested(
    life: Life,
) -> None:
    rows = {
        row.metric: row
        for row in life.shop.ask(
            "SELECT * FROM latest_comparison WHERE design = 'split' AND segmentation = 'all'"
        )
    }
    assert rows["sample_ratio"].verdict == "mismatch"
    assert rows["sample_ratio"].challenger_value == pytest.approx(0.25)
    assert "The traffic split is wrong" in rows["verdict"].verdict
    assert "No automatic winner" in rows["verdict"].verdict


def test_a_challenger_is_not_decided_on_by_seven_days_and_the_decision_is_a_row(
    life: Life, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["gate", str(life.shop.file()), "--challenger", "shadow", "--by", "ada"]
    assert (
        cli.main([*words, "--require", "accuracy:-0.01,confusion_value", "--format", "json"]) == 3
    )
    found = json.loads(capsys.readouterr().out)
    assert found["decision"] == "undecided"
    assert (found["days"], found["as_of"]) == (7, str(day(11)))
    assert "shared days; an interval needs 14" in found["reasons"][0]
    assert any("scored 53.8% of the champion's" in reason for reason in found["reasons"])
    (compared,) = life.shop.ask(
        "SELECT value FROM latest_comparison WHERE design = 'shadow' AND segmentation = 'all' "
        "AND metric = 'accuracy'"
    )
    checks = {(one["area"], one["metric"], one["segment"]): one for one in found["checks"]}
    assert checks["performance", "accuracy", "all"]["gain"] == pytest.approx(compared.value)
    assert {("value", "confusion_value", "all"), ("calibration", "ece", "all")} <= set(checks)
    (row,) = life.shop.ask("SELECT * FROM latest_promotion WHERE challenger = 'shadow'")
    assert (row.decision, row.challenger, row.decided_by) == ("undecided", "shadow", "ada")
    assert [one.metric for one in row.requirements] == ["accuracy", "confusion_value"]
    assert [one.sentence for one in row.checks] == [one["sentence"] for one in found["checks"]]


def test_a_split_that_is_not_as_intended_is_not_promoted(
    life: Life, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["gate", str(life.shop.file()), "--challenger", "v2", "--require", "lost:-5:lower"]
    assert cli.main(words) == 1
    text = capsys.readouterr().out
    assert "do not promote v2" in text
    assert "the challenger received 0.2500 of the traffic, intended are 0.5" in text
    assert "value        lost" in text


def test_the_causes_of_a_change_add_up_to_it(life: Life) -> None:
    rows = life.shop.ask(
        "SELECT * FROM change_attributions WHERE window_name = 'whole' AND metric = 'accuracy' "
        f"AND as_of = '{day(11)}' AND split_name = 'region' AND split = 'segmentation' "
        "AND part = '*' AND model_version = '*' AND reference = 'start'"
    )
    effects = {row.effect: row.value for row in rows}
    parts = sum(effects.get(name) or 0.0 for name in ("mix", "within", "new", "vanished"))
    assert parts == pytest.approx(effects["total"])
    change = life.metric("accuracy", "whole", day(1), reference="start")
    assert effects["total"] == pytest.approx(change["value"])


def test_the_top_causes_are_ranked(life: Life) -> None:
    rows = life.shop.ask(
        "SELECT rank, value FROM top_causes WHERE window_name = 'whole' AND metric = 'accuracy' "
        "AND model_version = '*' AND reference = 'start' ORDER BY rank"
    )
    assert [row.rank for row in rows][:3] == [1, 2, 3]


def test_segments_are_compared_with_all_other_rows(life: Life) -> None:
    rows = life.shop.ask(
        "SELECT * FROM performance_current WHERE metric = 'selection_rate_difference' "
        "AND window_name = 'whole' AND model_version = '*'"
    )
    assert {row.segment for row in rows} == set(REGIONS)
    assert all(row.lower < row.value < row.upper for row in rows)


def test_the_cost_of_the_first_run_is_reported_before_it_and_close_to_what_it_writes(
    life: Life,
) -> None:
    assert "performance by 2 of 2 features: amount, region" in life.reports["dry"].text
    assert "cost       results: at most" in life.reports["dry"].text
    config = life.shop.parsed()
    sources = opened_sources(life.shop.spark, config, {})
    text = life.rows["first"]["config_yaml"]
    request = request_of(sources.config, text, sources, RunHistory(()), day(8), None)
    known = KnownSizes(float(ROWS), {}, {"region": len(REGIONS)})
    cost = cost_of(workload_of(sources.config, request.plan, known))
    run, store = life.rows["first"]["run_id"], Store(life.shop.spark, config.output)
    for table, estimated in {
        "feature_states": cost.feature_states.rows,
        "performance_states": cost.performance_states.rows,
        "profile_metrics": cost.results["profile_metrics"],
        "drift_metrics": cost.results["drift_metrics"],
    }.items():
        written = store.read(table).where(f"run_id = '{run}'").count()
        assert written / 2 <= estimated <= written * 2, table
