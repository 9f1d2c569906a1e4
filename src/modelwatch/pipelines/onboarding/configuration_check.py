"""A configuration checked against its tables and the scores of its reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.model.config.configuration import MonitorConfig, lines_of
from modelwatch.model.errors import Problem, SourceError
from modelwatch.model.onboarding.score_guess import ScoreFacts, score_reason
from modelwatch.model.plain_text import counted
from modelwatch.model.planning.description import column_lines
from modelwatch.model.planning.plan import Published, plan_of
from modelwatch.model.planning.short_histories import short_history_lines
from modelwatch.model.planning.window_volumes import Volume, silent_windows, window_lines
from modelwatch.model.profile.features import Feature, features_of
from modelwatch.pipelines.config.validation import schemas_of
from modelwatch.pipelines.contracts.files import contract_files, with_contract_rules
from modelwatch.pipelines.planning.cost import cost_text
from modelwatch.pipelines.runs.history import RunHistory
from modelwatch.pipelines.sources.arrivals import inputs_volume
from modelwatch.pipelines.sources.frames import Sources, opened_sources, source_changes
from modelwatch.spark.days import named, with_day
from modelwatch.stats.states.multiclass import SUM_TOLERANCE
from modelwatch.stats.states.score_scale import ScoreKind, largest_probability

_SCORED_ROWS = 20_000
"""Maximum number of rows that are read to judge the scores."""


def check(spark: SparkSession, config: MonitorConfig, text: str, folder: Path | None = None) -> str:
    """The result of checking a configuration against its tables, in words; SourceError if it does
    not fit.

    ``folder``: of the configuration file, where paths of contracts begin.
    """
    lines = lines_of(text)
    contracts = contract_files(config, folder or Path(), lines)
    sources = with_contract_rules(opened_sources(spark, config, lines), contracts)
    config, frames = sources.config, sources.frames
    volume = inputs_volume(sources)
    problems = (*_empty_reference(config, frames, lines), *_silent(config, volume, lines))
    if problems:
        raise SourceError(problems)
    features, not_profiled = features_of(config, schemas_of(frames))
    shown = [f"Monitor {config.monitor} fits its tables"]
    shown += [f"  table      {role}: {source.address}" for role, source in sources.opened.items()]
    shown += [
        f"  contract   {c.contract}, version {c.version}" for c in (f.contract for f in contracts)
    ]
    shown += [f"  columns    {line}" for line in column_lines(features, not_profiled)]
    shown += [f"  windows    {line}" for line in window_lines(config, volume)]
    present, today = sources.opened["inputs"].present(), datetime.now(ZoneInfo(config.time_zone))
    performance = config.performance
    if performance is not None:
        several = performance.task == "multiclass"
        facts = score_facts(config, frames, features)
        wrong = score_reason(facts, performance.score_kind, multiclass=several)
        shown += [f"  scores     {line}" for line in wrong]
    later = short_history_lines(config, present, today.date())
    shown += [f"  not yet    {line}" for line in later]
    return "\n".join(shown) + "\n" + _first_run(sources, features)


def _first_run(sources: Sources, features: Sequence[Feature]) -> str:
    """The cost of a first run over all days of the tables."""
    config = sources.config
    as_of = datetime.now(ZoneInfo(config.time_zone)).date()
    changes = source_changes(sources, RunHistory(()))
    plan = plan_of(config, features, changes, Published(), as_of)
    days, windows = counted(len(plan.days), "day"), counted(len(plan.windows), "window")
    return f"  {'first run':<10} {days}, {windows}\n" + cost_text(sources, plan)


def _silent(
    config: MonitorConfig, volume: Volume | None, lines: dict[str, int]
) -> tuple[Problem, ...]:
    """A problem if drift can never open an incident because windows have too few rows."""
    found = silent_windows(config, volume)
    return () if found is None else (Problem(found[0], lines.get(found[0]), found[1]),)


def _empty_reference(
    config: MonitorConfig, frames: dict[str, DataFrame], lines: dict[str, int]
) -> tuple[Problem, ...]:
    """A problem if the reference of the bins has no rows, because nothing could be compared."""
    reference = config.binning_reference
    frame = frames[reference.role]
    source = reference.day if reference.table is not None else config.inputs.day
    if source is not None and reference.days is not None:
        frame = with_day(frame, source, config.time_zone, list(reference.days))
    if not frame.isEmpty():
        return ()
    place = f"references[{config.references.index(reference)}]"
    message = f"{reference.name!r} has no rows{f' on {reference.days}' if reference.days else ''}"
    line = lines.get(f"{place}.days", lines.get(place))
    return (Problem(place, line, f"{message}, and bins are fitted on it"),)


def score_facts(
    config: MonitorConfig, frames: Mapping[str, DataFrame], features: Sequence[Feature]
) -> tuple[ScoreFacts, ...]:
    """Facts about each score of a classifier, in order; empty without scores."""
    performance = config.performance
    if performance is None or performance.task == "regression" or not performance.score:
        return ()
    rows = _rows(config, frames).limit(_SCORED_ROWS)
    codes = {
        f.name.lower(): [float(value) for value in f.special_values]
        for f in features
        if f.role == "predictions"
    }
    scores = [_known(name, codes.get(name.lower(), ())) for name in performance.score]
    kind = performance.score_kind
    whole = 100.0 if kind == "percentage" else 1.0
    added = sum(scores[1:], start=scores[0]) / F.lit(whole)
    apart = F.abs(added - F.lit(1.0)) > F.lit(SUM_TOLERANCE)
    judged = performance.task == "multiclass" and kind in ("probability", "percentage")
    aggregates: dict[str, Column] = {"unequal": F.count(F.when(apart, 1))}
    for at, score in enumerate(scores):
        aggregates |= {
            f"rows{at}": F.count(score),
            f"lowest{at}": F.min(score),
            f"highest{at}": F.max(score),
            f"distinct{at}": F.approx_count_distinct(score),
            f"fractions{at}": F.max(score != F.floor(score)),
            f"improbable{at}": F.count(F.when(_improbable(kind, score), 1)),
        }
    found = rows.agg(*(column.alias(name) for name, column in aggregates.items())).collect()[0]
    return tuple(
        ScoreFacts(
            name,
            int(found[f"rows{at}"]),
            float(found[f"lowest{at}"]),
            float(found[f"highest{at}"]),
            int(found[f"distinct{at}"]),
            bool(found[f"fractions{at}"]),
            int(found[f"improbable{at}"]),
            int(found["unequal"]) if judged else 0,
        )
        for at, name in enumerate(performance.score)
        if found[f"rows{at}"]
    )


def _rows(config: MonitorConfig, frames: Mapping[str, DataFrame]) -> DataFrame:
    """Rows of the predictions, on days of the reference if it has some of theirs."""
    frame = frames["predictions" if config.two_tables else "inputs"]
    reference = config.binning_reference
    own = config.predictions.day if config.predictions and config.two_tables else None
    if reference.table is not None or reference.days is None:
        return frame
    source = own or config.inputs.day
    return with_day(frame, source, config.time_zone, list(reference.days))


def _known(name: str, codes: Sequence[float]) -> Column:
    """The score; null if it is NaN or a special value."""
    score = named(name).cast("double")
    known = ~F.isnan(score)
    return F.when(known & ~score.isin(*codes) if codes else known, score)


def _improbable(kind: ScoreKind, score: Column) -> Column:
    if kind in ("logit", "rank"):
        return F.lit(False)
    return (score < F.lit(0.0)) | (score > F.lit(largest_probability(kind)))
