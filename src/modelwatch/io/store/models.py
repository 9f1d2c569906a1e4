"""Fitted Spark ML models, stored as folders."""

from __future__ import annotations

import hashlib
from typing import Any

from pyspark.ml import PipelineModel
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from modelwatch.capabilities import capabilities
from modelwatch.io.delta.log import unglobbed
from modelwatch.io.delta.table_schema import OutputError
from modelwatch.io.failures import first_line
from modelwatch.query_failures import QUERY_FAILURES

_UNREADABLE: tuple[type[Exception], ...] = (*QUERY_FAILURES, ValueError)


def save_model(session: SparkSession, model: PipelineModel, path: str) -> str:
    """Write a model to a new folder, and return the digest of its files."""
    make_active(session)
    model.write().save(path)
    return content_digest(session, path)


def load_model(session: SparkSession, path: str, digest: str) -> PipelineModel:
    """The model of a folder, loaded only if its files have the digest; otherwise OutputError.

    A model names the classes that read it, so its files are code: write access to the folder must
    not determine what a run loads.
    """
    try:
        found = content_digest(session, path)
        if found != digest:
            raise OutputError(
                f"the model at {path} is not the one that a run stored: its files were changed "
                f"(SHA-256 {found[:16]}..., not {digest[:16]}...), and it was not loaded. Restore "
                "them, or set another performance.loss_model.path and fit a new model"
            )
        make_active(session)
        return PipelineModel.load(unglobbed(path))
    except _UNREADABLE as error:
        raise OutputError(f"the model at {path} can't be read: {first_line(error)}") from error


def content_digest(session: SparkSession, path: str) -> str:
    """SHA-256 of the names and bytes of all files in the folder; one Spark job."""
    root = path.rstrip("/")
    files = (
        session.read.format("binaryFile")
        .option("recursiveFileLookup", "true")
        .load(unglobbed(root))
        .select("path", F.sha2("content", 256).alias("digest"))
        .collect()
    )
    marker = f"/{root.rpartition('/')[2]}/"
    lines = sorted(f"{row.digest}  {row.path.rpartition(marker)[2]}" for row in files)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def make_active(session: SparkSession) -> None:
    """Make a session the active one of this thread, where Spark ML asks for no other.

    Over Spark Connect it reads and writes models with the active session of the thread. Only the
    thread that started a session has one, and it may be an earlier one that was stopped.
    """
    if capabilities(session).interface == "connect":
        client: Any = type(session)
        client._active_session.session = session
