"""A configuration checked against its tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pyspark.sql import DataFrame, SparkSession

from modelwatch.model.config.configuration import MonitorConfig, lines_of
from modelwatch.model.errors import Problem, SourceError
from modelwatch.model.onboarding.score_guess import score_reason
from modelwatch.model.planning.description import column_lines
from modelwatch.model.planning.plan import Published, plan_of
from modelwatch.model.planning.short_histories import short_history_lines
from modelwatch.model.planning.window_volumes import Volume, silent_windows, window_lines
from modelwatch.model.profile.features import Feature, features_of
from modelwatch.pipelines.config.validation import schemas_of
from modelwatch.pipelines.contracts.files import contract_files, held_to
from modelwatch.pipelines.onboarding.score_facts import score_facts
from modelwatch.pipelines.planning.cost import cost_text
from modelwatch.pipelines.runs.history import RunHistory
from modelwatch.pipelines.sources.arrivals import inputs_volume
from modelwatch.pipelines.sources.frames import Sources, opened_sources, source_changes
from modelwatch.spark.days import with_day


def check(spark: SparkSession, config: MonitorConfig, text: str, folder: Path | None = None) -> str:
    """What a configuration makes of its tables, in words; SourceError if it does not fit them.

    ``folder``: of the configuration's file, from which the paths of contracts begin.
    """
    lines = lines_of(text)
    contracts = contract_files(config, folder or Path(), lines)
    sources = held_to(opened_sources(spark, config, lines), contracts)
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
    """What a first run over all days of the tables would cost."""
    config = sources.config
    as_of = datetime.now(ZoneInfo(config.time_zone)).date()
    changes = source_changes(sources, RunHistory(()))
    plan = plan_of(config, features, changes, Published(), as_of)
    whole = f"  {'first run':<10} {len(plan.days):,} days, {len(plan.windows):,} windows\n"
    return whole + cost_text(sources, plan)


def _silent(
    config: MonitorConfig, volume: Volume | None, lines: dict[str, int]
) -> tuple[Problem, ...]:
    """A problem if no drift can ever be an incident, for lack of rows."""
    found = silent_windows(config, volume)
    return () if found is None else (Problem(found[0], lines.get(found[0]), found[1]),)


def _empty_reference(
    config: MonitorConfig, frames: dict[str, DataFrame], lines: dict[str, int]
) -> tuple[Problem, ...]:
    """A problem if the reference of the bins has no rows: nothing could be compared."""
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
