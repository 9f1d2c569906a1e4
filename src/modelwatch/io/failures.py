"""What an error of Spark says, without its stacks of Java frames."""

from __future__ import annotations

import re

_CAUSE = re.compile(r"^Caused by: (?:[\w$]+\.)+[\w$]+: (.+)")
_CLASS = re.compile(r"^: ?(?:[\w$]+\.)+[\w$]+: ")
_FILE = re.compile(r"\.(?:parquet|json|crc|bin)\b")
_LONGEST = 1000


def first_line(error: BaseException) -> str:
    """The first line of its message; the name of its type if it has none."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # py4j puts a line of its own before the message.
    if len(lines) > 1 and lines[0].startswith("An error occurred while calling"):
        lines = lines[1:]
    return _CLASS.sub("", lines[0]).removeprefix(": ")[:_LONGEST] if lines else type(error).__name__


def reason(error: BaseException) -> str:
    """The first line of its message and, of its Java causes, the one that names a file or the last.

    A task that fails tells of the task first: which file it was in stands far below.
    """
    first = first_line(error)
    causes = [found[1] for line in str(error).splitlines() if (found := _CAUSE.match(line))]
    naming = [cause for cause in causes if _FILE.search(cause)]
    deepest = (naming or causes or [first])[-1]
    return first if deepest in first else f"{first}; {deepest}"[: 2 * _LONGEST]
