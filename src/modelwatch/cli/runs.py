"""The commands `run` and `plan`, and the progress of a run on a terminal."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from modelwatch.cli.answers import Form, FormOption, answer
from modelwatch.cli.arguments import (
    AsOf,
    AsOfs,
    ConfigOption,
    ConfigPath,
    DaysOption,
    config_path,
    configuration,
    problem,
    problems_of,
)
from modelwatch.io.terminal import error_stream, printable, say
from modelwatch.model.runs.exit_codes import EXIT_ATTENTION, EXIT_SUCCESS
from modelwatch.pipelines.runs.command_session import command_session

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from modelwatch.model.days import DayRange
    from modelwatch.model.runs.stages import Stage


class FailOn(str, Enum):
    """What makes a run exit with 1."""

    INCIDENT = "incident"
    NEVER = "never"


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(run)
    app.command()(plan)


def run(
    config: ConfigPath = None,
    config_option: ConfigOption = None,
    as_of: AsOfs = None,
    days: DaysOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan without running it.")
    ] = False,
    fail_on: Annotated[
        FailOn,
        typer.Option("--fail-on", help="When the command exits with 1."),
    ] = FailOn.INCIDENT,
    form: FormOption = Form.TABLE,
) -> int:
    """Compute new and changed days, and report what needs attention.

    Example: modelwatch run conf/payments.yaml
    """
    as_ofs = cast("tuple[date, ...] | None", as_of)
    if as_ofs and len(as_ofs) > 1 and (days or dry_run):
        alone = "--days" if days else "--dry-run"
        raise problem(f"--as-of: several days cannot be combined with {alone}")
    path = config_path(config, config_option)
    code = _run_monitor(path, as_ofs or (None,), days, dry_run=dry_run, form=form)
    return EXIT_SUCCESS if fail_on is FailOn.NEVER and code == EXIT_ATTENTION else code


def plan(
    config: ConfigPath = None,
    config_option: ConfigOption = None,
    as_of: AsOf = None,
    days: DaysOption = None,
) -> int:
    """Print what a run would do, and what it would cost.

    Example: modelwatch plan conf/payments.yaml --as-of 2026-03-01
    """
    path = config_path(config, config_option)
    return _run_monitor(path, (as_of,), days, dry_run=True, form=Form.TABLE)


def _run_monitor(
    path: str,
    as_ofs: Sequence[date | None],
    days: DayRange | None,
    *,
    dry_run: bool,
    form: Form,
) -> int:
    """One run per day, in order. Returns the exit code of the last run, which sees what is still
    open."""
    config, text = configuration(path)
    from modelwatch.model.runs.stages import stages_of
    from modelwatch.pipelines.runs.monitor import run_monitor

    code, answered = EXIT_SUCCESS, []
    with command_session(f"modelwatch {config.monitor}") as spark, problems_of(path):
        for as_of in as_ofs:
            if len(as_ofs) > 1 and form is Form.TABLE:
                say(f"\n== as of {as_of}", flush=True)
            with progress(stages_of(config)):
                report = run_monitor(
                    spark,
                    config,
                    config_text=text,
                    as_of=as_of,
                    days=days,
                    dry_run=dry_run,
                    folder=Path(path).parent,
                    config_path=path,
                )
            code = report.exit_code
            if form is Form.TABLE:
                say(report.text.rstrip(), flush=True)
            found = [one.as_dict() for one in report.findings]
            answered.append((as_of, report.run_id, code, found, report.text.rstrip()))
    if form is not Form.TABLE:
        answer(("as_of", "run_id", "exit_code", "findings", "text"), answered, form)
    return code


@contextmanager
def progress(stages: Sequence[Stage]) -> Iterator[None]:
    """Show stages and elapsed time on stderr during the block, if stderr is a terminal.

    Otherwise, such as in the log of a scheduler, log lines contain the same information.
    """
    root, stream = logging.getLogger(), error_stream()
    replaced = [one for one in root.handlers if getattr(one, "stream", None) is stream]
    if not stream.isatty() or not replaced:
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(file=stream, highlight=False)
    shown = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn("stages"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    handler = _StageHandler(console, shown, stages)
    with shown:
        for one in replaced:
            root.removeHandler(one)
        root.addHandler(handler)
        try:
            yield
        finally:
            root.removeHandler(handler)
            for one in replaced:
                root.addHandler(one)


class _StageHandler(logging.Handler):
    """Prints log records above the progress bar, and updates the bar when a stage begins or
    ends."""

    def __init__(self, console: Console, shown: Progress, stages: Sequence[Stage]) -> None:
        super().__init__()
        self._console, self._shown = console, shown
        self._under_way: list[str] = []
        self._task = shown.add_task("starting", total=len(stages))

    def emit(self, record: logging.LogRecord) -> None:
        """Handle one log record."""
        stage: str | None = getattr(record, "stage", None)
        if stage is not None and hasattr(record, "seconds"):
            if stage in self._under_way:
                self._under_way.remove(stage)
            self._shown.advance(self._task)
        elif stage is not None:
            self._under_way.append(stage)
        if self._under_way:
            self._shown.update(self._task, description=", ".join(self._under_way))
        # The run id is only needed in logs that contain several runs.
        text = record.getMessage().removeprefix(f"{getattr(record, 'run_id', None)} ")
        if record.exc_info:
            text = f"{text}\n{logging.Formatter().formatException(record.exc_info)}"
        self._console.print(printable(text), markup=False, highlight=False, soft_wrap=True)
