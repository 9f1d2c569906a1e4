"""The log of a Delta table, read with Spark's readers: commits and checkpoints.

Source: the Delta transaction protocol (PROTOCOL.md of delta-io/delta). Only information about the
days of files is read. If the log cannot be accessed or has an unsupported format, ``LogUnreadable``
is raised, and the caller queries the table itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.io.delta.addresses import Place
from modelwatch.io.delta.snapshot import (
    VECTOR_KEY,
    LogUnreadable,
    commit_actions,
    file_identity,
    local_log,
    log_versions,
)

_FILE = (
    "struct<path:string,partitionValues:map<string,string>,size:bigint,modificationTime:bigint,"
    "dataChange:boolean,stats:string,deletionVector:struct<storageType:string,pathOrInlineDv:string,offset:int,"
    "cardinality:bigint>>"
)
_METADATA = "struct<id:string,schemaString:string,configuration:map<string,string>>"
_COMMIT = f"add {_FILE}, remove {_FILE}, metaData {_METADATA}"
_CHANGED = (
    "struct<path:string,dataChange:boolean,"
    "deletionVector:struct<storageType:string,pathOrInlineDv:string,offset:int>>"
)
_REMOVAL = f"commitInfo struct<userMetadata:string>, add {_CHANGED}, remove {_CHANGED}"
_CHECKPOINT = f"add {_FILE}, metaData {_METADATA}, sidecar struct<path:string>"
_STATS = (
    "struct<numRecords:bigint,minValues:map<string,string>,maxValues:map<string,string>,"
    "nullCount:map<string,string>>"
)


@dataclass(frozen=True)
class DeltaLog:
    """The files of a table's log, as listed at one time.

    ``commits``: versions whose commit still exists. ``checkpoints``: files by version, complete
    ones only.
    """

    session: SparkSession
    location: str
    commits: frozenset[int]
    checkpoints: dict[int, tuple[str, ...]]

    @property
    def version(self) -> int:
        """The newest version."""
        return max((*self.commits, *self.checkpoints))

    def actions(self, after: int, upto: int) -> DataFrame:
        """Actions of the commits ``(after, upto]``: version, add, remove, metaData.

        LogUnreadable if a commit is gone. A line that is not JSON fails when it is read.
        """
        versions = range(after + 1, upto + 1)
        gone = [version for version in versions if version not in self.commits]
        if gone:
            raise LogUnreadable(f"the log no longer contains version {gone[0]}")
        names = [f"{version:020d}.json" for version in versions]
        return self._commits(names)

    def empty_commit(self, version: int) -> str | None:
        """The file of a version's commit if it is empty; None otherwise.

        Delta treats it as a commit without changes, but no writer creates one. It is left by a
        machine that dies before the commit is on its disk, and the rows that the commit added are
        lost. One Spark job, unless the log is on a local disk.
        """
        name = f"{version:020d}.json"
        if version not in self.commits:
            return None
        folder = local_log(self.location)
        if folder is not None:
            empty = not (folder / "_delta_log" / name).read_text(encoding="utf-8").strip()
        else:
            empty = self._commits([name]).select("version").first() is None
        return f"{self.location}/_delta_log/{name}" if empty else None

    def created_id(self) -> str | None:
        """The id with which the table was created; None if the log no longer contains it. One Spark
        job, unless the log is on a local disk."""
        if 0 not in self.commits:
            return None
        folder = local_log(self.location)
        if folder is not None:
            with suppress(LogUnreadable):
                held = (action.get("metaData") for action in commit_actions(folder, 0))
                return next((str(metadata["id"]) for metadata in held if metadata), None)
        first = self._commits([f"{0:020d}.json"]).where("metaData is not null").first()
        return None if first is None else str(first.metaData.id)

    def files(self, version: int) -> DataFrame:
        """Files of the table at a version: one ``add`` per row; ``add`` is null if unknown."""
        start = max((v for v in self.checkpoints if v <= version), default=-1)
        parts = []
        if start >= 0:
            checkpoint = self._checkpoint(start)
            parts.append(
                checkpoint.where("add is not null or sidecar is not null").select(
                    F.lit(start).cast("bigint").alias("version"), F.lit(True).alias("added"), "add"
                )
            )
        if version > start:
            actions = self.actions(start, version).where("add is not null or remove is not null")
            parts.append(
                actions.select(
                    "version",
                    F.col("add").isNotNull().alias("added"),
                    F.coalesce("add", "remove").alias("add"),
                )
            )
        stated = parts[0] if len(parts) == 1 else parts[0].unionByName(parts[1])
        # In the log, a file with a new deletion vector is a new file, and the old one is removed.
        keyed = stated.select(
            "*",
            F.col("add.path").alias("path"),
            *(F.col(f"add.deletionVector.{name}").alias(name) for name in VECTOR_KEY),
        )
        last = keyed.groupBy("path", *VECTOR_KEY).agg(
            F.max_by(F.struct("added", "add"), "version").alias("last")
        )
        return last.where("last.added").select("last.add")

    def lost_rows(self, after: int, upto: int, but_by: str) -> bool:
        """Whether files of one version are gone at a later one, together with their rows.

        Compaction and reverted deletions do not count, nor do commits with the user metadata
        ``but_by``. Commits that no longer exist are not examined. One Spark job, or two if
        something was removed; none if the log is on a local disk.
        """
        versions = [v for v in range(after + 1, upto + 1) if v in self.commits]
        if not versions:
            return False
        folder = local_log(self.location)
        if folder is not None:
            with suppress(LogUnreadable):
                return loses_rows([commit_actions(folder, v) for v in versions], but_by)
        paths = [unglobbed(f"{self.location}/_delta_log/{v:020d}.json") for v in versions]
        actions = self.session.read.schema(_REMOVAL).option("mode", "FAILFAST").json(paths)
        version = F.substring(F.col("_metadata.file_name"), 1, 20).cast("bigint")
        lost = F.count_if("remove.dataChange")
        by = actions.select(version.alias("version"), "commitInfo", "remove").groupBy("version")
        found = by.agg(F.max("commitInfo.userMetadata").alias("by"), lost.alias("lost")).collect()
        suspect = [row["version"] for row in found if row["lost"] and row["by"] != but_by]
        if not suspect:
            return False

        def files(action: str, among: DataFrame) -> set[tuple[object, ...]]:
            rows = among.where(f"{action}.dataChange").select(f"{action}.*").collect()
            return {file_identity(row.asDict(recursive=True)) for row in rows}

        removed = files("remove", actions.where(version.isin(suspect)))
        return not removed <= files("add", actions)

    def physical_name(self, column: str, version: int) -> str:
        """The name of a column in files and log, which differs with column mapping."""
        start = max((v for v in self.checkpoints if v <= version), default=-1)
        newest = None
        if version > start:
            found = self.actions(start, version).where("metaData is not null")
            newest = found.orderBy(F.desc("version")).select("metaData").first()
        if newest is None and start >= 0:
            newest = (
                self._checkpoint(start).where("metaData is not null").select("metaData").first()
            )
        if newest is None:
            raise LogUnreadable("the log has no schema of the table")
        for field in json.loads(newest.metaData.schemaString)["fields"]:
            if field["name"] == column:
                return str(field["metadata"].get("delta.columnMapping.physicalName", column))
        raise LogUnreadable(f"the log has no column {column}")

    def data_path(self, path: str) -> str:
        """The path of a data file from its path in the log, which is relative and encoded."""
        decoded = unquote(path)
        absolute = decoded.startswith("/") or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", decoded)
        return decoded if absolute else f"{self.location}/{decoded}"

    def _commits(self, names: Iterable[str]) -> DataFrame:
        paths = [unglobbed(f"{self.location}/_delta_log/{name}") for name in names]
        reader = self.session.read.schema(_COMMIT).option("mode", "FAILFAST")
        version = F.substring(F.col("_metadata.file_name"), 1, 20).cast("bigint")
        return reader.json(paths).select(version.alias("version"), "add", "remove", "metaData")

    def _checkpoint(self, version: int) -> DataFrame:
        names = self.checkpoints[version]
        paths = [unglobbed(f"{self.location}/_delta_log/{name}") for name in names]
        return self.session.read.schema(_CHECKPOINT).parquet(*paths)


def loses_rows(commits: Sequence[Sequence[Mapping[str, Any]]], but_by: str) -> bool:
    """Whether commits, each with its actions, remove files that none of them adds; but those whose
    user metadata are ``but_by``."""

    def files(action: str, among: Iterable[Sequence[Mapping[str, Any]]]) -> set[tuple[object, ...]]:
        held = (one[action] for actions in among for one in actions if one.get(action))
        return {file_identity(one) for one in held if one.get("dataChange")}

    def by(actions: Sequence[Mapping[str, Any]]) -> str | None:
        messages = (
            one["commitInfo"].get("userMetadata") for one in actions if one.get("commitInfo")
        )
        return next(messages, None)

    suspect = [actions for actions in commits if by(actions) != but_by]
    return not files("remove", suspect) <= files("add", commits)


def _listed(session: SparkSession, location: str) -> list[str]:
    """Names of the files of a log, listed by this process if possible."""
    folder = local_log(location)
    if folder is not None:
        return [entry.name for entry in (folder / "_delta_log").iterdir()]
    try:
        log = session.read.format("text").load(unglobbed(f"{location}/_delta_log"))
        return [file.rsplit("/", 1)[-1] for file in log.inputFiles()]
    except AnalysisException as error:
        raise LogUnreadable(str(error)) from error


def table_location(session: SparkSession, place: Place) -> str:
    """Where the files of a table are; LogUnreadable if the catalog does not say."""
    if place.path is not None:
        return place.path.rstrip("/") or "/"
    described = session.sql(f"DESCRIBE TABLE EXTENDED {place.identifier}").collect()
    for row in described:
        if row.col_name == "Location":
            return str(row.data_type).rstrip("/")
    raise LogUnreadable("the catalog has no location for it")


def delta_log(session: SparkSession, location: str) -> DeltaLog:
    """The log at a table's location; no Spark job. LogUnreadable if there is no log to list."""
    commits, checkpoints = log_versions(_listed(session, location))
    if not commits and not checkpoints:
        raise LogUnreadable("its log is empty")
    return DeltaLog(session, location, frozenset(commits), checkpoints)


def with_stats(files: DataFrame, column: str) -> DataFrame:
    """What the log says about a column in each file (rows with ``add``), all strings or counts.

    ``partitioned``: whether it is a partition column. ``value``: its partition value. ``least``,
    ``greatest``, ``nulls``, and ``stated_rows`` (including deleted ones) from the statistics.
    """
    name = F.lit(column)
    return files.select(
        "*",
        F.from_json("add.stats", _STATS).alias("stats"),
        F.coalesce(F.map_contains_key("add.partitionValues", column), F.lit(False)).alias(
            "partitioned"
        ),
        F.col("add.partitionValues")[name].alias("value"),
    ).select(
        "*",
        F.col("stats.minValues")[name].alias("least"),
        F.col("stats.maxValues")[name].alias("greatest"),
        F.col("stats.nullCount")[name].cast("bigint").alias("nulls"),
        F.col("stats.numRecords").alias("stated_rows"),
    )


def unglobbed(path: str) -> str:
    """A path for Spark's readers, which interpret some characters as patterns."""
    return re.sub(r"([\\\[\]{}*?])", r"\\\1", path)
