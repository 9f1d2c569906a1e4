"""The performance states that a run computes: days compared with their labels."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, get_args

import numpy as np
from pyspark.sql import Column, DataFrame

from modelwatch.errors import instance_of, present
from modelwatch.evaluation.states.partial_scores import LABEL_ROLE
from modelwatch.evaluation.states.score_aggregation import SEGMENTATION_SLICE
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.performance.slices import sliced_features
from modelwatch.model.performance.value_accounts import ValueAccount
from modelwatch.model.planning.label_plan import LabelDay
from modelwatch.model.states.binned import SCORE
from modelwatch.pipelines.sources.frames import Sources
from modelwatch.pipelines.states.day_states import StatesOf, day_tasks_of
from modelwatch.spark.estimation.loss_regression import LossModel
from modelwatch.spark.states.aggregation import merged_score_states
from modelwatch.spark.states.labelled_rows import Traffic, labelled_rows
from modelwatch.spark.states.scored_rows import SCORED_ROLES
from modelwatch.stats.states.batch import BatchColumn, SegmentationCodes
from modelwatch.stats.states.binning import CategoricalBinning, NumericBinning, fit_numeric
from modelwatch.stats.states.score_batch import Task
from modelwatch.stats.states.score_bins import shadow_binning
from modelwatch.stats.states.score_scale import ScoreBinning
from modelwatch.stats.states.score_tally import UNDECIDED, ScorePlan
from modelwatch.stats.states.value_account import SPELLING, VALUE_COUNTS, VALUES

LabelDayFacts = tuple[dict[date, LabelDay], dict[date, tuple[ValueAccount, ...]]]
"""By day, what its performance states depend on, and the account of its values."""
_DESCRIBING = (LABEL_ROLE, VALUES, UNDECIDED, *get_args(Task))
"""Kinds of states that tell it, beside those of spellings."""


def score_plans(states: StatesOf) -> tuple[ScorePlan, ...]:
    """What a pass computes: for the task with the first challenger, and for each further one."""
    config, performance = states.config, present(states.config.performance, "performance")
    binning = score_binning(states)
    plan = states.plan((), config.segments)
    splits: tuple[SegmentationCodes, ...] = plan.segmentations
    first = ScorePlan(
        task=performance.task,
        binning=binning,
        classes=performance.class_names,
        segmentations=splits,
        slices=(
            *(
                BatchColumn(f.name, SCORED_ROLES.index(f.role), states.bins[f.role, f.name])
                for f in sliced_features(config, states.features)
            ),
            # Segments are slices too, so that the change of all traffic can be split by them.
            *(
                BatchColumn(
                    f"{SEGMENTATION_SLICE}{split.name}", 0, CategoricalBinning(split.segments)
                )
                for split in splits
            ),
        ),
        values=tuple(performance.values.expressions),
        challenger=config.challengers[0].name if config.challengers else None,
        challenger_binning=_shadow(config, 0, binning) if config.challengers else None,
    )
    further = (
        ScorePlan(
            task=performance.task,
            binning=binning,
            segmentations=splits,
            challenger=challenger.name,
            challenger_binning=_shadow(config, at, binning),
        )
        for at, challenger in enumerate(config.challengers[1:], start=1)
    )
    return (first, *further)


def score_binning(states: StatesOf) -> NumericBinning:
    """The frozen bins of the score; those of [0, 1] for decisions without a score."""
    performance = present(states.config.performance, "performance")
    if not performance.score:
        return fit_numeric(np.array([0.0, 1.0]), 0.0, 1.0)
    wanted = performance.score[0].lower()
    of_role = SCORE if performance.task == "binary" else "predictions"
    for (role, name), binning in states.bins.items():
        if role == of_role and name.lower() == wanted:
            binning = instance_of(binning, NumericBinning)
            if performance.task == "multiclass":
                edges, center, scale = binning.edges, binning.center, binning.scale
                return ScoreBinning(edges, center, scale, kind=performance.score_kind)
            return binning.of_doubles()
    raise ValueError(f"the score {performance.score[0]!r} has no bins")


def _shadow(config: MonitorConfig, at: int, binning: NumericBinning) -> ScoreBinning:
    """The bins of a challenger's score."""
    performance = present(config.performance, "performance")
    kind = config.challengers[at].score_kind or performance.score_kind
    return shadow_binning(binning, kind)


