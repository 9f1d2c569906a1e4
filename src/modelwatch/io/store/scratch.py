"""The separate tables of a replay, and their removal."""

from __future__ import annotations

import re
import secrets
import shutil
from pathlib import Path

from pyspark.sql import SparkSession

from modelwatch.capabilities import jvm_of
from modelwatch.io.delta.addresses import quoted_name
from modelwatch.io.delta.store_folders import StoreFolder
from modelwatch.model.config.relative_paths import URL_SCHEME
from modelwatch.model.sources.tables import OutputAddress


def scratch_of(output: OutputAddress, run_id: str, place: str | None = None) -> OutputAddress:
    """An unused place: beside the tables of the output, or in ``place``.

    In a catalog, a separate schema, named after that of the output.
    """
    name = f"{run_id}-{secrets.token_hex(4)}"
    if output.schema_name is not None and place is None:
        words = re.sub(r"[^a-z0-9]+", "_", name.lower())
        return OutputAddress.model_validate({"schema": f"{output.schema_name}_replay_{words}"})
    folder = place or f"{str(output.path).rstrip('/')}/_replay"
    return OutputAddress(path=f"{folder.rstrip('/')}/{name}")


def removed(session: SparkSession, scratch: OutputAddress) -> bool:
    """Remove the tables of a place of ``scratch_of``; False if that is not possible from here."""
    if scratch.schema_name is not None:
        session.sql(f"DROP SCHEMA IF EXISTS {quoted_name(scratch.schema_name)} CASCADE")
        return True
    path = str(scratch.path)
    if URL_SCHEME.match(path):
        if jvm_of(session) is None:
            return False
        StoreFolder(session, path).remove_all()
        return True
    shutil.rmtree(path, ignore_errors=True)
    folder = Path(path).parent
    if folder.name == "_replay" and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
    return True
