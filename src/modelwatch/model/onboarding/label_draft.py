"""Write the sections of a configuration draft about labels, challengers, and messages."""

from __future__ import annotations

from collections.abc import Iterator

from modelwatch.errors import instance_of, present
from modelwatch.model.config.column_types import TIMESTAMP_TYPES
from modelwatch.model.config.yaml_text import comment_text, list_text, quoted_text, value_text
from modelwatch.model.onboarding.column_names import is_label_due_name
from modelwatch.model.onboarding.day_guess import DayGuess
from modelwatch.model.onboarding.guess import ChallengerGuess, Guess
from modelwatch.model.onboarding.label_guess import LabelGuess, PerformanceGuess
from modelwatch.model.sources.tables import TableAddress


def address_text(address: TableAddress) -> str:
    """Return a table as YAML."""
    key = "name" if address.path is None else "path"
    return f"{{{key}: {quoted_text(str(address))}}}"


def day_text(day: DayGuess) -> str:
    """Return the `day` key as YAML."""
    key = "time_column" if day.time else "column"
    partition = f", partition_column: {quoted_text(day.partition)}" if day.partition else ""
    return f"{{{key}: {quoted_text(day.column)}{partition}}}"


def label_lines(guess: Guess) -> Iterator[str]:
    """Return the sections ``labels`` and ``performance``, or a comment that shows them."""
    labels = guess.labels
    yield "# The labels, which are joined to the predictions by id and day."
    if not isinstance(labels, LabelGuess):
        if labels is not None:
            yield f"# Not written: {comment_text(labels)}."
        yield "# labels: {table: ..., id: ..., day: ..., label: ..., due: {delay_days: 7}}"
        yield "# performance: {task: binary, score: ..., decision: {threshold: 0.5}}"
        yield ""
        return
    if labels.performance is None:
        yield f"# Not written: {comment_text(guess.no_performance or 'no task')}."
        yield from (f"# {line}" for line in _labels(labels))
        yield ""
        return
    yield from _labels(labels)
    yield ""
    yield "# How the model is compared with its labels."
    yield from _performance(labels.performance)
    yield ""


def _labels(labels: LabelGuess) -> Iterator[str]:
    yield "labels:"
    yield f"  table: {address_text(labels.table.address)}"
    yield f"  id: {list_text(labels.id)}"
    yield "  # The day of the prediction that a label belongs to."
    yield f"  day: {day_text(labels.day)}"
    yield f"  label: {quoted_text(labels.label)}"
    known = labels.table.column(labels.known or "")
    if known is not None and known.plain_type in TIMESTAMP_TYPES | {"date"}:
        yield "  # When the label became known."
        yield f"  known: {{column: {quoted_text(known.name)}}}"
    elif known is not None:
        yield f"  # {comment_text(known.name)} contains when the label became known, but"
        yield f"  # {known.plain_type} is no date. Read a view that converts it to use it here:"
        yield "  # known: {column: ...}"
    else:
        yield "  # known: {column: ...}, if a column contains the time when a label became known"
    yield f"  # {labels.delay.why}"
    if labels.due_column is not None:
        name = comment_text(labels.due_column)
        if is_label_due_name(labels.due_column):
            yield f"  # By its name, {name} is the day on which the label is due."
        else:
            yield f"  # Nearly all are known by {name}, which is sooner."
        yield f"  due: {{column: {quoted_text(labels.due_column)}}}"
    else:
        yield f"  due: {{delay_days: {labels.delay.days}}}"


def _performance(found: PerformanceGuess) -> Iterator[str]:
    yield "performance:"
    yield from (f"  # {comment_text(why[:1].upper() + why[1:])}." for why in found.why)
    yield f"  task: {found.task}"
    if found.score:
        yield f"  score: {list_text(found.score)}"
    if found.score_kind != "probability" and found.task != "regression":
        yield f"  score_kind: {found.score_kind}"
    if found.decision is not None:
        yield f"  decision: {{column: {quoted_text(found.decision)}}}"
    elif found.threshold is not None:
        yield f"  decision: {{threshold: {value_text(found.threshold)}}}"
    if found.positive:
        yield f"  positive: {list_text(found.positive)}"
    if found.negative:
        yield f"  negative: {list_text(found.negative)}"
    if found.classes:
        yield f"  classes: {list_text(found.classes)}"
    if found.interval:
        yield f"  interval: {list_text(found.interval)}"
    if found.task == "binary":
        yield "  # The value of decisions, such as {true_positive: 10, false_positive: -1}"
        yield "  # values: {...}"


def challenger_lines(guess: Guess) -> Iterator[str]:
    """Return the section ``challengers``, or a comment that shows it."""
    found = guess.challenger
    yield "# Models that score the same ids in shadow mode."
    if not isinstance(found, ChallengerGuess):
        if found is not None:
            yield f"# Not written: {comment_text(found)}."
        yield "# challengers: [{name: ..., table: ..., id: ..., day: ..., score: ...}]"
        yield ""
        return
    labels = instance_of(guess.labels, LabelGuess)
    champion = present(labels.performance, "the performance of guessed labels")
    yield "challengers:"
    yield f"  - name: {quoted_text(found.name)}"
    yield f"    table: {address_text(found.table.address)}"
    yield f"    id: {list_text(found.id)}"
    yield f"    day: {day_text(found.day)}"
    yield f"    score: {quoted_text(found.score)}"
    if found.score_kind != champion.score_kind:
        yield f"    score_kind: {found.score_kind}"
    if found.decision is not None:
        yield f"    decision: {{column: {quoted_text(found.decision)}}}"
    elif champion.threshold is None:
        at = {"percentage": "50", "logit": "0"}.get(found.score_kind, "0.5")
        yield "    # No column contains its decision: set the threshold that it would use."
        yield f"    decision: {{threshold: {at}}}"
    yield ""


def notify_lines(output: str, *, is_path: bool) -> Iterator[str]:
    """Return the section ``notify``: a file next to the results. Sinks with a secret are
    comments."""
    yield "# Who is notified. Secrets are read from the environment variables that are named here."
    if is_path and "://" not in output:
        yield "notify:"
        yield f"  - {{name: file, kind: file, path: {quoted_text(f'{output}/messages.jsonl')}}}"
        start = "  # "
    else:
        yield "# notify:"
        start = "#   "
    yield f"{start}- {{name: chat, kind: webhook, url_env: CHAT_WEBHOOK_URL}}"
    yield f"{start}- {{name: mail, kind: email, host: mail.example.com, sender: ml@example.com,"
    yield f"{start}   to: [you@example.com], user_env: MAIL_USER, password_env: MAIL_PASSWORD}}"
    yield ""


def report_lines(output: str, *, is_path: bool) -> Iterator[str]:
    """The section ``report``: pages beside the results, where these are in a folder."""
    yield "# Each run writes its results as pages here. `link` is their URL, if they are served."
    if is_path and "://" not in output:
        yield f"report: {{path: {quoted_text(f'{output}/report')}}}"
    else:
        yield '# report: {path: /dbfs/report, link: "https://reports.example.com/report"}'
    yield ""
