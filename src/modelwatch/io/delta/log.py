"""The log of a Delta table, read with Spark's own readers: commits and checkpoints.

Source: the Delta transaction protocol (PROTOCOL.md of delta-io/delta). Only what tells which files
hold which days is read. Where the log is out of reach or of a form not known here,
``LogUnreadable`` says so and the caller asks the table itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.errors import ModelwatchError

_FILE = (
    "struct<path:string,partitionValues:map<string,string>,size:bigint,modificationTime:bigint,"
    "dataChange:boolean,stats:string,deletionVector:struct<storageType:string,pathOrInlineDv:string,offset:int,"
    "cardinality:bigint>>"
)
_METADATA = "struct<id:string,schemaString:string,configuration:map<string,string>>"
_COMMIT = f"add {_FILE}, remove {_FILE}, metaData {_METADATA}"
_CHANGED = "struct<path:string,dataChange:boolean,deletionVector:struct<pathOrInlineDv:string>>"
_REMOVAL = f"commitInfo struct<userMetadata:string>, add {_CHANGED}, remove {_CHANGED}"
_CHECKPOINT = f"add {_FILE}, metaData {_METADATA}, sidecar struct<path:string>"
_STATS = (
    "struct<numRecords:bigint,minValues:map<string,string>,maxValues:map<string,string>,"
    "nullCount:map<string,string>>"
)
_COMMIT_NAME = re.compile(r"(\d{20})\.json")
_CHECKPOINT_NAME = re.compile(r"(\d{20})\.checkpoint(?:\.(\d{10})\.(\d{10}))?\.parquet")


class LogUnreadable(ModelwatchError):
    """The log can't tell what is asked of it."""


@dataclass(frozen=True)
class DeltaLog:
    """The files of a table's log, as listed at one moment.

    ``commits``: versions whose commit is still there. ``checkpoints``: files by version, complete
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
        """The file of a version's commit if there is nothing in it; None if it says anything.

        Delta takes it for a commit that changes nothing; yet no writer makes one. A machine leaves
        it that dies before the commit is on its disk, and what the commit added is gone. A Spark
        job.
        """
        name = f"{version:020d}.json"
        if version not in self.commits or self._commits([name]).select("version").first():
            return None
        return f"{self.location}/_delta_log/{name}"

    def created_id(self) -> str | None:
        """Id with which the table was created; None once the log has forgotten. A Spark job."""
        if 0 not in self.commits:
            return None
        first = self._commits([f"{0:020d}.json"]).where("metaData is not null").first()
        return None if first is None else str(first.metaData.id)

    def files(self, version: int) -> DataFrame:
        """Files of the table at a version: one ``add`` a row; ``add`` is null if not known."""
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
        # A file with a new deletion vector is a new one to Delta: the old pair is removed.
        keyed = stated.select(
            "*",
            F.col("add.path").alias("path"),
            F.to_json("add.deletionVector").alias("vector"),
        )
        last = keyed.groupBy("path", "vector").agg(
            F.max_by(F.struct("added", "add"), "version").alias("last")
        )
        return last.where("last.added").select("last.add")

    def lost_rows(self, after: int, upto: int, but_by: str) -> bool:
        """Whether files that stood at one version are gone at a later one, their rows with them.

        Compaction loses none, and neither does a deletion that was taken back. Commits whose user
        metadata are ``but_by`` don't count. Commits that are no longer there tell nothing. One
        Spark job, or two where something was removed.
        """
        versions = [v for v in range(after + 1, upto + 1) if v in self.commits]
        if not versions:
            return False
        paths = [unglobbed(f"{self.location}/_delta_log/{v:020d}.json") for v in versions]
        actions = self.session.read.schema(_REMOVAL).option("mode", "FAILFAST").json(paths)
        version = F.substring(F.col("_metadata.file_name"), 1, 20).cast("bigint")
        lost = F.count_if("remove.dataChange")
        by = actions.select(version.alias("version"), "commitInfo", "remove").groupBy("version")
        found = by.agg(F.max("commitInfo.userMetadata").alias("by"), lost.alias("lost")).collect()
        suspect = [row["version"] for row in found if row["lost"] and row["by"] != but_by]
        if not suspect:
            return False

        def files(action: str, among: DataFrame) -> set[tuple[str, str | None]]:
            vector = F.to_json(f"{action}.deletionVector")
            rows = among.where(f"{action}.dataChange").select(f"{action}.path", vector).collect()
            return {(row[0], row[1]) for row in rows}

        removed = files("remove", actions.where(version.isin(suspect)))
        return not removed <= files("add", actions)

    def physical_name(self, column: str, version: int) -> str:
        """Name of a column in files and log, which column mapping makes another one."""
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
        """Path of a data file from its path in the log, which is relative and encoded."""
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


def delta_log(session: SparkSession, location: str) -> DeltaLog:
    """The log at a table's location; no Spark job. LogUnreadable if there is none to list."""
    folder = unglobbed(f"{location}/_delta_log")
    try:
        listed = session.read.format("text").load(folder).inputFiles()
    except AnalysisException as error:
        raise LogUnreadable(str(error)) from error
    commits: set[int] = set()
    parts: dict[tuple[int, int], list[str]] = {}
    for file in listed:
        name = file.rsplit("/", 1)[-1]
        if commit := _COMMIT_NAME.fullmatch(name):
            commits.add(int(commit.group(1)))
        elif checkpoint := _CHECKPOINT_NAME.fullmatch(name):
            of = int(checkpoint.group(3) or 1)
            parts.setdefault((int(checkpoint.group(1)), of), []).append(name)
    checkpoints = {
        version: tuple(sorted(names)) for (version, of), names in parts.items() if len(names) == of
    }
    if not commits and not checkpoints:
        raise LogUnreadable("its log is empty")
    return DeltaLog(session, location, frozenset(commits), checkpoints)


def with_stats(files: DataFrame, column: str) -> DataFrame:
    """What the log says of a column in each file (rows with ``add``), all strings or counts.

    ``partitioned`` whether it is a partition column, ``value`` its partition value, ``least``,
    ``greatest``, ``nulls`` and ``stated_rows`` (deleted ones included) from the statistics.
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
    """A path for Spark's readers, which would take some characters for patterns."""
    return re.sub(r"([\\\[\]{}*?])", r"\\\1", path)
