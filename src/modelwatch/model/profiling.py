"""What is kept of the rows: features, segments, bins and pairs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from modelwatch.model.literals import Number
from modelwatch.model.section import (
    ColumnName,
    ColumnNames,
    Name,
    Section,
    Text,
    as_tuple,
    only_one_of,
)

Kind = Literal["numeric", "categorical"]
MAX_CROSSED = 5
"""Columns of one segmentation."""

Patterns = Annotated[tuple[Text, ...], BeforeValidator(as_tuple)]


class ColumnOptions(Section):
    """How one column is profiled, where the defaults don't fit."""

    type: Kind | None = Field(
        default=None,
        description="`categorical` counts the values of a number, such as a code, one by one. "
        "Left out: numbers, dates and timestamps are numeric, text and booleans categorical.",
    )
    special_values: tuple[Number, ...] = Field(
        default=(),
        max_length=50,
        description="Numbers that stand for something else than a quantity, such as -999. Each "
        "has a bin of its own and is left out of mean, sd and quantiles.",
    )
    bins: int | None = Field(
        default=None,
        ge=2,
        le=1000,
        description="Bins of this numeric column, in place of `binning.bins`.",
    )
    max_values: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        description="Values kept of this categorical column, in place of `binning.max_values`.",
    )
    sensitive: bool = Field(
        default=False,
        description="No value of the column is written or told anywhere: it is counted by salted "
        "hashes of its values, as a categorical one. Other columns of the inputs, such as an id, "
        "may be sensitive too. See docs/guides/bad_data.md.",
    )

    @model_validator(mode="after")
    def _fitting_kind(self) -> ColumnOptions:
        if self.sensitive and (self.special_values or self.bins or self.type == "numeric"):
            raise ValueError(
                "a sensitive column is categorical: hashes have no special_values, bins or numbers"
            )
        if self.type == "categorical" and (self.special_values or self.bins is not None):
            raise ValueError("special_values and bins belong to a numeric column")
        if self.type == "numeric" and self.max_values is not None:
            raise ValueError("max_values belongs to a categorical column")
        return self


class FeatureChoice(Section):
    """Which columns of the inputs are features."""

    include: Patterns = Field(
        default=("*",),
        min_length=1,
        description="Names of columns, or patterns with `*`, `?` and `[...]`. A name that is "
        "one stands for itself.",
    )
    exclude: Patterns = Field(default=(), description="Names or patterns of columns to leave out.")
    columns: dict[ColumnName, ColumnOptions] = Field(
        default_factory=dict, description="Options of single columns, by name."
    )
    salt_env: Text = Field(
        default="MODELWATCH_SALT",
        max_length=200,
        description="The environment variable with the secret under which values of sensitive "
        "columns are hashed; the same for every run. Another name: all days are computed anew.",
    )


class Segmentation(Section):
    """A way to split the rows, beside all traffic."""

    name: Name = Field(description="Its name in the results.")
    columns: ColumnNames | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_CROSSED,
        description="Column, or list of columns to cross; a segment for each value that occurs.",
    )
    predicate: Text | None = Field(
        default=None,
        description="A SQL expression that is true or false of a row; the segments are `true`, "
        "`false` and `(null)`.",
    )
    max_values: int = Field(
        default=20,
        ge=1,
        le=1000,
        description="Number of segments, those with the most rows in the reference of the bins. "
        "All others form the segment `(other)`, and nulls the segment `(null)`. Values that have "
        "such a name are shown in double quotes.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Segmentation:
        only_one_of(self, "columns", "predicate")
        if self.predicate is not None and "max_values" in self.model_fields_set:
            raise ValueError("max_values belongs to columns, a predicate has three segments")
        return self

    @property
    def most_segments(self) -> int:
        """Segments that it can have at most, with (other) and (null)."""
        return 3 if self.columns is None else self.max_values + 2


class Binning(Section):
    """How bins are fitted. They are fitted once, stored, and reused."""

    reference: Name | None = Field(
        default=None,
        description="The reference of fixed days, or with a table of its own, on which bins are "
        "fitted. Left out: the first such reference.",
    )
    bins: int = Field(default=200, ge=2, le=1000, description="Bins of a numeric column, about.")
    max_values: int = Field(
        default=500,
        ge=1,
        le=10_000,
        description="Number of values of a categorical column that are counted separately, the "
        "most frequent first. All other values share one count, which hides changes among them: "
        "`error_bound` limits the effect on a statistic, or is null.",
    )


class Pairs(Section):
    """Correlations of pairs of numeric features, and their principal components."""

    max_features: int = Field(
        default=64,
        ge=0,
        le=512,
        description="Numeric features taken, in the table's order; 0 switches pairs off.",
    )
    top: int = Field(
        default=20,
        ge=1,
        le=10_000,
        description="Pairs written for each window: those that moved most.",
    )
    columns: ColumnNames | None = Field(
        default=None, description="The features to take, in place of the first `max_features`."
    )
