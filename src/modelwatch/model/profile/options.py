"""What is kept of the rows: features, segments, bins, and pairs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from modelwatch.model.config.literals import Number
from modelwatch.model.config.section import (
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
"""Maximum number of columns of one segmentation."""

Patterns = Annotated[tuple[Text, ...], BeforeValidator(as_tuple)]


class ColumnOptions(Section):
    """Options of a column."""

    type: Kind | None = Field(
        default=None,
        description="`categorical` counts each value of a numeric column separately, such as a "
        "code. Default: numbers, dates, and timestamps are numeric; strings and "
        "booleans are categorical.",
    )
    special_values: tuple[Number, ...] = Field(
        default=(),
        max_length=50,
        description="Numbers that are codes and not quantities, such as -999. Each has a bin of "
        "its own, and is excluded from mean, standard deviation, and quantiles.",
    )
    bins: int | None = Field(
        default=None,
        ge=2,
        le=1000,
        description="Number of bins of this numeric column, instead of `binning.bins`.",
    )
    max_values: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        description="Number of values of this categorical column, instead of `binning.max_values`.",
    )
    sensitive: bool = Field(
        default=False,
        description="No value of the column is stored or shown. It is treated as categorical, "
        "with salted hashes instead of values. Other columns of the inputs, such as "
        "an id, can be sensitive too. See docs/guides/bad_data.md.",
    )

    @model_validator(mode="after")
    def _fitting_kind(self) -> ColumnOptions:
        if self.sensitive and (self.special_values or self.bins or self.type == "numeric"):
            raise ValueError(
                "a sensitive column is categorical: hashes have no special_values, bins or numbers"
            )
        if self.type == "categorical" and (self.special_values or self.bins is not None):
            raise ValueError("special_values and bins apply to a numeric column")
        if self.type == "numeric" and self.max_values is not None:
            raise ValueError("max_values applies to a categorical column")
        return self


class FeatureChoice(Section):
    """Columns of the inputs that are features."""

    include: Patterns = Field(
        default=("*",),
        min_length=1,
        description="Names of columns, or patterns with `*`, `?`, and `[...]`. An existing name "
        "takes precedence over a pattern.",
    )
    exclude: Patterns = Field(default=(), description="Names or patterns of columns to exclude.")
    columns: dict[ColumnName, ColumnOptions] = Field(
        default_factory=dict, description="Options of individual columns, by name."
    )
    salt_env: Text = Field(
        default="MODELWATCH_SALT",
        max_length=200,
        description="Environment variable with the secret for the hashes of sensitive columns. It "
        "must be the same in every run. If you name another variable, all days are "
        "computed again.",
    )


class Segmentation(Section):
    """A way to split the rows, in addition to all traffic."""

    name: Name = Field(description="Its name in the results.")
    columns: ColumnNames | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_CROSSED,
        description="Column, or list of columns to combine. Each value or combination that occurs "
        "is a segment.",
    )
    predicate: Text | None = Field(
        default=None,
        description="A boolean SQL expression. The segments are `true`, `false`, and `(null)`.",
    )
    max_values: int = Field(
        default=20,
        ge=1,
        le=1000,
        description="Maximum number of segments: those with the most rows in the reference of the "
        "bins. Other values form the segment `(other)`, and nulls the segment "
        "`(null)`. Values with such a name are shown in double quotes.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Segmentation:
        only_one_of(self, "columns", "predicate")
        if self.predicate is not None and "max_values" in self.model_fields_set:
            raise ValueError("max_values applies to columns; a predicate has three segments")
        return self

    @property
    def most_segments(self) -> int:
        """Maximum number of segments, including (other) and (null)."""
        return 3 if self.columns is None else self.max_values + 2


class BinningOptions(Section):
    """How bins are fitted. Bins are fitted once, stored, and reused."""

    reference: Name | None = Field(
        default=None,
        description="The fixed reference on which bins are fitted. Default: the first fixed "
        "reference.",
    )
    bins: int = Field(
        default=200, ge=2, le=1000, description="Approximate number of bins of a numeric column."
    )
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
        description="Maximum number of numeric features, in the order of the table and without "
        "dates. 0 disables pairs.",
    )
    top: int = Field(
        default=20,
        ge=1,
        le=10_000,
        description="Number of pairs that are stored per window: those that changed most.",
    )
    columns: ColumnNames | None = Field(
        default=None,
        description="The features to use, dates among them, instead of the first `max_features`.",
    )
