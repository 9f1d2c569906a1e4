"""Labels that are not a random sample are reported, with their metrics."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from modelwatch.stats.performance.label_coverage import dependence, dependence_sentence

ROWS = np.array([1000, 800, 20, 500])


def test_coverage_that_is_the_same_everywhere_is_not_flagged() -> None:
    found = dependence(ROWS, (ROWS * 0.6).astype(int))
    assert found is not None
    assert not found.flagged


def test_coverage_that_depends_on_a_part_is_flagged_with_its_metrics() -> None:
    found = dependence(ROWS, np.array([900, 200, 20, 400]))
    assert found is not None
    assert found.flagged
    assert (found.lowest, found.highest) == (1, 0)
    assert dependence_sentence("carrier", "ABCD", found) == (
        "labels of this cohort are not a random sample: coverage by carrier is 0.250 (B) to "
        "0.900 (A)"
    )


def test_the_test_is_scipys() -> None:
    labelled = np.array([900, 200, 20, 400])
    found = dependence(ROWS, labelled)
    large = [0, 1, 3]
    table = np.stack([labelled[large], (ROWS - labelled)[large]])
    wanted = stats.chi2_contingency(table, correction=False)
    assert found is not None
    assert found.p_value == pytest.approx(wanted.pvalue, rel=1e-6)
    assert found.association == pytest.approx(np.sqrt(wanted.statistic / table.sum()))


@pytest.mark.parametrize("labelled", [[0, 0, 0, 0], [1000, 800, 20, 500]])
def test_no_label_or_all_of_them_say_nothing(labelled: list[int]) -> None:
    assert dependence(ROWS, np.array(labelled)) is None


def test_small_parts_are_not_looked_at() -> None:
    assert dependence(np.array([29, 500]), np.array([0, 400])) is None
