"""What an error of Spark says, without its stacks of Java frames."""

from __future__ import annotations

import re

from modelwatch.model.runs.lost_runs import WAY_OUT, way_after_death

_CAUSE = re.compile(r"^Caused by: (?:[\w$]+\.)+[\w$]+: (.+)")
_CLASS = re.compile(r"^: ?(?:[\w$]+\.)+[\w$]+: ")
_FILE = re.compile(r"\.(?:parquet|json|crc|bin)\b")
_FRAME = re.compile(
    r"^(?:Job aborted|Writing job aborted|Task failed|"
    r"\[TASK_WRITE_FAILED\]|org\.apache\.spark\.SparkException)"
)
"""What Spark says around a cause, of which a person can make nothing."""
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
        "give the job the right to write its output and Spark's spark.local.dir, and to read its "
        "sources (docs/guides/deployment.md, Rights), then run again",
    ),
    (
        r"_delta_log|DELTA_VERSIONS_NOT_CONTIGUOUS|DELTA_TRUNCATED_TRANSACTION_LOG|"
        r"DELTA_STATE_RECOVER|DELTA_LOG|DELTA_MISSING_TRANSACTION_LOG|JsonEOF|JsonParse|"
        r"Unexpected end-of-input",
        "the table's log is damaged: restore its _delta_log from a copy (a newest commit that is "
        "torn may be removed, and what it added written anew), then run again",
    ),
    (
        r"is not a Parquet file|[Ff]ooter|FAILED_READ_FILE(?!.*does not exist)|"
        r"can not read (?:class|value)|[Cc]orrupt",
        "restore the file, or delete its rows from the table and write them anew, then run again",
    ),
    (
        r"FileNotFoundException|FILE_NOT_EXIST|[Ff]ile .*does not exist|No such file|"
        r"PATH_NOT_FOUND|Path does not exist",
        "run again if the table was rewritten and vacuumed meanwhile; otherwise restore the file",
    ),
)
"""What a message holds, and what helps then; the first that fits counts."""


def first_line(error: BaseException) -> str:
    """The first line of its message; the name of its type if it has none."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # py4j puts a line of its own before the message.
    if len(lines) > 1 and lines[0].startswith("An error occurred while calling"):
        lines = lines[1:]
    return _CLASS.sub("", lines[0]).removeprefix(": ")[:_LONGEST] if lines else type(error).__name__


def reason(error: BaseException) -> str:
    """The first line of its message and, of its Java causes, the one that names a file or the last.

    A task that fails tells of the task first, which file it was in stands far below: then the cause
    alone is told.
    """
    first = first_line(error)
    causes = [found[1] for line in str(error).splitlines() if (found := _CAUSE.match(line))]
    naming = [cause for cause in causes if _FILE.search(cause)]
    deepest = (naming or causes or [first])[-1]
    if deepest in first:
        return first
    return deepest[:_LONGEST] if _FRAME.match(first) else f"{first}; {deepest}"[: 2 * _LONGEST]


def way_out(error: BaseException) -> str | None:
    """What a person can do about it; None where that is not known."""
    text = str(error)
    known = next((way for signs, way in _WAYS_OUT if re.search(signs, text)), None)
    return known or way_after_death(text)


def advised(error: BaseException) -> str:
    """Its reason, and what a person can do about it where that is known and not told yet."""
    wording, way = reason(error), way_out(error)
    return (
        wording if way is None or WAY_OUT in wording else f"{wording.rstrip('. ')}. {WAY_OUT}{way}."
    )


def typed(error: BaseException) -> str:
    """What is advised, behind the type of the error unless that is the bridge to Java's."""
    name = type(error).__name__
    return advised(error) if name in _OF_JAVA else f"{name}: {advised(error)}"
