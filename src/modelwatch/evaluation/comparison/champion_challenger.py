"""Champion and challenger on the same due cohort, computed from stored states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from modelwatch.errors import present
from modelwatch.evaluation.performance.question import Answers, ScoreQuestion
from modelwatch.evaluation.performance.score_groups import ScopeStates, ScoreGroup
from modelwatch.stats.arrays import AnyArray, Counts, day_spans, sums_over_spans
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
from modelwatch.stats.states.binning import NumericBinning

SHADOW, SPLIT = "shadow", "split"
CHAMPION = "champion"
"""Name of the production model in comparisons with a shadow model."""


@dataclass(frozen=True)
class _Contenders:
    """States of two models on the same days, in the same order, and their names."""

    design: str
    champion: str
    challenger: str
    days: AnyArray
    left: BinaryStates
    right: BinaryStates


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
        contenders = _shadow(question, group, at)
        if contenders is not None and decisions is not None:
            _add(rows, question, group, contenders, decisions.of_due)
    if question.comparison is not None:
        split = _split(question, scopes, stack)
        if split is not None:
            _add(rows, question, group, split, None)


def _shadow(question: ScoreQuestion, group: ScoreGroup, at: int) -> _Contenders | None:
    name = question.challengers[at]
    both = [group.states(f"paired_{who}", name) for who in ("champion", "challenger")]
    champion, challenger = (None if states is None else states.of_due for states in both)
    if champion is None or challenger is None or not len(champion):
        return None
    days, left = _by_day(champion, question.binning)
    others, right = _by_day(challenger, question.shadow_binnings[at])
    if not np.array_equal(days, others):
        raise ValueError("days of champion and challenger differ")
    return _Contenders(SHADOW, CHAMPION, name, days, left, right)


def _by_day(states: ScopeStates, binning: NumericBinning) -> tuple[AnyArray, BinaryStates]:
    days, counts, sums = states.by_day()
    return days, BinaryStates.of(binning, counts, sums).without_empty_bins()


def _split(question: ScoreQuestion, scopes: ScopeStates, stack: BinaryStates) -> _Contenders | None:
    champion, challenger, _ = present(question.comparison, "comparison")
    due = scopes.due
    both = due & np.isin(scopes.versions, [champion, challenger])
    days = np.unique(scopes.days[both])
    if not len(days):
        return None
    sides = [_on(days, scopes, stack, due & (scopes.versions == v)) for v in (champion, challenger)]
    return _Contenders(SPLIT, champion, challenger, days, *sides)


def _on(days: AnyArray, scopes: ScopeStates, stack: BinaryStates, mask: AnyArray) -> BinaryStates:
    """States of some scopes on the given days, with empty states for missing days."""
    at = np.flatnonzero(mask)
    return stack.take(at).roll_up(day_spans(scopes.days[at], days, days))


def _add(
    rows: Answers,
    question: ScoreQuestion,
    group: ScoreGroup,
    contenders: _Contenders,
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
