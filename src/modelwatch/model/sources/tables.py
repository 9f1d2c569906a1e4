"""The locations of the tables, and the roles of their columns."""

from __future__ import annotations

from pydantic import Field, model_validator

from modelwatch.model.config.section import ColumnName, ColumnNames, Section, Text, only_one_of
from modelwatch.model.profile.options import ColumnOptions


class TableAddress(Section):
    """A Delta table, by name or by path."""

    name: Text | None = Field(
        default=None, description="Name in the catalog, such as `catalog.schema.table`."
    )
    path: Text | None = Field(
        default=None,
        description="Folder or URL of a Delta table that is not in a catalog. A relative path "
        "begins at the folder of the configuration file.",
    )

    @model_validator(mode="after")
    def _one_address(self) -> TableAddress:
        only_one_of(self, "name", "path")
        return self

    def __str__(self) -> str:
        """The name or the path."""
        return str(self.name or self.path)


class OutputAddress(Section):
    """Location of the output tables: a schema of the catalog, or a folder."""

    schema_name: Text | None = Field(
        default=None, alias="schema", description="Schema in the catalog, such as `catalog.schema`."
    )
    path: Text | None = Field(
        default=None,
        description="Folder or URL; each table is a folder in it. A relative path begins at the "
        "folder of the configuration file.",
    )
    publish: bool = Field(
        default=False,
        description="Whether runs keep the current results in plain Delta tables as well, "
        "`published/<view>` in a folder or `published_<view>` in a schema, which other engines "
        "read without the views.",
    )

    @model_validator(mode="after")
    def _one_address(self) -> OutputAddress:
        only_one_of(self, "schema_name", "path")
        return self

    def __str__(self) -> str:
        """The schema or the path."""
        return str(self.schema_name or self.path)


class DaySource(Section):
    """How the day of a row is determined."""

    column: ColumnName | None = Field(
        default=None,
        description="The day, in the monitor's time zone: a date column, or a string or integer "
        "column in the form `yyyymmdd` (strings also `yyyy-mm-dd`).",
    )
    time_column: ColumnName | None = Field(
        default=None,
        description="A timestamp column. The day is its date in the monitor's time zone; a "
        "timestamp without time zone (`timestamp_ntz`) has its own date.",
    )
    partition_column: ColumnName | None = Field(
        default=None,
        description="With `time_column`: a partition column in the form of `column` that is "
        "within one day of the time. A run then reads the files of its days only.",
    )

    @model_validator(mode="after")
    def _one_day(self) -> DaySource:
        only_one_of(self, "column", "time_column")
        if self.partition_column is not None and self.time_column is None:
            raise ValueError("partition_column requires time_column")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that determine the day."""
        named = (self.column, self.time_column, self.partition_column)
        return tuple(name for name in named if name is not None)


class Inputs(Section):
    """The table of model inputs."""

    table: TableAddress = Field(description="The Delta table.")
    id: ColumnNames = Field(
        default=(),
        description="Column, or list of columns, that identify a row within its day. Required if "
        "predictions have a table of their own.",
    )
    day: DaySource = Field(description="How the day of a row is determined.")


class ModelVersion(Section):
    """The model that made a prediction."""

    column: ColumnName | None = Field(
        default=None,
        description="A column of the predictions. Rows without a value have the version `(none)`.",
    )
    literal: Text | None = Field(
        default=None,
        max_length=200,
        description="One version for all rows, if there is no such column.",
    )

    @model_validator(mode="after")
    def _one_version(self) -> ModelVersion:
        only_one_of(self, "column", "literal")
        return self


class Predictions(Section):
    """The predictions of the model: columns of the inputs table, or a table of their own."""

    table: TableAddress | None = Field(
        default=None,
        description="Table of the predictions, joined to the inputs by `id` and day. Default: the "
        "predictions are columns of the inputs table.",
    )
    id: ColumnNames = Field(
        default=(),
        description="Columns that correspond to `inputs.id`, in the same order. Only with `table`.",
    )
    day: DaySource | None = Field(
        default=None, description="How the day of a row is determined. Only with `table`."
    )
    score: ColumnNames = Field(
        default=(), description="Numeric column, or list of columns, that the model computes."
    )
    decision: ColumnNames = Field(
        default=(),
        description="Column, or list of columns, with decisions. They are categorical unless "
        "`columns` says otherwise.",
    )
    model_version: ModelVersion | None = Field(
        default=None,
        description="The model that made a prediction. Default: one version, `(none)`.",
    )
    columns: dict[ColumnName, ColumnOptions] = Field(
        default_factory=dict, description="Options of individual scores and decisions, by column."
    )

    @model_validator(mode="after")
    def _own_table(self) -> Predictions:
        if self.table is None and (self.id or self.day is not None):
            raise ValueError("id and day apply to a separate table: set table, or remove them")
        if self.table is not None and self.day is None:
            raise ValueError("day is required when predictions have their own table")
        if self.table is not None and not self.id:
            raise ValueError("id is required when predictions have their own table")
        if not self.score and not self.decision:
            raise ValueError("needs score or decision")
        both = {name.lower() for name in self.score} & {name.lower() for name in self.decision}
        if both:
            raise ValueError(f"{min(both)!r} cannot be a score and a decision")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The columns with scores and decisions."""
        return self.score + self.decision
