"""Rules: what a row must be, and what is done with one that is not."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from modelwatch.model.section import MAX_TEXT, ColumnNames, Name, Section, Text, only_one_of

Treatment = Literal["fail", "quarantine", "exclude", "warn"]
RuleTable = Literal["inputs", "predictions", "labels"]
APART: tuple[Treatment, ...] = ("quarantine", "exclude")
"""Treatments under which a row does not reach the states."""


class Duplicates(Section):
    """Rows of a day that share a key."""

    key: ColumnNames = Field(
        default=(),
        description="Column, or list of columns, that make rows duplicates of each other; left "
        "out: the id of the table. Rows without a value in one of them are none.",
    )
    more_than: int = Field(
        default=1, ge=1, le=1_000_000, description="Rows of one key on one day that are right."
    )
    keep: Literal["last", "first", "none"] = Field(
        default="last",
        description="Which of too many are kept, by the time column of the table; rows that no "
        "other rule sets apart go first. `none`: all of them fail.",
    )


class Rule(Section):
    """What every row of a table must be, and what is done with one that is not."""

    name: Name = Field(description="Its name in the results.")
    description: str = Field(default="", max_length=MAX_TEXT, description="Why, for people.")
    table: RuleTable = Field(default="inputs", description="The table whose rows are judged.")
    treatment: Treatment = Field(
        description="`fail`: nothing is published. `quarantine`: the row is set apart in a table, "
        "with its reasons, until it is released. `exclude`: it is left out and counted. `warn`: it "
        "is counted only."
    )
    must: Text | None = Field(
        default=None,
        description="A SQL condition that a good row satisfies; null is not good enough.",
    )
    duplicates: Duplicates | None = Field(
        default=None, description="A row must not be one of too many of its key and day."
    )
    without: Literal["inputs", "predictions"] | None = Field(
        default=None,
        description="A row must not be without one of the same id and day in this table.",
    )
    where: Text | None = Field(
        default=None, description="A SQL condition; only rows of which it is true are judged."
    )
    tolerance: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="Share of a day's rows that may fail before the run stops (`fail`), or before "
        "somebody is told (the others). Rows are set apart one by one, whatever it is.",
    )

    @model_validator(mode="after")
    def _one_condition(self) -> Rule:
        only_one_of(self, "must", "duplicates", "without")
        if self.without == self.table:
            raise ValueError(f"a row of the {self.table} cannot be without itself")
        return self

    @property
    def reason(self) -> str:
        """Why a row fails it, in words; no value of the row is among them."""
        if self.must is not None:
            told = f"not ({self.must})"
        elif self.duplicates is not None:
            key = ", ".join(self.duplicates.key) or "id"
            told = f"more than {self.duplicates.more_than} of one {key} on a day"
        else:
            told = f"none of the {self.without} has the id and day"
        return f"{self.name}: {told}"

    @property
    def sets_apart(self) -> bool:
        """Whether rows that fail it don't reach the states."""
        return self.treatment in APART
