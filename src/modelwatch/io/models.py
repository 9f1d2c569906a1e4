"""Fitted Spark ML models, stored as folders."""

from __future__ import annotations

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.ml import PipelineModel

from modelwatch.io.table_schema import OutputError


def save_model(model: PipelineModel, path: str) -> None:
    """Write a model to a folder; one that a run left there, and no run published, is replaced."""
    model.write().overwrite().save(path)


def load_model(path: str) -> PipelineModel:
    """The model of a folder; OutputError if it isn't there any more."""
    try:
        return PipelineModel.load(path)
    except (PySparkException, Py4JError, ValueError) as error:
        raise OutputError(f"the model at {path} can't be read: {error}") from error
