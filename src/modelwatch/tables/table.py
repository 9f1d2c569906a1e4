"""The description of an output table: name, version, columns, key, and partitioning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from modelwatch.tables.generation import Current

OF_THE_RUN = ("monitor", "run_id")
"""Columns that a run fills in the same way for every table."""


FIELDS: Mapping[str, str] = {
    "window_name": "window",
    "row_count": "rows",
    "constraint_name": "constraint",
    "column_name": "column",
    "row_filter": "where",
    "check_name": "check",
    "table_name": "table",
    "rule_name": "rule",
    "responded_at": "at",
    "released_at": "at",
    "responded_by": "by",
    "released_by": "by",
}
"""Fields of Python values with a shorter name than their column, because some engines reserve
it."""


def field_of(column: str) -> str:
    """The field of a Python value that a column contains."""
    return FIELDS.get(column, column)


@dataclass(frozen=True)
class Column:
    """A column: its Spark type as a DDL string, and the meaning of its values.

    ``nullable`` is false for columns that every row must have; the comment of a nullable column
    says what null means. ``repeats`` is false if a repeated run gives another value, such as the
    time at which a row was written.
    """

    name: str
    type: str
    comment: str
    nullable: bool = True
    repeats: bool = True


@dataclass(frozen=True)
class Table:
    """An output table, from which creation, writer, reference page, and schema tests are derived.

    ``version`` increases when columns are added. ``key`` columns identify a row among all runs.
    ``partitioning`` columns are directories. Small files of the table are merged every
    ``compact_every`` commits; 0 leaves this to the operator. ``of_runs`` is false if people write
    the rows. ``current`` says which rows count, and names the view that shows them; None if a rule
    other than the latest run decides.
    """

    name: str
    version: int
    comment: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partitioning: tuple[str, ...] = ()
    compact_every: int = 0
    of_runs: bool = True
    current: Current | None = None

    def __post_init__(self) -> None:
        known = set(self.names)
        if len(known) != len(self.columns):
            raise ValueError(f"table {self.name}: a column is listed twice")
        for name in (*self.key, *self.partitioning):
            if name not in known:
                raise ValueError(f"table {self.name}: {name} is not a column")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def own_names(self) -> tuple[str, ...]:
        """The same without ``OF_THE_RUN``."""
        return tuple(name for name in self.names if name not in OF_THE_RUN)

    @property
    def own_key(self) -> tuple[str, ...]:
        """The key within one run."""
        return tuple(name for name in self.key if name not in OF_THE_RUN)

    @property
    def current_sql(self) -> str | None:
        """SQL of the view of the rows that count; None if the table has none of this kind."""
        if self.current is None:
            return None
        # Where every run counts, rows of several runs are distinguished by the run.
        every = all(not generation.key for generation, _ in self.current.by)
        key = tuple(name for name in self.key if every or name not in OF_THE_RUN)
        return self.current.sql(self.name, key)

    def column(self, name: str) -> Column:
        """The column of a name; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"table {self.name} has no column {name}")

    def ddl(self, *names: str) -> str:
        """Spark DDL of some columns, in the order given; of all columns if none is named."""
        chosen = [self.column(name) for name in names] if names else list(self.columns)
        return ", ".join(
            f"`{column.name}` {column.type}{'' if column.nullable else ' NOT NULL'}"
            for column in chosen
        )


MONITOR = Column("monitor", "string", "Name of the monitor: `monitor` of its configuration.", False)
RUN_ID = Column(
    "run_id",
    "string",
    "Run that wrote the row. The row counts once the run is published in `runs`.",
    False,
)
MODEL_VERSION = Column(
    "model_version",
    "string",
    "Version of the model that scored the rows; '(none)' if no version is known, "
    "'*' for all versions of a window that contains several. A version with one "
    "of these names is in double quotes.",
    False,
)
SEGMENTATION = Column(
    "segmentation", "string", "Name of the segmentation; 'all' for all traffic.", False
)
SEGMENT = Column(
    "segment",
    "string",
    "Value of the segmentation; 'all' for all traffic, '(null)' for rows without "
    "a value, '(other)' for values beyond the maximum number of segments. A value "
    "that equals one of these is in double quotes.",
    False,
)
WINDOW = Column(
    "window_name", "string", "Name of the window: 'day', 'week', 'month' or as configured.", False
)
WINDOW_START = Column("window_start", "date", "First day of the window.", False)
WINDOW_END = Column("window_end", "date", "Last day of the window, included.", False)
PARTIAL = Column(
    "partial",
    "boolean",
    "Whether the window was not over on the as-of day, so that later days may still change it.",
    False,
)
ERROR_BOUND = Column(
    "error_bound",
    "double",
    "How much the value may differ from that of the raw rows, because rows are "
    "counted in bins: 0 for an exact value; null if unknown, or if the value is "
    "undefined.",
)
