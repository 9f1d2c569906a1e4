"""Rules: conditions on each row, and the treatment of rows that break them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from modelwatch.model.config.section import MAX_TEXT, ColumnNames, Name, Section, Text, only_one_of

Treatment = Literal["fail", "quarantine", "exclude", "warn"]
RuleTable = Literal["inputs", "predictions", "labels"]
APART: tuple[Treatment, ...] = ("quarantine", "exclude")
"""Treatments under which a row does not reach the states."""


class Duplicates(Section):
    """Rows of a day with the same key."""

    key: ColumnNames = Field(
        default=(),
        description="Columns of the key. Default: the id of the table. Rows with a null in the "
        "key are not duplicates.",
    )
    more_than: int = Field(
        default=1, ge=1, le=1_000_000, description="Allowed number of rows per key and day."
    )
    keep: Literal["last", "first", "none"] = Field(
        default="last",
        description="Which rows are kept, by the time column of the table. Rows that no other "
        "rule keeps out have precedence. `none`: all of them break the rule.",
    )


class Rule(Section):
    """A condition on each row of a table, and the treatment of rows that break it."""

    name: Name = Field(description="Its name in the results.")
    description: str = Field(default="", max_length=MAX_TEXT, description="Description for people.")
    table: RuleTable = Field(default="inputs", description="The table whose rows are checked.")
    treatment: Treatment = Field(
        description="`fail`: the run stops, and nothing is published. `quarantine`: the row is "
        "kept out and stored with the reasons, until it is released. `exclude`: the "
        "row is kept out and counted. `warn`: the row is used and counted."
    )
    must: Text | None = Field(
        default=None,
        description="A SQL condition that must be true. Null counts as false.",
    )
    duplicates: Duplicates | None = Field(
        default=None, description="Limit on the number of rows with the same key and day."
    )
    without: Literal["inputs", "predictions"] | None = Field(
        default=None,
        description="The table that must contain a row with the same id and day.",
    )
    where: Text | None = Field(
        default=None, description="A SQL condition that selects the rows to check."
    )
    tolerance: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="Share of a day's rows that may break the rule before the run stops (`fail`) "
        "or the rule is reported (other treatments). Individual rows are kept out "
        "regardless of it.",
    )

    @model_validator(mode="after")
    def _one_condition(self) -> Rule:
        only_one_of(self, "must", "duplicates", "without")
        if self.without == self.table:
            raise ValueError(f"a row of the {self.table} cannot lack itself: name another table")
        return self

    @property
    def reason(self) -> str:
        """Why a row fails it, in words without values of the row."""
        if self.must is not None:
            wording = f"not ({self.must})"
        elif self.duplicates is not None:
            key = ", ".join(self.duplicates.key) or "id"
            wording = f"more than {self.duplicates.more_than} of one {key} on a day"
        else:
            wording = f"none of the {self.without} has the id and day"
        return f"{self.name}: {wording}"

    @property
    def sets_apart(self) -> bool:
        """Whether rows that fail it are kept out of the states."""
        return self.treatment in APART
