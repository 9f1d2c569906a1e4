"""The configuration of a monitor: the draft of `modelwatch init`, with labels added."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
import pandas as pd
from scripts.evidence.world import LABEL_DELAY, World, day_of

from modelwatch.model.config.configuration import MonitorConfig, parse_config
from modelwatch.model.days import DayRange
from modelwatch.model.onboarding.draft import draft
from modelwatch.model.onboarding.guess import guess
from modelwatch.model.onboarding.table_facts import ColumnFacts, TableFacts
from modelwatch.model.planning.window_volumes import Volume, volume_of, with_judged_windows
from modelwatch.model.sources.tables import TableAddress

LABELS = f"""
labels:
  table: {{path: labels}}
  id: row_id
  day: {{column: day}}
  label: late
  known: {{column: known}}
  due: {{delay_days: {LABEL_DELAY}}}
performance: {{task: binary, score: probability, decision: {{column: decision}}}}
"""
"""What a user adds to the draft: `init` does not ask for labels."""
LOOKED_AT = 20_000
"""Rows of the newest days that `init` samples."""
NEWEST_DAYS = 30


def configuration(world: World) -> MonitorConfig:
    """Draft of `modelwatch init` for the tables of a world, with labels and segments.

    The reference is that of the world, if `init` chooses another.
    """
    return _parsed(configuration_text(world))


def configuration_text(world: World) -> str:
    """The YAML of ``configuration``."""
    inputs = facts_of(world, "inputs", ["row_id", *world.table.features])
    answers = facts_of(world, "predictions", ["row_id", "probability", "decision"])
    text = draft(guess(inputs, answers, ("row_id",)), inputs.days, segments=False)
    first, last = (day_of(n) for n in world.period.reference)
    text = re.sub(
        r"- \{name: first_weeks, .*\}", f"- {{name: first_weeks, days: {first}..{last}}}", text
    )
    if world.table.segments:
        text += "segments:\n" + "".join(
            f"  - {{name: {name}, columns: [{name}], max_values: 20}}\n"
            for name in world.table.segments
        )
    return text + LABELS * world.table.has_labels


@lru_cache(maxsize=64)
def _parsed(text: str) -> MonitorConfig:
    return parse_config(text, "evidence")


def judged_configuration(world: World, config: MonitorConfig) -> MonitorConfig:
    """The configuration with windows of incidents that have enough rows, as in a run."""
    return with_judged_windows(config, volume(world))


def volume(world: World) -> Volume | None:
    """The usual number of rows of the inputs."""
    rows = world.rows.groupby("day")["weight"].sum()
    return volume_of({day_of(day): float(n) for day, n in rows.items()})


def facts_of(world: World, name: str, columns: list[str]) -> TableFacts:
    """The sample of a table that `init` reads: rows of the newest days."""
    day = world.rows["day"].to_numpy()
    known = world.rows[day >= day[-1] - NEWEST_DAYS + 1].iloc[:LOOKED_AT]
    found = [ColumnFacts("day", "date", distinct=known["day"].nunique())]
    for column in columns:
        if column == "row_id":
            found.append(ColumnFacts("row_id", "bigint", distinct=len(known)))
        else:
            found.append(_column(column, known[column]))
    first, last = day_of(day[0]), day_of(day[-1])
    return TableFacts(
        TableAddress(path=f"/data/{name}"),
        tuple(found),
        rows=len(known),
        unique=frozenset({"row_id"}),
        days=DayRange(first, last),
        dated_rows=int(world.rows["weight"].sum()),
        days_with_rows=len(np.unique(day)),
    )


def _column(name: str, values: pd.Series) -> ColumnFacts:
    nulls, distinct = int(values.isna().sum()), int(values.nunique())
    if values.dtype == object:
        return ColumnFacts(name, "string", nulls, distinct)
    ends = np.unique(values.to_numpy(dtype=np.float64))
    ends = ends[np.isfinite(ends)]
    return ColumnFacts(
        name,
        "double" if values.dtype.kind == "f" else "int",
        nulls,
        distinct,
        float(ends[0]) if len(ends) else None,
        float(ends[-1]) if len(ends) else None,
        float(ends[1]) if len(ends) > 1 else None,
        float(ends[-2]) if len(ends) > 1 else None,
    )