def traffic_of(config: MonitorConfig, sources: Sources, days: Collection[date]) -> Traffic:
    """Rows on some days of every table that labels are compared with."""
    return Traffic(
        sources.rows("inputs", days),
        sources.rows("predictions", days) if config.two_tables else None,
        sources.rows("labels", days),
        {c.name: sources.rows(f"challenger:{c.name}", days) for c in config.challengers},
    )


def label_states(
    states: StatesOf,
    sources: Sources,
    days: Collection[date],
    as_of: date,
    losses: LossModel | None = None,
) -> DataFrame:
    """States of predictions and labels on some days, in the columns of performance_states."""
    config, performance = states.config, present(states.config.performance, "performance")
    traffic = traffic_of(config, sources, days)
    rows = labelled_rows(
        config,
        sliced_features(config, states.features),
        traffic,
        as_of,
        day_tasks=day_tasks_of(sources, days),
        features=() if losses is None else losses.features,
    )
    plans = score_plans(states)
    if losses is not None:
        rows = losses.expected(rows)
        plans = (replace(plans[0], loss_regressor=losses.regressor.version), *plans[1:])
    decided = performance.decision is not None
    return merged_score_states(rows, plans, decided, as_of, len(days))


def describes_labels(kind: Column) -> Column:
    """Whether states of a kind tell what ``label_facts`` reads."""
    return kind.isin(*_DESCRIBING) | kind.startswith(SPELLING)


def label_facts(rows: Iterable[Mapping[str, Any]], days: Collection[date]) -> LabelDayFacts:
    """What the states of some days depend on, and unmapped values, from rows of
    performance_states of all traffic."""
    dates: dict[date, LabelDay] = {}
    values: dict[date, list[tuple[str, str, list[int], list[int]]]] = {}
    for row in rows:
        day, kind = row["day"], row["kind"]
        spelled = kind.startswith(SPELLING)
        if not spelled and kind not in _DESCRIBING:
            continue
        of_day = values.setdefault(day, [])
        if spelled or kind == VALUES:
            of_day.append((kind, row["name"], row["positions"], row["counts"]))
        of_task = kind in (UNDECIDED, *get_args(Task))
        due = [one for one in row["due_days"] if one is not None] if of_task else []
        before = dates.get(day, LabelDay())
        dates[day] = LabelDay(
            _newest(before.last_known, row["last_known"]),
            _oldest(before.next_known, row["next_known"]),
            _newest(before.last_due, *due),
        )
    accounts = {day: value_accounts(rows) for day, rows in values.items()}
    return {day: dates.get(day, LabelDay()) for day in days}, accounts


def _newest(*days: date | None) -> date | None:
    return max((day for day in days if day is not None), default=None)


def _oldest(*days: date | None) -> date | None:
    return min((day for day in days if day is not None), default=None)


def value_accounts(rows: Iterable[Sequence[Any]]) -> tuple[ValueAccount, ...]:
    """The accounts of the values of a day, from rows with kind, name, positions, and counts."""
    counts: dict[str, dict[str, int]] = {}
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, name, positions, held in rows:
        if kind == VALUES:
            at = dict(zip(positions, held, strict=True))
            counts[name] = {label: at.get(i, 0) for i, label in enumerate(VALUE_COUNTS)}
        else:
            spellings[kind.removeprefix(SPELLING)][name] += sum(held)
    return tuple(
        ValueAccount(
            subject,
            of["valued"],
            of["nothing"],
            of["negative"],
            of["another class"],
            dict(spellings[subject]),
        )
        for subject, of in sorted(counts.items())
    )
