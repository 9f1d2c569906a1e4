"""What came true: labels that arrive late, and how the model is held against them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from modelwatch.model.literals import Number
from modelwatch.model.section import (
    ColumnName,
    ColumnNames,
    Name,
    Scalar,
    Section,
    Text,
    did_you_mean,
    only_one_of,
)
from modelwatch.model.sources import DaySource, TableAddress
from modelwatch.stats.attribution import ADDITIVE
from modelwatch.stats.score_batch import Task
from modelwatch.stats.score_scale import ScoreKind

MAX_CLASSES = 100
MAX_EXPRESSIONS = 50
MOST_SLICES = 20
"""Features by whose bins performance is kept, unless the configuration says which."""
CELLS = ("true_positive", "false_positive", "true_negative", "false_negative")
"""Cells of the confusion table that may have a value."""


class Known(Section):
    """When a label became known."""

    column: ColumnName = Field(
        description="A date or timestamp column of the labels. The label counts from that day on, "
        "in the monitor's time zone; a later one of the same prediction replaces it."
    )


class Due(Section):
    """When the label of a prediction is due."""

    delay_days: int | None = Field(
        default=None, ge=0, le=3660, description="Days after the day of the prediction."
    )
    column: ColumnName | None = Field(
        default=None,
        description="A date or timestamp column of the predictions or the inputs; without a value "
        "the label is never due. A day before that of the prediction counts as that day.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Due:
        only_one_of(self, "delay_days", "column")
        return self


class Labels(Section):
    """The table of what came true, joined to the predictions by id and day."""

    table: TableAddress = Field(description="The Delta table. It may name an id several times.")
    id: ColumnNames = Field(
        min_length=1,
        description="As many columns as `predictions.id` (`inputs.id` where predictions have no "
        "table of their own), in the same order.",
    )
    day: DaySource = Field(
        description="How the day of the prediction that a label belongs to is told."
    )
    label: ColumnName = Field(description="The column that says what came true.")
    known: Known | None = Field(
        default=None,
        description="When a label became known. Left out: as soon as it is in the table; then "
        "which of two labels is the later one is not known, and they are counted as a conflict.",
    )
    due: Due = Field(description="When the label of a prediction is due.")


class Decision(Section):
    """How a prediction was turned into a decision."""

    column: ColumnName | None = Field(
        default=None, description="A column of the predictions that holds the decision."
    )
    threshold: Number | None = Field(
        default=None, description="The decision is positive from this score on. For binary tasks."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Decision:
        only_one_of(self, "column", "threshold")
        return self


class BusinessValues(Section):
    """What decisions are worth: by cell of the confusion table, and by row."""

    true_positive: float | None = Field(
        default=None, description="Value of a positive decision whose label is positive."
    )
    false_positive: float | None = Field(
        default=None, description="Value of a positive decision whose label is negative."
    )
    true_negative: float | None = Field(
        default=None, description="Value of a negative decision whose label is negative."
    )
    false_negative: float | None = Field(
        default=None, description="Value of a negative decision whose label is positive."
    )
    expressions: dict[Name, Text] = Field(
        default_factory=dict,
        max_length=MAX_EXPRESSIONS,
        description="By name, a SQL expression over the joined row: columns of inputs and "
        "predictions, and `label`, `decision` and `score` (1 and 0 for binary labels and "
        "decisions) where no column is called so. It is summed over rows with a label.",
    )

    @property
    def cells(self) -> dict[str, float] | None:
        """Value by cell, 0 for those left out; None if none is given."""
        given = {cell: getattr(self, cell) for cell in CELLS}
        if all(value is None for value in given.values()):
            return None
        return {cell: value or 0.0 for cell, value in given.items()}


class LossModelPlace(Section):
    """The regressor of the loss that estimates a regression's errors where labels are not due."""

    path: Text | None = Field(
        default=None,
        description="Folder or URL in which fitted models are stored. Left out: the folder "
        "`models` of an `output.path`; with an `output.schema` nothing is estimated then.",
    )


