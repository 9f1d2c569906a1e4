"""Champion and challenger on the same due cohort, computed from stored states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from modelwatch.evaluation.comparison.contenders import (
    SHADOW,
    Contenders,
    shadow_contenders,
    split_contenders,
)
from modelwatch.evaluation.performance.question import Answers, ScoreQuestion
from modelwatch.evaluation.performance.score_groups import ScopeStates, ScoreGroup
from modelwatch.stats.arrays import AnyArray, Counts, sums_over_spans
from modelwatch.stats.comparison.paired import (
    Difference,
    comparison_verdict,
    mcnemar,
    window_differences,
)
from modelwatch.stats.comparison.traffic_split import sample_ratio
from modelwatch.stats.performance.jackknife import FEWEST_DAYS
from modelwatch.stats.performance.metrics import ScoreStates
from modelwatch.stats.states.binary import BinaryStates


def add_comparisons(
    rows: Answers,
    question: ScoreQuestion,
    group: ScoreGroup,
    scopes: ScopeStates,
    stack: ScoreStates,
) -> None:
    """Add the comparisons of one segment for windows of at least three days. Fewer days give no
    interval."""
    if not isinstance(stack, BinaryStates):
        return
    for at, name in enumerate(question.challengers):
        decisions = group.states("paired", name)
        binnings = (question.binning, question.shadow_binnings[at])
        contenders = shadow_contenders(group, name, binnings)
        if contenders is not None and decisions is not None:
            _add(rows, question, group, contenders, decisions.of_due)
    if question.comparison is not None:
        split = split_contenders(scopes, stack, question.comparison[:2])
        if split is not None:
            _add(rows, question, group, split, None)


def _add(
    rows: Answers,
    question: ScoreQuestion,
    group: ScoreGroup,
    contenders: Contenders[BinaryStates],
    decisions: ScopeStates | None,
) -> None:
    spans = question.spans(contenders.days, np.arange(len(question.windows)))
    lengths = question.lengths
    chosen = np.flatnonzero((lengths >= FEWEST_DAYS) & (spans[:, 1] > spans[:, 0]))
    tables = None if decisions is None else _tables(decisions, contenders.days, spans)
    rivalling = (contenders.left, contenders.right)
    labelled = [sums_over_spans(side.labelled, spans[chosen]) for side in rivalling]
    traffic = [sums_over_spans(side.rows, spans[chosen]) for side in rivalling]
    differences = window_differences(contenders.left, contenders.right, spans[chosen])
    for at, (w, found) in enumerate(zip(chosen, differences, strict=True)):
        counted = [int(of[at]) for of in labelled]
        common: dict[str, object] = {
            "segmentation": group.segmentation,
            "segment": group.segment,
            **question.window_values(int(w)),
            "design": contenders.design,
            "champion": contenders.champion,
            "challenger": contenders.challenger,
            "row_count": counted[0] if contenders.design == SHADOW else sum(counted),
        }
        _add_differences(rows, common, found)
        note = ""
        if tables is not None:
            _add_mcnemar(rows, common, tables[w : w + 1])
        elif question.comparison is not None and question.comparison[2] is not None:
            arrived = np.array([[int(of[at]) for of in traffic]])
            note = _add_sample_ratio(rows, common, arrived, question.comparison[2])
        winner = comparison_verdict(found)
        rows.add(
            "model_comparisons", 1, **common, metric="verdict", verdict=f"{note}{winner.sentence}"
        )


def _tables(decisions: ScopeStates, days: AnyArray, spans: AnyArray) -> Counts:
    found, counts, _ = decisions.by_day()
    table = np.zeros((len(days), 2, 2, 3), dtype=np.int64)
    at = np.searchsorted(days, found)
    table[at] = counts.reshape(-1, 2, 2, 3)
    return sums_over_spans(table, spans)


def _add_differences(
    rows: Answers, common: Mapping[str, object], found: Mapping[str, Difference]
) -> None:
    each: Sequence[Difference] = list(found.values())

    def numbers(name: str) -> AnyArray:
        return np.array([getattr(one, name) for one in each], dtype=np.float64)

    def texts(name: str) -> AnyArray:
        return np.array([*(getattr(one, name) for one in each), None], dtype=object)[:-1]

    reason = texts("reason")
    reason[~np.isnan(numbers("value"))] = None
    rows.add(
        "model_comparisons",
        len(each),
        **common,
        metric=texts("key"),
        champion_value=numbers("champion"),
        challenger_value=numbers("challenger"),
        value=numbers("value"),
        reason=reason,
        lower=numbers("lower"),
        upper=numbers("upper"),
        p_value=numbers("p_value"),
        verdict=texts("side"),
    )


def _add_mcnemar(rows: Answers, common: Mapping[str, object], table: Counts) -> None:
    found = mcnemar(table)
    rows.add(
        "model_comparisons",
        1,
        **common,
        metric="mcnemar",
        champion_value=found.champion_only.astype(np.float64),
        challenger_value=found.challenger_only.astype(np.float64),
        value=found.chi_square,
        p_value=found.exact_p_value,
    )


def _add_sample_ratio(
    rows: Answers, common: Mapping[str, object], traffic: Counts, share: float
) -> str:
    """Add the test of the traffic split. If it fails, the verdict says so first."""
    found = sample_ratio(traffic, np.array([1.0 - share, share]))
    broken = bool(found.mismatch[0])
    rows.add(
        "model_comparisons",
        1,
        **common,
        metric="sample_ratio",
        champion_value=found.shares[:, 0],
        challenger_value=found.shares[:, 1],
        value=found.chi_square.value,
        reason=found.chi_square.reason,
        p_value=found.p_value.value,
        verdict="mismatch" if broken else "as intended",
    )
    if not broken:
        return ""
    got, wanted = found.shares[0, 1], share
    return f"The traffic split is wrong: {got:.4f} instead of {wanted:.4f}. "
