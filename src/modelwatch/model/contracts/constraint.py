"""Constraints: conditions on the data of a day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field, model_validator

from modelwatch.model.config.literals import Number
from modelwatch.model.config.section import ColumnName, ColumnNames, Name, Scalar, Section, Text
from modelwatch.model.sources.tables import TableAddress
from modelwatch.stats.numerals import numerals

Severity = Literal["warn", "fail"]
EngineChoice = Literal["auto", "deequ", "native"]
"""The engine that evaluates constraints: Deequ, Spark SQL alone, or Deequ if it is available."""
Bounds: TypeAlias = tuple["float | None", "float | None"]
DataType = Literal["integral", "fractional", "numeric", "boolean", "string"]


class _Constraint(Section):
    name: Name = Field(description="Its name in the results.")
    table: Literal["inputs", "predictions"] = Field(
        default="inputs", description="The table whose rows are checked."
    )
    where: Text | None = Field(
        default=None, description="A SQL condition that selects the rows to check."
    )
    severity: Severity = Field(
        default="fail", description="Severity of a failure: `warn` or `fail`."
    )
    lower: float | None = Field(default=None, description="Minimum of the observed value.")
    upper: float | None = Field(default=None, description="Maximum of the observed value.")

    @property
    def bounds(self) -> Bounds:
        """Lowest and highest observed value that pass; None for no bound."""
        return self.lower, self.upper

    @property
    def named_columns(self) -> tuple[str, ...]:
        """The columns of the table that it uses, except those in SQL."""
        return ()

    def _ordered(self, least: float | None = None, most: float | None = None) -> None:
        low, high = self.lower, self.upper
        if low is None and high is None:
            raise ValueError("needs lower, upper or both")
        if low is not None and high is not None and low > high:
            low_text, high_text = numerals((low, high))
            raise ValueError(f"lower {low_text} is above upper {high_text}")
        for key, bound in (("lower", low), ("upper", high)):
            if bound is None:
                continue
            if least is not None and bound < least:
                raise ValueError(f"{key} {bound:g} is below {least:g}, the least possible value")
            if most is not None and bound > most:
                raise ValueError(f"{key} {bound:g} is above {most:g}, the greatest possible value")


class _Share(_Constraint):
    lower: float | None = Field(default=1.0, description="Minimum share of the rows, 0 to 1.")
    upper: float | None = Field(default=None, description="Maximum share of the rows, 0 to 1.")

    @model_validator(mode="after")
    def _bounded(self) -> _Share:
        self._ordered(0.0, 1.0)
        return self


class _OfColumn(_Constraint):
    column: ColumnName = Field(description="The column.")

    @property
    def named_columns(self) -> tuple[str, ...]:
        """The only column."""
        return (self.column,)


class Rows(_Constraint):
    """The number of rows of the day."""

    kind: Literal["rows"] = Field(description="`rows`: the number of rows of the day.")

    @model_validator(mode="after")
    def _bounded(self) -> Rows:
        self._ordered(0.0)
        return self


class Completeness(_Share, _OfColumn):
    """The share of rows that are not null."""

    kind: Literal["completeness"] = Field(
        description="`completeness`: the share of rows in which the column is not null."
    )


class Uniqueness(_Share):
    """The share of rows whose values occur once."""

    synonyms: ClassVar[Mapping[str, str]] = {"column": "columns"}
    kind: Literal["uniqueness"] = Field(
        description="`uniqueness`: the share of rows whose values in the columns occur once."
    )
    columns: ColumnNames = Field(
        min_length=1,
        description="Column, or list of columns, that identify a row. You can also use the key "
        "`column`.",
    )

    @property
    def named_columns(self) -> tuple[str, ...]:
        """All of its columns."""
        return self.columns


class Range(_OfColumn):
    """The share of values within bounds."""

    kind: Literal["range"] = Field(
        description="`range`: the share of values between `lower` and `upper`."
    )
    lower: Number | None = Field(  # type: ignore[assignment]
        default=None, description="Smallest value within the range."
    )
    upper: Number | None = Field(  # type: ignore[assignment]
        default=None, description="Largest value within the range."
    )
    share: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="Minimum share of values within the range.",
    )

    @model_validator(mode="after")
    def _bounded(self) -> Range:
        self._ordered()
        return self

    @property
    def bounds(self) -> Bounds:
        """Bounds of the share, because ``lower`` and ``upper`` are bounds of the values."""
        return self.share, None


class Domain(_Share, _OfColumn):
    """The share of values in a list."""

    kind: Literal["domain"] = Field(
        description="`domain`: the share of values that are among `values`."
    )
    values: tuple[Scalar, ...] = Field(
        min_length=1, max_length=10_000, description="Allowed values."
    )


class Pattern(_Share, _OfColumn):
    """The share of values that match a regular expression."""

    kind: Literal["pattern"] = Field(
        description="`pattern`: the share of values that contain a match of `regex`."
    )
    regex: Text = Field(description="A Java regular expression.")


class OfDataType(_Share, _OfColumn):
    """The share of values that parse as a type."""

    kind: Literal["data_type"] = Field(
        description="`data_type`: the share of values that parse as `type`."
    )
    type: DataType = Field(description="The type that the values of a string column must parse as.")


class Mean(_OfColumn):
    """The mean of a column."""

    kind: Literal["mean"] = Field(description="`mean`: the mean of the column.")

    @model_validator(mode="after")
    def _bounded(self) -> Mean:
        self._ordered()
        return self


class Sd(_OfColumn):
    """The standard deviation of a column."""

    kind: Literal["sd"] = Field(description="`sd`: the standard deviation of the column.")

    @model_validator(mode="after")
    def _bounded(self) -> Sd:
        self._ordered(0.0)
        return self


class Correlation(_Constraint):
    """The correlation of two columns."""

    kind: Literal["correlation"] = Field(
        description="`correlation`: Pearson's correlation of the two columns."
    )
    columns: ColumnNames = Field(min_length=2, max_length=2, description="The two columns.")

    @property
    def named_columns(self) -> tuple[str, ...]:
        """The two columns."""
        return self.columns

    @model_validator(mode="after")
    def _bounded(self) -> Correlation:
        self._ordered(-1.0, 1.0)
        return self


class Predicate(_Share):
    """The share of rows for which a condition is true."""

    kind: Literal["predicate"] = Field(
        description="`predicate`: the share of rows for which `sql` is true."
    )
    sql: Text = Field(description="A SQL condition on the columns of the table.")


class ForeignColumn(Section):
    """A column with the allowed values."""

    table: TableAddress = Field(description="The Delta table with the allowed values.")
    column: ColumnName = Field(description="The column with the allowed values.")


class ForeignSet(_Share, _OfColumn):
    """The share of values that are in another table."""

    kind: Literal["foreign_set"] = Field(
        description="`foreign_set`: the share of values that are in a column of another table."
    )
    set: ForeignColumn = Field(description="The column with the allowed values.")


Constraint = Annotated[
    Rows
    | Completeness
    | Uniqueness
    | Range
    | Domain
    | Pattern
    | OfDataType
    | Mean
    | Sd
    | Correlation
    | Predicate
    | ForeignSet,
    Field(discriminator="kind"),
]
CONSTRAINT_TYPES: dict[str, type[_Constraint]] = {
    kind.model_fields["kind"].annotation.__args__[0]: kind  # type: ignore[union-attr]
    for kind in (
        Rows,
        Completeness,
        Uniqueness,
        Range,
        Domain,
        Pattern,
        OfDataType,
        Mean,
        Sd,
        Correlation,
        Predicate,
        ForeignSet,
    )
}
"""Every kind of constraint by its key."""
