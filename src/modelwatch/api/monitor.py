"""A monitor in Python: its configuration, its plan, and runs with their results."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from modelwatch.api.html import ReportPages, table_html, text_html
from modelwatch.io.text_files import text_of_file
from modelwatch.model.config.configuration import MonitorConfig, parse_config
from modelwatch.model.config.relative_paths import is_relative
from modelwatch.model.days import DayRange
from modelwatch.model.sources.tables import TableAddress

# The configuration is read without Spark. The following imports load Spark, and a session.
if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from modelwatch.pipelines.runs.findings import Finding

_SHOWN = ("rank", "severity", "kind", "subject", "onset", "sentence")
"""Incident columns that a result displays in a notebook."""
_MOST_INCIDENTS = 20


@dataclass(frozen=True)
class Description:
    """A text for people, which a notebook displays with its line breaks."""

    text: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return text_html(self.text)


@dataclass(frozen=True, repr=False)
class RunResult:
    """The end of a run, and its results as Spark DataFrames.

    ``exit_code`` 0: nothing needs attention; 1: an incident does, or the model should be retrained.
    ``text``: the summary of the run. ``run_id``: the id of the run in the tables. ``findings``:
    metric values that failed, at most 200. The DataFrames contain the current results of all
    windows of the monitor; ``run_id`` tells which run computed a row.
    """

    monitor: Monitor
    exit_code: int
    text: str
    run_id: str | None
    findings: tuple[Finding, ...]

    @property
    def incidents(self) -> DataFrame:
        """The open incidents, the most important first; the view ``open_incidents``."""
        return self._view("open_incidents").orderBy("rank")

    @property
    def drift(self) -> DataFrame:
        """Drift statistics of all windows; the view ``drift_current``."""
        return self._view("drift_current")

    @property
    def performance(self) -> DataFrame:
        """Performance of all windows, with intervals; the view ``performance_current``."""
        return self._view("performance_current")

    @property
    def profile(self) -> DataFrame:
        """Profile metrics of all windows; the view ``profile_current``."""
        return self._view("profile_current")

    def _view(self, name: str) -> DataFrame:
        rows = self.monitor.view(name)
        return rows.where(rows["monitor"] == self.monitor.name)

    def __repr__(self) -> str:
        head = self.text.strip().splitlines() or [""]
        return f"<RunResult {self.run_id}, exit code {self.exit_code}: {head[0]}>"

    def _repr_html_(self) -> str:
        """The summary and the open incidents, which are read by one small Spark query."""
        rows = self.incidents.select(*_SHOWN).limit(_MOST_INCIDENTS).collect()
        if not rows:
            return text_html(self.text)
        return text_html(self.text) + table_html("Open incidents", _SHOWN, [tuple(r) for r in rows])


@dataclass(eq=False)
class Monitor:
    """A configured monitor of Delta tables.

    Created by `from_yaml`, `from_config`, or `guess`. ``config``: the parsed configuration.
    ``text``: its YAML. ``folder``: where relative paths begin. ``spark``: the session; by default
    the active one, or a new one on the packaged stack when it is first needed. ``file``: the path
    of the configuration, for commands in a report. `close`, or the end of a ``with`` block, stops a
    session that the monitor started.
    """

    config: MonitorConfig
    text: str
    folder: Path = field(default_factory=Path)
    spark: SparkSession | None = None
    file: str = "CONFIG"
    _own: SparkSession | None = field(default=None, init=False, repr=False)

    @classmethod
    def from_yaml(cls, path: str | Path, spark: SparkSession | None = None) -> Monitor:
        """The monitor of a configuration file.

        Raises ConfigurationError with all problems of the file and their lines.
        """
        text = text_of_file(Path(path))
        folder = Path(path).parent
        return cls(parse_config(text, str(path), folder=folder), text, folder, spark, str(path))

    @classmethod
    def from_config(
        cls, text: str, spark: SparkSession | None = None, *, folder: str | Path = "."
    ) -> Monitor:
        """The monitor of a configuration as YAML (or JSON, which is YAML).

        ConfigurationError lists everything that is wrong with it, with line numbers.

        >>> import modelwatch
        >>> monitor = modelwatch.Monitor.from_config('''
        ... monitor: payments
        ... output: {path: lake/monitoring}
        ... inputs: {table: {path: lake/payments}, day: {column: day}}
        ... ''')
        >>> monitor.name
        'payments'
        """
        return cls(parse_config(text, folder=folder), text, Path(folder), spark)

    @classmethod
    def guess(
        cls,
        inputs: str | Path,
        predictions: str | Path | None = None,
        labels: str | Path | None = None,
        *,
        challenger: str | Path | None = None,
        id: str | Sequence[str] = (),
        time_zone: str = "UTC",
        spark: SparkSession | None = None,
    ) -> Monitor:
        """A monitor whose configuration is guessed from its tables, as by ``modelwatch init``.

        Tables are paths or catalog names of Delta tables. ``text`` has absolute paths, so it can be
        saved anywhere. ``id``: columns that identify a row. ``challenger``: predictions of another
        model for the same ids. ``time_zone``: time zone in which days begin. Review ``text``, or
        write it to a file with `save`. Raises TypeError for a DataFrame, because a monitor reads
        its tables again in every run, and SourceError for tables that cannot be read or joined, or
        that have no day column.
        """
        tables = {
            "inputs": inputs,
            "predictions": predictions,
            "labels": labels,
            "challenger": challenger,
        }
        addresses = {
            name: _address(name, table) for name, table in tables.items() if table is not None
        }
        from modelwatch.pipelines.onboarding.first_configuration import first_configuration

        columns = [id] if isinstance(id, str) else list(id)
        session = _Sessions.of(spark, "modelwatch guess")
        try:
            text = first_configuration(
                session.spark,
                addresses["inputs"],
                addresses.get("predictions"),
                addresses.get("labels"),
                challenger=addresses.get("challenger"),
                id_columns=columns,
                time_zone=time_zone,
            ).text
        except BaseException:
            session.close()
            raise
        found = cls(parse_config(text, folder="."), text, Path(), spark)
        found._own = session.own
        return found

    @property
    def name(self) -> str:
        """Name of the monitor, the first column of every result."""
        return self.config.monitor

    def check(self) -> Description:
        """A check of the configuration against its tables, with the cost of a first run.

        Raises SourceError if they do not fit.
        """
        from modelwatch.pipelines.onboarding.configuration_check import check

        return Description(check(self.session, self.config, self.text, self.folder))

    def plan(
        self, as_of: date | str | None = None, *, days: DayRange | str | None = None
    ) -> Description:
        """What a run would do, and its cost. Nothing is written. Arguments as for `run`."""
        return Description(self._run(as_of, days, dry_run=True).text)

    def run(
        self, as_of: date | str | None = None, *, days: DayRange | str | None = None
    ) -> RunResult:
        """Compute new and changed days, and publish the results.

        ``as_of``: evaluate the days before this one; by default today in the monitor's time zone.
        ``days``: compute exactly these days, such as ``"2024-01-01..2024-01-31"``. Raises
        SourceError if the configuration does not fit the tables, and RunLostError if Spark dies
        during the run.
        """
        return self._run(as_of, days, dry_run=False)

    def view(self, name: str) -> DataFrame:
        """A view or table of the results as a lazy DataFrame (docs/reference/tables.md).

        Raises ValueError for an unknown name, and SourceError before the first run.
        """
        from modelwatch.io.store.output_tables import Store
        from modelwatch.io.store.view_frames import check_view_name, view_frame

        check_view_name(name)
        Store(self.session, self.config.output).require_results("call run()")
        return view_frame(self.session, self.config.output, name)

    def report(self, folder: str | Path | None = None) -> ReportPages:
        """Write the results as HTML pages to a folder. A notebook displays the first page.

        The default folder is that of the configuration, or ``report/<monitor>``. Pages of earlier
        reports are replaced. Raises SourceError before the first run.
        """
        from modelwatch.io.store.result_queries import ResultQueries
        from modelwatch.pipelines.report.pages import report

        place = self.config.report
        configured = Path("report") / self.name if place is None else Path(place.path)
        results = ResultQueries(self.config.output, lambda: self.session)
        page, size = report(results, self.config, self.file, Path(folder or configured))
        return ReportPages(page, size)

    def save(self, path: str | Path, *, replace: bool = False) -> Path:
        """Write the configuration to a file; its relative paths then begin at the folder of the
        file.

        Raises FileExistsError if the file exists, unless ``replace`` is set.
        """
        place = Path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("w" if replace else "x", encoding="utf-8") as file:
            file.write(self.text)
        return place

    @property
    def session(self) -> SparkSession:
        """The Spark session, which is started if necessary. SessionError says why it does not
        start."""
        given = self.spark if self.spark is not None else self._own
        if given is not None:
            return _Sessions.of(given, "").spark
        found = _Sessions.of(None, f"modelwatch {self.name}")
        if found.own is None:
            self.spark = found.spark
        self._own = found.own
        return found.spark

    def close(self) -> None:
        """Stop the Spark session if the monitor started it."""
        if self._own is not None:
            _Sessions(self._own, self._own).close()
            self._own = None

    def __enter__(self) -> Monitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Monitor {self.name}, results in {self.config.output}>"

    def _repr_html_(self) -> str:
        tables = {"inputs": self.config.inputs.table}
        if self.config.predictions is not None and self.config.predictions.table is not None:
            tables["predictions"] = self.config.predictions.table
        if self.config.labels is not None:
            tables["labels"] = self.config.labels.table
        rows = [*((role, str(table)) for role, table in tables.items())]
        rows.append(("output", str(self.config.output)))
        return table_html(f"Monitor {self.name}", ("table", "address"), rows)

    def _run(
        self, as_of: date | str | None, days: DayRange | str | None, *, dry_run: bool
    ) -> RunResult:
        from modelwatch.pipelines.runs.monitor import run_monitor

        report = run_monitor(
            self.session,
            self.config,
            config_text=self.text,
            as_of=date.fromisoformat(as_of) if isinstance(as_of, str) else as_of,
            days=DayRange.parse(days) if isinstance(days, str) else days,
            dry_run=dry_run,
            folder=self.folder,
            config_path=self.file,
        )
        return RunResult(self, report.exit_code, report.text, report.run_id, report.findings)


@dataclass(frozen=True)
class _Sessions:
    """A Spark session, and the same as ``own`` if it was started here."""

    spark: SparkSession
    own: SparkSession | None

    @classmethod
    def of(cls, given: SparkSession | None, name: str) -> _Sessions:
        """The given or active session, set up for the job, otherwise a new one."""
        from pyspark.sql import SparkSession

        from modelwatch.io.session.spark_session import open_session, prepare_session

        if given is not None:
            return cls(prepare_session(given), None)
        active = SparkSession.getActiveSession()
        spark = open_session(name)
        return cls(spark, spark if active is None else None)

    def close(self) -> None:
        """Stop the session if it was started here."""
        from modelwatch.io.session.spark_session import close_session

        if self.own is not None:
            close_session(self.own)


def _address(name: str, table: object) -> TableAddress:
    """The table of a string: a path if it looks like one, otherwise a name."""
    if isinstance(table, TableAddress):
        return table
    if not isinstance(table, (str, Path)):
        raise TypeError(
            f"{name} is a {type(table).__name__}: a monitor reads its tables again in every run. "
            "Name a Delta table by its path or catalog name, and save a DataFrame as one first"
        )
    text = str(table)
    if isinstance(table, Path) or "/" in text or "\\" in text or Path(text).is_dir():
        return TableAddress(path=os.path.abspath(text) if is_relative(text) else text)
    return TableAddress(name=text)
