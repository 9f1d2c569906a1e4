"""The tables that a run reads, each pinned to one version, and the rows of some of their days."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.capabilities import resolved
from modelwatch.errors import present
from modelwatch.io.delta.sources import Source, open_source
from modelwatch.model.config.column_paths import paths_in
from modelwatch.model.config.columns import table_place, tables_of
from modelwatch.model.config.configuration import (
    DaySource,
    MonitorConfig,
    Reference,
    SourceError,
    TableAddress,
)
from modelwatch.model.config.sensitive import NO_SECRETS, Secrets
from modelwatch.model.errors import Problem
from modelwatch.model.performance.slices import with_chosen_slices
from modelwatch.model.planning.plan import Plan, Published
from modelwatch.model.planning.reference_days import with_first_days
from modelwatch.model.profile.features import features_of
from modelwatch.model.quarantine.releases import NO_RELEASES, Releases
from modelwatch.model.sources.change import SourceChange
from modelwatch.pipelines.config.validation import problems_of, schemas_of
from modelwatch.pipelines.runs.history import RunHistory
from modelwatch.spark.days import DAY, with_day
from modelwatch.spark.quarantine.row_rules import OtherRows, RowCheck, passing
from modelwatch.spark.quarantine.rows import FILE

CONCURRENT_TABLES = 8
"""Number of tables whose logs are read at the same time."""


@dataclass(frozen=True)
class Sources:
    """Tables by role: inputs, predictions, ``reference:<name>``, ``set:<constraint>``, labels,
    ``challenger:<name>``."""

    config: MonitorConfig
    opened: Mapping[str, Source]
    releases: Releases = NO_RELEASES
    secrets: Secrets = NO_SECRETS

    @cached_property
    def frames(self) -> dict[str, DataFrame]:
        """All rows of each table."""
        return {role: source.frame() for role, source in self.opened.items()}

    @property
    def sets(self) -> dict[TableAddress, DataFrame]:
        """The tables that constraints of kind foreign_set name."""
        return {
            constraint.set.table: self.frames[f"set:{constraint.name}"]
            for constraint in self.config.constraints
            if constraint.kind == "foreign_set"
        }

    def completed(
        self, releases: Releases | None = None, secrets: Secrets | None = None
    ) -> Sources:
        """The same tables with releases of their rows, or with the keys of hashes."""
        releases = self.releases if releases is None else releases
        secrets = self.secrets if secrets is None else secrets
        if (releases, secrets) == (self.releases, self.secrets):
            return self  # including its frames, because opening them again takes time
        return replace(self, releases=releases, secrets=secrets)

    def under(self, config: MonitorConfig) -> Sources:
        """The same tables with a configuration that names the same ones."""
        if config == self.config:
            return self
        sources = replace(self, config=config)
        sources.__dict__["frames"] = self.frames  # because opening them again takes time
        return sources

    def rows(self, role: str, days: Collection[date] | None) -> DataFrame:
        """Rows of a role with their day, on some days; None for all. Rules keep bad rows out.

        Rows of a table without days have none.
        """
        rows = self.arrived(role, days)
        return passing(rows, self.row_check(role, days)) if self._apart(role) else rows

    def arrived(
        self, role: str, days: Collection[date] | None, *, with_file: bool = False
    ) -> DataFrame:
        """The same without rules: all rows. ``with_file``: with the FILE of each row."""
        frame, source = self.frames[role], self.opened[role].day
        if with_file:
            frame = _with_file(frame)
        if source is None:
            return frame.withColumn(DAY, F.lit(None).cast("date"))
        return with_day(frame, source, self.config.time_zone, days)

    def row_check(self, role: str, days: Collection[date] | None) -> RowCheck:
        """The rules for the rows of a role on some days."""
        config, source = self.config, self.opened[role].day
        rules = config.rules_of(role)
        others = {}
        for name in {rule.without for rule in rules if rule.without is not None}:
            other = config.table_role(name)
            others[str(name)] = OtherRows(self.arrived(other, days), config.ids_of(other))
        return RowCheck(
            role,
            rules,
            tuple(self.frames[role].columns),
            config.ids_of(role),
            source.time_column if source is not None else None,
            others,
            self.releases.of(role),
            self.secrets,
        )

    def _apart(self, role: str) -> bool:
        return any(rule.sets_apart for rule in self.config.rules_of(role))

    def broken_file(self, days: Collection[date]) -> str | None:
        """What is wrong with a file of some days after a failed read; None if nothing is."""
        reported = (
            self.opened[role].broken_file(self.arrived(role, days))
            for role in self.opened
            if not role.startswith(("set:", "reference:"))
        )
        return next(filter(None, reported), None)


def _with_file(frame: DataFrame) -> DataFrame:
    try:
        return resolved(frame.select("*", F.col("_metadata.file_path").alias(FILE)))
    except AnalysisException:  # a frame that is not a table, or has a column of that name
        return frame.withColumn(FILE, F.lit(None).cast("string"))


def opened_sources(
    spark: SparkSession,
    config: MonitorConfig,
    lines: Mapping[str, int],
    versions: Mapping[str, int] | None = None,
) -> Sources:
    """The newest versions of the tables, of all configured ones, or by role.

    They are analyzed, and no Spark job runs. SourceError with all that is missing or does not fit
    the configuration.
    """
    tables, paths = tables_of(config), paths_in(config)

    def attempted(role: str) -> Source | SourceError:
        try:
            # Without the day column, because a missing one is reported below with its line.
            version = (versions or {}).get(role, _version(config, role))
            source = open_source(spark, role, tables[role], None, config.time_zone, version)
            source.frame()
        except SourceError as error:
            return error
        return replace(source, day=day_source(config, role), paths=paths)

    # Opening a table mostly waits for its log, so the tables are opened in parallel.
    with ThreadPoolExecutor(max_workers=CONCURRENT_TABLES) as pool:
        found = dict(zip(tables, pool.map(attempted, tables), strict=True))
    problems: list[Problem] = []
    for role, error in found.items():
        if isinstance(error, SourceError):
            place = table_place(config, role)
            problems += [
                Problem(place, lines.get(place), f"{tables[role]}: {problem.message}")
                for problem in error.problems
            ]
    sources = Sources(config, {r: s for r, s in found.items() if isinstance(s, Source)})
    reported = {problem.place for problem in problems}
    problems += [p for p in problems_of(config, sources.frames, lines) if p.place not in reported]
    if problems:
        raise SourceError(problems)
    if any(reference.first_days is not None for reference in config.references):
        inputs = sources.opened["inputs"]
        resolved = with_first_days(config, inputs.present(), inputs.rows_by_day())
        sources = sources.under(resolved)
    features, _ = features_of(config, schemas_of(sources.frames))
    return sources.under(with_chosen_slices(sources.config, features))


def source_changes(sources: Sources, history: RunHistory) -> list[SourceChange]:
    """The changes of each source table since the runs of the history, in its order."""

    def change(role: str) -> SourceChange:
        source = sources.opened[role]
        table = str(source.address)
        return source.change(history.seen_version(role, table), history.table_id(role, table))

    roles = [role for role in sources.opened if not role.startswith("set:")]
    with ThreadPoolExecutor(max_workers=CONCURRENT_TABLES) as pool:
        return list(pool.map(change, roles))


def day_source(config: MonitorConfig, role: str) -> DaySource | None:
    """The source of the day of a row; None for a table without days."""
    if role == "inputs":
        return config.inputs.day
    if role == "predictions":
        return present(config.predictions, "predictions").day
    if role == "labels" and config.labels is not None:
        return config.labels.day
    for challenger in config.challengers:
        if role == f"challenger:{challenger.name}":
            return challenger.day
    return next((ref.day for ref in config.references if ref.role == role), None)


def _version(config: MonitorConfig, role: str) -> int | None:
    return (
        next((ref.version for ref in config.references if ref.role == role), None)
        if (role.startswith("reference:"))
        else None
    )


def check_references(
    sources: Sources,
    changes: Sequence[SourceChange],
    published: Published,
    plan: Plan,
    lines: Mapping[str, int],
) -> None:
    """Raises SourceError with all fixed references that have no rows.

    Rows that an earlier run has read may have been removed since, because their states are stored.
    One Spark job per reference that is a whole table whose states must be computed.
    """
    by_role = {change.role: change for change in changes}
    problems = []
    for at, reference in enumerate(sources.config.references):
        for role in _roles(sources, reference, published):
            change = by_role[role]
            if reference.kind == "fixed" and _empty(sources, reference, change, published, plan):
                place = f"references[{at}]"
                wording = f"reference {reference.name!r} has no rows in {change.table}"
                when = f": none on {reference.days}" if reference.days else ""
                problems.append(Problem(place, lines.get(place), wording + when))
    if problems:
        raise SourceError(problems)


def _roles(sources: Sources, reference: Reference, published: Published) -> tuple[str, ...]:
    """The tables in which a reference must have rows; bins of scores need predictions as well."""
    fits = not published.bins and reference is sources.config.binning_reference
    if fits and reference.table is None and sources.config.two_tables:
        return reference.role, "predictions"
    return (reference.role,)


def _empty(
    sources: Sources,
    reference: Reference,
    change: SourceChange,
    published: Published,
    plan: Plan,
) -> bool:
    if reference.days is None:
        planned = any(one.name == reference.name for one in plan.references)
        return planned and sources.frames[change.role].isEmpty()
    own_table = reference.table is not None
    stored = own_table and reference.name in published.references
    if stored or change.present is None:
        return False
    days = change.present if own_table else change.present | published.days
    return not any(day in reference.days for day in days)
