"""The sections `labels`, `performance`, `challengers`, and `comparison` of the configuration."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from modelwatch.model.config.literals import Number
from modelwatch.model.config.section import (
    ColumnName,
    ColumnNames,
    Name,
    Scalar,
    Section,
    Text,
    did_you_mean,
    only_one_of,
)
from modelwatch.model.sources.tables import DaySource, TableAddress
from modelwatch.stats.attribution.decomposition import ADDITIVE
from modelwatch.stats.states.score_batch import Task
from modelwatch.stats.states.score_scale import ScoreKind

MAX_CLASSES = 100
MAX_EXPRESSIONS = 50
MOST_SLICES = 20
"""Default maximum number of features by whose bins performance is computed."""
CELLS = ("true_positive", "false_positive", "true_negative", "false_negative")
"""Cells of the confusion matrix to which a value can be assigned."""


class Known(Section):
    """The day on which a label became known."""

    column: ColumnName = Field(
        description="A date or timestamp column of the labels. A label counts from this day on, "
        "in the monitor's time zone. A later label of the same prediction replaces "
        "it."
    )


class Due(Section):
    """The day by which the label of a prediction is due."""

    delay_days: int | None = Field(
        default=None, ge=0, le=3660, description="Days after the day of the prediction."
    )
    column: ColumnName | None = Field(
        default=None,
        description="A date or timestamp column of the predictions or inputs. Without a value, "
        "the label is never due. A date before the day of the prediction counts as "
        "that day.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Due:
        only_one_of(self, "delay_days", "column")
        return self


class Labels(Section):
    """The table of labels, joined to the predictions by id and day."""

    table: TableAddress = Field(description="The Delta table. It may contain several rows per id.")
    id: ColumnNames = Field(
        min_length=1,
        description="Columns that correspond to `predictions.id`, in the same order (to "
        "`inputs.id`, if predictions have no table of their own).",
    )
    day: DaySource = Field(description="The day of the prediction that a label belongs to.")
    label: ColumnName = Field(description="The column with the label.")
    known: Known | None = Field(
        default=None,
        description="When a label became known. Default: as soon as it is in the table. Without "
        "this key, the order of two labels of one id is unknown, and they count as a "
        "conflict.",
    )
    due: Due = Field(description="When the label of a prediction is due.")


class Decision(Section):
    """How the decision is derived from a prediction."""

    column: ColumnName | None = Field(
        default=None, description="A column of the predictions with the decision."
    )
    threshold: Number | None = Field(
        default=None,
        description="The decision is positive if the score is at least this. For binary tasks.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Decision:
        only_one_of(self, "column", "threshold")
        return self


class BusinessValues(Section):
    """Business value of decisions, by cell of the confusion matrix and by row."""

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
        description="By name: a SQL expression over the joined row, with the columns of inputs "
        "and predictions, and `label`, `decision`, and `score` (1 and 0 for binary "
        "labels and decisions), unless a column has that name. It is summed over "
        "labeled rows.",
    )

    @property
    def cells(self) -> dict[str, float] | None:
        """Value by cell, 0 for omitted cells; None if no cell has a value."""
        given = {cell: getattr(self, cell) for cell in CELLS}
        if all(value is None for value in given.values()):
            return None
        return {cell: value or 0.0 for cell, value in given.items()}


class LossModelPlace(Section):
    """The regressor that estimates the errors of a regression model while labels are not due."""

    path: Text | None = Field(
        default=None,
        description="Folder or URL for fitted models; a relative path begins at the folder of the "
        "configuration file. Default: the folder `models` in "
        "`output.path`. With `output.schema`, nothing is estimated without it.",
    )


class Performance(Section):
    """How predictions are compared with labels."""

    task: Task = Field(
        description="What the model predicts: one of two classes, one of several classes, or a "
        "number."
    )
    score: ColumnNames = Field(
        default=(),
        description="One of `predictions.score`: the score of the positive class, or the "
        "predicted number. Multiclass: one score per class, in the order of "
        "`classes`, or none.",
    )
    score_kind: ScoreKind = Field(
        default="probability",
        description="Scale of the score. `probability`: 0 to 1. `logit`: log-odds of the "
        "probability; for multiclass tasks, the softmax gives the probabilities. "
        "`percentage`: 0 to 100. `rank`: a higher score means a more probable class. "
        "Ranking metrics are computed for every kind. Metrics of probabilities are "
        "undefined for ranks, and if more than 1% of the scores are not "
        "probabilities. A threshold has the unit of the score.",
    )
    decision: Decision | None = Field(
        default=None,
        description="Required for binary tasks. Multiclass: a column; by default the class with "
        "the highest score.",
    )
    positive: tuple[Scalar, ...] = Field(
        default=(True, 1),
        min_length=1,
        max_length=100,
        description="Binary: values of the label, and of the decision column, that are positive.",
    )
    negative: tuple[Scalar, ...] = Field(
        default=(),
        max_length=100,
        description="Binary: values that are negative. Default: the other boolean; 0 for 1; the "
        "opposite of a word such as `yes`, in the same case; otherwise every other "
        "value.",
    )
    unmapped: Literal["nothing", "negative"] | None = Field(
        default=None,
        description="Binary: how to treat values that are neither positive nor negative. "
        "`nothing`: the row has no label, or no decision. `negative`: every value "
        "that is not positive is negative, and is not reported. Default: `nothing`, "
        "if `negative` is given or has a default. Empty strings and NaN count as "
        "missing, unless they are listed.",
    )
    classes: tuple[Scalar, ...] = Field(
        default=(),
        max_length=MAX_CLASSES,
        description="Multiclass: the values of the label and of the decision. Other labels are "
        "counted as unknown classes.",
    )
    interval: ColumnNames = Field(
        default=(),
        max_length=2,
        description="Regression: two columns of the predictions, the lower and upper ends of a "
        "prediction interval whose coverage is measured.",
    )
    values: BusinessValues = Field(
        default_factory=BusinessValues, description="The value of decisions."
    )
    slices: bool | ColumnNames | None = Field(
        default=None,
        description="Features by whose bins performance is computed, to find where it is worst "
        "and why it changed: a list, `true` for all, or `false` for none. Default: at most "
        f"{MOST_SLICES}, by `incidents.importance`, then in the order of the tables. If you change "
        "the features, the performance of all days is computed again.",
    )

    loss_model: LossModelPlace = Field(
        default_factory=LossModelPlace,
        description="Regression: the regressor that predicts the loss. It is fitted once, on the "
        "reference.",
    )

    attributed_metrics: tuple[Text, ...] = Field(
        default=("accuracy",),
        max_length=len(ADDITIVE),
        description="Binary: metrics whose change is attributed to causes, any of "
        + ", ".join(f"`{key}`" for key in ADDITIVE)
        + ". Each adds the same cost.",
    )

    @model_validator(mode="after")
    def _fitting_task(self) -> Performance:
        wrong = next((wording for condition, wording in self._unfitting() if condition), None)
        if wrong is not None:
            raise ValueError(wrong)
        return self

    def _unfitting(self) -> tuple[tuple[bool, str], ...]:
        """Return pairs of a condition and a message, for keys that do not apply to the task."""
        binary, several = self.task == "binary", self.task == "multiclass"
        unknown = next((key for key in self.attributed_metrics if key not in ADDITIVE), None)
        scores, decision = len(self.score), self.decision
        return (
            (
                self.task == "regression" and self.score_kind != "probability",
                "score_kind does not apply to a regression task",
            ),
            (
                self.score_kind == "rank" and "brier" in self.attributed_metrics,
                "attributed_metrics: the Brier score needs probabilities, and score_kind is rank",
            ),
            (
                unknown is not None,
                f"attributed_metrics: the change of {unknown!r} can't be split"
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
        """The classes as strings, in order."""
        return tuple(_text(value) for value in self.classes)


class Challenger(Section):
    """A model that scores the same ids in shadow mode, with predictions in a separate table."""

    name: Name = Field(description="Its name in the results.")
    table: TableAddress = Field(description="The Delta table of its predictions.")
    id: ColumnNames = Field(
        min_length=1, description="Columns that correspond to `predictions.id`, in the same order."
    )
    day: DaySource = Field(description="How the day of a row is determined.")
    score: ColumnName = Field(description="Its score of the positive class.")
    score_kind: ScoreKind | None = Field(
        default=None,
        description="Scale of its score, as in `performance.score_kind`. Default: the same.",
    )
    decision: Decision | None = Field(
        default=None, description="Default: the threshold of the champion."
    )


class VersionComparison(Section):
    """Two model versions between which the traffic is split."""

    champion: Text = Field(
        description="Model version that is currently preferred, as named in the results."
    )
    challenger: Text = Field(description="Model version that may replace it.")
    expected_share: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Intended share of the challenger in the traffic of both versions. A split "
        "that deviates from it is reported. Default: not tested.",
    )

    @model_validator(mode="after")
    def _two_versions(self) -> VersionComparison:
        if self.champion == self.challenger:
            raise ValueError("champion and challenger are the same version")
        return self


def _typed(values: tuple[Any, ...]) -> frozenset[tuple[bool, Any]]:
    """Return pairs of whether a value is a boolean and the value, because 1 is not `true`."""
    return frozenset((isinstance(value, bool), value) for value in values)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
