"""Performance of windows, computed from stored states, one segment at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa

from modelwatch.evaluation.attribution.attributions import SliceStates, add_attributions, slices_of
from modelwatch.evaluation.batch_functions import BatchFunction
from modelwatch.evaluation.comparison.champion_challenger import add_comparisons
from modelwatch.evaluation.estimation.estimates import add_estimates, add_loss_estimates
from modelwatch.evaluation.performance.business_values import add_business, add_maturity
from modelwatch.evaluation.performance.due_cohorts import cohort_changes
from modelwatch.evaluation.performance.question import Answers, ScoreQuestion
from modelwatch.evaluation.performance.score_groups import (
    Days,
    ScopeStates,
    ScoreGroup,
    View,
    score_groups,
    task_states,
)
from modelwatch.evaluation.performance.slices import add_fairness, coverage_notes
from modelwatch.evaluation.planning.windows import WindowReference, version_windows
from modelwatch.stats.arrays import Spans, sums_over_spans
from modelwatch.stats.performance.metrics import ScoreStates, error_bounds, metric_states
from modelwatch.stats.performance.window_intervals import (
    WindowValues,
    window_changes,
    window_values,
)
from modelwatch.stats.value_names import ALL

DUE, EARLY = "due", "early"


def answering(question: ScoreQuestion) -> BatchFunction:
    """Return a function that reads stored states and yields the rows of all result tables."""

    def answers(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = Answers(question.as_of)
        for group in score_groups(records, question.binning, question.as_of_day):
            found = task_states(group, question.task, question.binning, question.classes)
            if found is None:
                continue  # labels of unknown ids only
            for view in _views(question, group, *found):
                _add_view(rows, question, view)
            add_comparisons(rows, question, group, *found)
            yield from rows.full()
        yield from rows.rest()

    return answers


def _views(
    question: ScoreQuestion, group: ScoreGroup, scopes: ScopeStates, stack: ScoreStates
) -> Iterator[View]:
    """Yield a view per model version with its windows, and one of all versions; see
    ``version_windows``."""
    whole = group.segmentation == ALL
    for one in version_windows(question, scopes.days, scopes.versions, unseen=whole):
        own, states = scopes.take(one.states), stack.take(one.states)
        yield View(one.version, group, own, states, one.windows)


def _add_view(rows: Answers, question: ScoreQuestion, view: View) -> None:
    splits = slices_of(question, view) if view.whole else []
    _add_metrics(rows, question, view, splits)
    _add_early(rows, question, view)
    spans = question.spans(view.due.days, view.windows)
    add_business(rows, question, view, spans)
    add_estimates(rows, question, view)
    add_loss_estimates(rows, question, view)
    if question.known:
        add_maturity(rows, question, view)
    if view.whole:
        add_attributions(rows, question, view, splits)
        add_fairness(rows, question, view, splits)


def _add_metrics(
    rows: Answers, question: ScoreQuestion, view: View, splits: list[SliceStates]
) -> None:
    """Add the metrics of the due cohort, and their changes against each reference."""
    due, windows = view.due, view.windows
    spans = question.spans(due.days, windows)
    found = window_values(due.stack, spans, costly=view.whole)
    notes = coverage_notes(question, view, splits, spans) if view.whole else None
    _add_values(rows, question, view, (DUE, notes), due, spans, found)
    for reference in question.references:
        if not view.whole and not reference.segments:
            continue
        _add_changes(rows, question, view, reference, spans, found)


def _add_changes(
    rows: Answers,
    question: ScoreQuestion,
    view: View,
    reference: WindowReference,
    spans: Spans,
    found: WindowValues,
) -> None:
    due = view.due
    firsts, lasts = reference.bounds
    labelled = sums_over_spans(due.stack.labelled, spans)
    chosen = np.flatnonzero(reference.held[view.windows] & (labelled > 0))
    if not len(chosen):
        return
    windows = view.windows[chosen]
    theirs = due.spans(firsts[windows], lasts[windows])
    unique, which = np.unique(theirs, axis=0, return_inverse=True)
    before = window_values(due.stack, unique.astype(np.int64), found.keys, costly=view.whole)
    before = before.take(which.reshape(-1))
    explained = cohort_changes(question, view, spans[chosen], theirs, found.keys)
    changed = window_changes(
        found.take(chosen),
        replace(before, value=before.value + np.nan_to_num(explained)),
        assumed_design_effect=question.assumed_design_effect,
    )
    counts = due.counts(spans[chosen])
    for at, key in enumerate(found.keys):
        rows.add(
            "performance_metrics",
            len(chosen),
            **view.scope,
            **question.window_columns(windows),
            **counts,
            cohort=DUE,
            metric=key,
            reference=reference.name,
            **reference.columns(windows),
            reference_value=before.value[:, at],
            value=changed.value[:, at],
            reason=changed.reason[:, at],
            lower=changed.lower[:, at],
            upper=changed.upper[:, at],
            p_value=changed.p_value[:, at],
            cohort_change=explained[:, at],
        )


def _add_early(rows: Answers, question: ScoreQuestion, view: View) -> None:
    """Add the metrics of labels that arrived before they were due, without intervals."""
    early = view.early
    spans = question.spans(early.days, view.windows)
    asked = early.stack.rows if view.whole else early.stack.labelled
    chosen = np.flatnonzero(sums_over_spans(asked, spans) > 0)
    if not len(chosen):
        return
    found = window_values(early.stack, spans[chosen], costly=False)
    nothing = np.full(found.value.shape, np.nan)
    silent = WindowValues(
        found.keys,
        found.value,
        found.reason,
        lower=nothing,
        upper=nothing,
        variance=nothing,
        days=found.days,
        iid_lower=nothing,
        iid_upper=nothing,
        iid_variance=nothing,
        least=nothing,
        successive=nothing,
    )
    of = View(view.version, view.group, view.scopes, view.stack, view.windows[chosen])
    _add_values(rows, question, of, (EARLY, NOT_REPRESENTATIVE), early, spans[chosen], silent)


NOT_REPRESENTATIVE = "labels that arrived before they were due are not a random sample"


def _add_values(
    rows: Answers,
    question: ScoreQuestion,
    view: View,
    cohort: tuple[str, object],
    days: Days,
    spans: Spans,
    found: WindowValues,
) -> None:
    counts = days.counts(spans)
    bounds = error_bounds(metric_states(days.stack).roll_up(spans), found.keys)
    for at, key in enumerate(found.keys):
        rows.add(
            "performance_metrics",
            len(view.windows),
            error_bound=np.where(np.isfinite(found.value[:, at]), bounds[key], np.nan),
            **view.scope,
            **question.window_columns(view.windows),
            **counts,
            cohort=cohort[0],
            note=cohort[1],
            metric=key,
            value=found.value[:, at],
            reason=found.reason[:, at],
            lower=found.lower[:, at],
            upper=found.upper[:, at],
            iid_lower=found.iid_lower[:, at],
            iid_upper=found.iid_upper[:, at],
        )
