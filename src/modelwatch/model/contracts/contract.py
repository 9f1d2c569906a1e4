"""A data contract: conditions on the columns and rows of a table."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from modelwatch.model.config.literals import Number
from modelwatch.model.config.section import (
    MAX_TEXT,
    ColumnName,
    ColumnNames,
    MonitorName,
    Name,
    Scalar,
    Section,
    Text,
)
from modelwatch.model.contracts.constraint import Severity
from modelwatch.model.quarantine.rules import Treatment
from modelwatch.stats.numerals import numerals
from modelwatch.stats.states.exact_numbers import ExactNumber

TableRole = Literal["inputs", "predictions", "labels"]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _two(value: Any) -> Any:
    if isinstance(value, (tuple, list)) and len(value) != 2:
        raise ValueError("must be a list of two values, minimum and maximum; null for no bound")
    return value


def _ordered(
    ends: tuple[ExactNumber | None, ExactNumber | None],
) -> tuple[ExactNumber | None, ExactNumber | None]:
    low, high = ends
    if low is None and high is None:
        raise ValueError("needs a minimum, a maximum, or both")
    if low is not None and high is not None and low > high:
        first, last = numerals((low, high))
        raise ValueError(f"has minimum {first} above maximum {last}")
    return ends


Ends = Annotated[
    tuple[Number | None, Number | None], BeforeValidator(_two), AfterValidator(_ordered)
]
"""Minimum and maximum, both allowed; null for no bound."""
WholeEnds = Annotated[
    tuple[
        Annotated[int, Field(ge=0)] | None,
        Annotated[int, Field(ge=0)] | None,
    ],
    BeforeValidator(_two),
    AfterValidator(_ordered),
]
"""Minimum and maximum count."""


class ColumnClauses(Section):
    """Clauses of a column. An omitted clause promises nothing."""

    type: Text | None = Field(
        default=None, max_length=1000, description="Type, in Spark's notation: `double`, `int`."
    )
    nullable: bool = Field(
        default=True,
        description="Whether nulls are allowed. With `false`, a single null breaks the contract.",
    )
    completeness: float | None = Field(
        default=None, ge=0, le=1, description="Minimum share of a day's rows that have a value."
    )
    domain: tuple[Scalar, ...] | None = Field(
        default=None, min_length=1, max_length=10_000, description="Allowed values."
    )
    range: Ends | None = Field(
        default=None,
        description="Smallest and largest value, such as `[0, 100]`. `null` means no limit.",
    )
    unique: bool = Field(default=False, description="Whether values must be unique within a day.")
    pattern: Text | None = Field(
        default=None, description="A Java regular expression that must match a part of every value."
    )
    length: WholeEnds | None = Field(
        default=None,
        description="Minimum and maximum number of characters, such as `[2, 40]`. `null` means no "
        "limit.",
    )
    sentinels: tuple[Scalar, ...] = Field(
        default=(),
        max_length=100,
        description="Codes such as -999 that are not values. `domain`, `range`, `pattern`, and "
        "`length` ignore them.",
    )
    share: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="Minimum share of the values for which `domain`, `range`, `pattern`, and "
        "`length` must hold.",
    )
    severity: Severity = Field(
        default="fail", description="Severity of a failure: `warn` or `fail`."
    )
    treatment: Treatment | None = Field(
        default=None,
        description="Treatment of rows that break `nullable`, `domain`, `range`, `pattern`, or "
        "`length`: `fail`, `quarantine`, `exclude`, or `warn`. Default: none.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> ColumnClauses:
        if not self.nullable and self.completeness not in (None, 1.0):
            raise ValueError("nullable: false implies completeness 1; remove one of them")
        return self


class VolumeClause(Section):
    """Number of rows per day, by weekday."""

    monday: WholeEnds | None = Field(
        default=None, description="Minimum and maximum number of rows."
    )
    tuesday: WholeEnds | None = Field(default=None, description="As `monday`.")
    wednesday: WholeEnds | None = Field(default=None, description="As `monday`.")
    thursday: WholeEnds | None = Field(default=None, description="As `monday`.")
    friday: WholeEnds | None = Field(default=None, description="As `monday`.")
    saturday: WholeEnds | None = Field(default=None, description="As `monday`.")
    sunday: WholeEnds | None = Field(default=None, description="As `monday`.")

    def of(self, weekday: int) -> tuple[int | None, int | None] | None:
        """Minimum and maximum number of rows on a weekday, with Monday as 0; None for no bounds."""
        return getattr(self, WEEKDAYS[weekday])  # type: ignore[no-any-return]


class RowClauses(Section):
    """Clauses on the rows of a day."""

    unique: ColumnNames = Field(
        default=(), description="Column, or list of columns, that identify a row within a day."
    )
    freshness_days: int | None = Field(
        default=None,
        ge=0,
        le=3650,
        description="Maximum number of days between the newest day with rows and the day before "
        "the as-of day.",
    )
    volume: VolumeClause | None = Field(
        default=None, description="Number of rows per day, by weekday."
    )
    severity: Severity = Field(
        default="fail", description="Severity of a failure: `warn` or `fail`."
    )


class Relation(Section):
    """A condition on several columns of a row."""

    name: Name = Field(description="Its name in the results.")
    predicate: Text = Field(description="A SQL condition. Null counts as false.")
    where: Text | None = Field(
        default=None, description="A SQL condition that selects the rows to check."
    )
    at_least: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="Minimum share of the rows for which the condition must be true.",
    )
    severity: Severity = Field(
        default="fail", description="Severity of a failure: `warn` or `fail`."
    )
    treatment: Treatment | None = Field(
        default=None, description="Treatment of rows that break the condition; as for columns."
    )


class Contract(Section):
    """A data contract: one YAML file per version."""

    contract: MonitorName = Field(description="Name of the contract: letters, digits, `_`, `-`.")
    version: int = Field(
        ge=1,
        le=1_000_000,
        description="Version. It must increase with every change, because versions are immutable.",
    )
    of: TableRole = Field(
        default="inputs", description="The table: `inputs`, `predictions`, or `labels`."
    )
    description: str = Field(default="", max_length=MAX_TEXT, description="Description for people.")
    columns: dict[ColumnName, ColumnClauses] = Field(
        default_factory=dict, max_length=10_000, description="Clauses, by column."
    )
    other_columns: Literal["allowed", "warn", "fail"] = Field(
        default="allowed",
        description="Whether columns that are not listed are allowed, or cause a warning or a "
        "failure.",
    )
    rows: RowClauses = Field(
        default_factory=RowClauses, description="Conditions on all rows of a day."
    )
    relations: tuple[Relation, ...] = Field(
        default=(), max_length=1000, description="Conditions on several columns of a row."
    )

    @property
    def fingerprint(self) -> str:
        """Fingerprint of its content, without comments and layout. SHA-256, hexadecimal."""
        whole = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(whole.encode("ascii")).hexdigest()


@dataclass(frozen=True)
class ContractFile:
    """A contract as read: its origin, its text, and its content."""

    path: str
    text: str
    contract: Contract

    @property
    def used(self) -> dict[str, Any]:
        """Its entry in the row of a run."""
        contract = self.contract
        return {
            "name": contract.contract,
            "version": contract.version,
            "fingerprint": contract.fingerprint,
        }


class ContractPlace(Section):
    """A contract that the data of a monitor is checked against."""

    path: Text = Field(description="The YAML file of the contract, relative to the configuration.")
