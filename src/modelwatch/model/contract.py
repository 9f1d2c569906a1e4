"""A data contract: what the columns and rows of a table were promised to be."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from modelwatch.model.constraint import Severity
from modelwatch.model.literals import Number
from modelwatch.model.rules import Treatment
from modelwatch.model.section import (
    MAX_TEXT,
    ColumnName,
    ColumnNames,
    MonitorName,
    Name,
    Scalar,
    Section,
    Text,
)
from modelwatch.stats.exact_numbers import ExactNumber
from modelwatch.stats.numerals import numerals

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
"""Least and greatest value, both allowed; null for no end."""
WholeEnds = Annotated[
    tuple[
        Annotated[int, Field(ge=0)] | None,
        Annotated[int, Field(ge=0)] | None,
    ],
    BeforeValidator(_two),
    AfterValidator(_ordered),
]
"""Least and greatest count."""


class ColumnClauses(Section):
    """What one column was promised to be; a clause that is left out promises nothing."""

    type: Text | None = Field(
        default=None, max_length=1000, description="Its type, as Spark writes it: `double`, `int`."
    )
    nullable: bool = Field(
        default=True, description="Whether values may be missing; `false`: not a single one."
    )
    completeness: float | None = Field(
        default=None, ge=0, le=1, description="Least share of a day's rows that have a value."
    )
    domain: tuple[Scalar, ...] | None = Field(
        default=None, min_length=1, max_length=10_000, description="The values that it may have."
    )
    range: Ends | None = Field(
        default=None, description="Least and greatest value, `[0, 100]`; `null` for no end."
    )
    unique: bool = Field(default=False, description="Whether a value may come once a day only.")
    pattern: Text | None = Field(
        default=None, description="A regular expression of Java that is found in every value."
    )
    length: WholeEnds | None = Field(
        default=None, description="Fewest and most characters, `[2, 40]`; `null` for no end."
    )
    sentinels: tuple[Scalar, ...] = Field(
        default=(),
        max_length=100,
        description="Codes such as -999 that stand for something else than a value: `domain`, "
        "`range`, `pattern` and `length` don't ask of them.",
    )
    share: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="Least share of the values for which `domain`, `range`, `pattern` and "
        "`length` hold.",
    )
    severity: Severity = Field(default="fail", description="What a breach is: `warn` or `fail`.")
    treatment: Treatment | None = Field(
        default=None,
        description="What becomes of single rows that break `nullable`, `domain`, `range`, "
        "`pattern` or `length`: `fail`, `quarantine`, `exclude` or `warn`. Left out: nothing.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> ColumnClauses:
        if not self.nullable and self.completeness not in (None, 1.0):
            raise ValueError("nullable: false implies completeness 1; remove one of them")
        return self


class Volume(Section):
    """Rows of a day, by weekday."""

    monday: WholeEnds | None = Field(default=None, description="Fewest and most rows.")
    tuesday: WholeEnds | None = Field(default=None, description="As `monday`.")
    wednesday: WholeEnds | None = Field(default=None, description="As `monday`.")
    thursday: WholeEnds | None = Field(default=None, description="As `monday`.")
    friday: WholeEnds | None = Field(default=None, description="As `monday`.")
    saturday: WholeEnds | None = Field(default=None, description="As `monday`.")
    sunday: WholeEnds | None = Field(default=None, description="As `monday`.")

    def of(self, weekday: int) -> tuple[int | None, int | None] | None:
        """Fewest and most rows of a weekday, Monday being 0; None for no promise."""
        return getattr(self, WEEKDAYS[weekday])  # type: ignore[no-any-return]


class RowClauses(Section):
    """What the rows of a day were promised to be."""

    unique: ColumnNames = Field(
        default=(), description="Column, or list of columns, that identify a row of a day."
    )
    freshness_days: int | None = Field(
        default=None,
        ge=0,
        le=3650,
        description="Most days between the newest day with rows and the eve of the as-of day.",
    )
    volume: Volume | None = Field(default=None, description="Rows of a day, by weekday.")
    severity: Severity = Field(default="fail", description="What a breach is: `warn` or `fail`.")


class Relation(Section):
    """A condition on several columns of a row."""

    name: Name = Field(description="Its name in the results.")
    predicate: Text = Field(description="A SQL condition; null is not true.")
    where: Text | None = Field(
        default=None, description="A SQL condition; only rows of which it is true are asked."
    )
    at_least: float = Field(
        default=1.0, gt=0, le=1, description="Least share of the rows of which it is true."
    )
    severity: Severity = Field(default="fail", description="What a breach is: `warn` or `fail`.")
    treatment: Treatment | None = Field(
        default=None, description="What becomes of rows of which it is not true; see columns."
    )


class Contract(Section):
    """A data contract: one YAML file, of one version."""

    contract: MonitorName = Field(description="Name of the contract: letters, digits, `_`, `-`.")
    version: int = Field(
        ge=1, le=1_000_000, description="Grows with every change: a version is stored for ever."
    )
    of: TableRole = Field(
        default="inputs", description="Whose table it is: `inputs`, `predictions` or `labels`."
    )
    description: str = Field(default="", max_length=MAX_TEXT, description="For people.")
    columns: dict[ColumnName, ColumnClauses] = Field(
        default_factory=dict, max_length=10_000, description="By column, its clauses."
    )
    other_columns: Literal["allowed", "warn", "fail"] = Field(
        default="allowed", description="What a column that is not named here is."
    )
    rows: RowClauses = Field(
        default_factory=RowClauses, description="What the rows of a day are together."
    )
    relations: tuple[Relation, ...] = Field(
        default=(), max_length=1000, description="Conditions on several columns of a row."
    )

    @property
    def fingerprint(self) -> str:
        """Of all that it says, comments and layout apart. SHA-256, hex."""
        whole = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(whole.encode("ascii")).hexdigest()


@dataclass(frozen=True)
class ContractFile:
    """A contract as it was read: from where, its text, and what it says."""

    path: str
    text: str
    contract: Contract

    @property
    def used(self) -> dict[str, Any]:
        """What the row of a run says of it."""
        contract = self.contract
        return {
            "name": contract.contract,
            "version": contract.version,
            "fingerprint": contract.fingerprint,
        }


class ContractPlace(Section):
    """A contract that a monitor holds its data to."""

    path: Text = Field(
        description="The contract's YAML file, from the folder of the configuration."
    )
