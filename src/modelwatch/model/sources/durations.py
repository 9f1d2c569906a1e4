"""The table of the durations of training and scoring."""

from __future__ import annotations

from pydantic import Field

from modelwatch.model.config.section import ColumnName, Section
from modelwatch.model.sources.tables import TableAddress

ROLE = "durations"
"""Its role among the sources."""


class Durations(Section):
    """A table of the durations of other jobs of the model, such as training and scoring."""

    table: TableAddress = Field(description="The Delta table, with one row per completed job.")
    kind: ColumnName = Field(
        default="kind", description="The column that says what the job was, such as `training`."
    )
    started: ColumnName = Field(default="started_at", description="The column with the start time.")
    seconds: ColumnName = Field(
        default="seconds", description="The numeric column with the duration in seconds."
    )
