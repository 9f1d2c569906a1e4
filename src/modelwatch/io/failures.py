"""Messages of Spark's errors, without stacks of Java frames."""

from __future__ import annotations

import re

from modelwatch.model.runs.lost_runs import FIX, remedy_after_death

_CAUSE = re.compile(r"^Caused by: (?:[\w$]+\.)+[\w$]+: (.+)")
_CLASS = re.compile(r"^: ?(?:[\w$]+\.)+[\w$]+: ")
_FILE = re.compile(r"\.(?:parquet|json|crc|bin)\b")
_OWN = re.compile(r"^\s*modelwatch\.[\w.]*\.[A-Z]\w*: (.+)")
"""The line of a stack of Python's, in a message of Spark, with an error that is ours."""
_FRAME = re.compile(
    r"^(?:Job aborted|Writing job aborted|Task failed|"
    r"\[TASK_WRITE_FAILED\]|org\.apache\.spark\.SparkException)"
)
"""What Spark prints around a cause, which does not help people."""
_OF_JAVA = ("Py4JJavaError",)
_LONGEST = 1000
_WAYS_OUT = (
    (
        r"No space left on device|Disk quota exceeded|File too large",
        "free space where results are written and in Spark's spark.local.dir, then run again: "
        "this run published nothing",
    ),
    (
        r"Permission denied|AccessControlException|AccessDenied|Mkdirs failed",
        "grant the job write access to its output and to Spark's spark.local.dir, and read access "
        "to its sources (docs/guides/deployment.md, Permissions), then run again",
    ),
    (
        r"_delta_log|DELTA_VERSIONS_NOT_CONTIGUOUS|DELTA_TRUNCATED_TRANSACTION_LOG|"
        r"DELTA_STATE_RECOVER|DELTA_LOG|DELTA_MISSING_TRANSACTION_LOG|JsonEOF|JsonParse|"
        r"Unexpected end-of-input",
        "the log of the table is damaged: restore its _delta_log from a copy (a torn newest commit "
        "can be removed; then write the rows that it added again), then run again",
    ),
    (
        r"is not a Parquet file|[Ff]ooter|FAILED_READ_FILE(?!.*does not exist)|"
        r"can not read (?:class|value)|[Cc]orrupt",
        "restore the file, or delete its rows from the table and write them again, then run again",
    ),
    (
        r"FileNotFoundException|FILE_NOT_EXIST|[Ff]ile .*does not exist|No such file|"
        r"PATH_NOT_FOUND|Path does not exist",
        "run again if the table was rewritten and vacuumed meanwhile; otherwise restore the file",
    ),
)
"""Patterns in a message, and what to do; the first match counts."""


def first_line(error: BaseException) -> str:
    """The first line of the message; the name of the type if it has none."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # py4j adds a line before the message.
    if len(lines) > 1 and lines[0].startswith("An error occurred while calling"):
        lines = lines[1:]
    return _CLASS.sub("", lines[0]).removeprefix(": ")[:_LONGEST] if lines else type(error).__name__


def reason(error: BaseException) -> str:
    """The first line of the message and, of its Java causes, the one that names a file, otherwise
    the last.

    The message of a failed task begins with the task and names the file only in a cause, so the
    cause alone is returned. The same applies to a modelwatch error that a Python worker raised.
    """
    own = _raised_by_us(error)
    if own is not None:
        return own
    first = first_line(error)
    causes = [found[1] for line in str(error).splitlines() if (found := _CAUSE.match(line))]
    naming = [cause for cause in causes if _FILE.search(cause)]
    deepest = (naming or causes or [first])[-1]
    if deepest in first:
        return first
    return deepest[:_LONGEST] if _FRAME.match(first) else f"{first}; {deepest}"[: 2 * _LONGEST]


def _raised_by_us(error: BaseException) -> str | None:
    """The message of a modelwatch error that ended a Python worker; None if there is none."""
    raised = [found[1] for line in str(error).splitlines() if (found := _OWN.match(line))]
    return raised[-1][:_LONGEST] if raised else None


def remedy(error: BaseException) -> str | None:
    """What to do about it; None if unknown."""
    text = str(error)
    known = next((way for signs, way in _WAYS_OUT if re.search(signs, text)), None)
    return known or remedy_after_death(text)


def with_remedy(error: BaseException) -> str:
    """The reason, and what to do about it if known and not included yet."""
    wording, way = reason(error), remedy(error)
    return wording if way is None or FIX in wording else f"{wording.rstrip('. ')}. {FIX}{way}."


def typed_message(error: BaseException) -> str:
    """The reason and the advice, preceded by the type of the error, unless that is a type of py4j
    or the error is one of modelwatch."""
    name = type(error).__name__
    plain = name in _OF_JAVA or _raised_by_us(error) is not None
    return with_remedy(error) if plain else f"{name}: {with_remedy(error)}"