class Performance(Section):
    """How the model is held against its labels."""

    task: Task = Field(description="What the model predicts: one of two, one of several, a number.")
    score: ColumnNames = Field(
        default=(),
        description="One of `predictions.score`: that of the positive class, or the predicted "
        "number. Multiclass: one for each of `classes`, in order, or none.",
    )
    score_kind: ScoreKind = Field(
        default="probability",
        description="What a score says. `probability`: from 0 to 1. `logit`: log-odds of the "
        "probability; multiclass: the softmax gives the probabilities. `percentage`: from 0 to "
        "100. `rank`: a higher score means a more probable class, and no probability. Ranking "
        "metrics are of any score; those of probabilities are undefined for ranks, and where more "
        "than 1 % of the scores are not probabilities. A threshold is in the unit of the score.",
    )
    decision: Decision | None = Field(
        default=None,
        description="Required for binary tasks; multiclass: a column, or the class with the "
        "greatest score if it is left out.",
    )
    positive: tuple[Scalar, ...] = Field(
        default=(True, 1),
        min_length=1,
        max_length=100,
        description="Binary: values of the label, and of the decision's column, that mean "
        "positive.",
    )
    negative: tuple[Scalar, ...] = Field(
        default=(),
        max_length=100,
        description="Binary: values that mean negative. Default: the other boolean; 0 for 1; the "
        "opposite of a word such as `yes`, in the same case; otherwise every other value.",
    )
    unmapped: Literal["nothing", "negative"] | None = Field(
        default=None,
        description="Binary: what a value counts as that is neither positive nor negative. "
        "`nothing`: the row has no label, or no decision; `negative`: every value that is not "
        "positive is negative, and none is reported. Left out: `nothing`, where `negative` is "
        "given or has a default. Empty text and NaN are no value, unless they are named.",
    )
    classes: tuple[Scalar, ...] = Field(
        default=(),
        max_length=MAX_CLASSES,
        description="Multiclass: the values of the label and of the decision. Others are counted "
        "together, as labels of an unknown class.",
    )
    interval: ColumnNames = Field(
        default=(),
        max_length=2,
        description="Regression: two columns of the predictions, the lower and the upper end of "
        "an interval, whose coverage is measured.",
    )
    values: BusinessValues = Field(
        default_factory=BusinessValues, description="What decisions are worth."
    )
    slices: bool | ColumnNames | None = Field(
        default=None,
        description="Features by whose bins performance is kept, to find where it is worst and "
        "why it changed: a list of exactly these, `true` for all, `false` for none. Left out: at "
        f"most {MOST_SLICES}, those with the greatest `incidents.importance`, and among equals "
        "those that come first in the tables. Other slices: performance of all days is computed "
        "anew.",
    )

    loss_model: LossModelPlace = Field(
        default_factory=LossModelPlace,
        description="Regression: the regressor of the loss, fitted once, on the reference.",
    )

    causes: tuple[Text, ...] = Field(
        default=("accuracy",),
        max_length=len(ADDITIVE),
        description="Binary: metrics whose change is split into causes, each at the same cost. Of "
        + ", ".join(f"`{key}`" for key in ADDITIVE)
        + ".",
    )

    @model_validator(mode="after")
    def _fitting_task(self) -> Performance:
        wrong = next((told for condition, told in self._unfitting() if condition), None)
        if wrong is not None:
            raise ValueError(wrong)
        return self

    def _unfitting(self) -> tuple[tuple[bool, str], ...]:
        """What does not fit the task: (whether it is so, what to say) each."""
        binary, several = self.task == "binary", self.task == "multiclass"
        unknown = next((key for key in self.causes if key not in ADDITIVE), None)
        scores, decision = len(self.score), self.decision
        return (
            (
                self.task == "regression" and self.score_kind != "probability",
                "score_kind does not apply to a regression task",
            ),
            (
                self.score_kind == "rank" and "brier" in self.causes,
                "causes: the Brier score needs probabilities, and score_kind is rank",
            ),
            (
                unknown is not None,
                f"causes: the change of {unknown!r} can't be split"
                f"{did_you_mean(str(unknown), ADDITIVE)}",
            ),
            (not several and scores > 1, f"score is one column for a {self.task} task"),
            (not several and not scores, f"score is required for a {self.task} task"),
            (
                binary and decision is None,
                "decision is required for a binary task: a threshold of the score, or a column",
            ),
            (
                several and len(self.classes) < 2,
                "classes are required for a multiclass task: two or more",
            ),
            (len(set(self.class_names)) < len(self.classes), "classes contain a value twice"),
            (
                several and bool(scores) and scores != len(self.classes),
                f"score names {scores} column(s) for {len(self.classes)} classes: one for each, "
                "in order, or none",
            ),
            (
                not binary and (bool(self.negative) or self.unmapped is not None),
                f"negative and unmapped apply to a binary task, not to a {self.task} one",
            ),
            (
                bool(_typed(self.positive) & _typed(self.negative)),
                "positive and negative contain the same value",
            ),
            (
                self.unmapped == "nothing" and not self.negative,
                "unmapped: nothing requires negative, the values that mean negative",
            ),
            (
                several and not scores and decision is None,
                "a multiclass task needs score or decision",
            ),
            (
                not several and bool(self.classes),
                f"classes apply to a multiclass task, not to a {self.task} one",
            ),
            (
                several and decision is not None and decision.threshold is not None,
                "decision.threshold applies to a binary task",
            ),
            (
                self.task == "regression" and decision is not None,
                "decision does not apply to a regression task",
            ),
            (
                bool(self.interval) and (self.task != "regression" or len(self.interval) != 2),
                "interval is two columns of a regression task: lower and upper end",
            ),
            (
                not binary and self.values.cells is not None,
                "values by cell apply to a binary task; use values.expressions",
            ),
            (
                self.task != "regression" and self.loss_model.path is not None,
                "loss_model applies to a regression task",
            ),
        )

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes as text, in order."""
        return tuple(_text(value) for value in self.classes)


class Challenger(Section):
    """Another model that scored the same ids in the shadow, in a table of its own."""

    name: Name = Field(description="Its name in the results.")
    table: TableAddress = Field(description="The Delta table of its predictions.")
    id: ColumnNames = Field(
        min_length=1, description="As many columns as `predictions.id`, in the same order."
    )
    day: DaySource = Field(description="How the day of a row is told.")
    score: ColumnName = Field(description="Its score of the positive class.")
    score_kind: ScoreKind | None = Field(
        default=None,
        description="What its score says, as `performance.score_kind`. Left out: the same.",
    )
    decision: Decision | None = Field(
        default=None, description="Left out: the champion's threshold."
    )


class VersionComparison(Section):
    """Two model versions that share the traffic."""

    champion: Text = Field(
        description="Model version, as the results name it, that is held to be the better one."
    )
    challenger: Text = Field(description="Model version that would replace it.")
    expected_share: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Share of the challenger in the traffic of both, as it was meant to be; a "
        "split that misses it is told. Left out: not tested.",
    )

    @model_validator(mode="after")
    def _two_versions(self) -> VersionComparison:
        if self.champion == self.challenger:
            raise ValueError("champion and challenger are the same version")
        return self


def _typed(values: tuple[Any, ...]) -> frozenset[tuple[bool, Any]]:
    """Values with whether they are truth values: 1 is no true."""
    return frozenset((isinstance(value, bool), value) for value in values)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
