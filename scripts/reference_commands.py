"""Write the reference of the command line: `python -m scripts.reference_commands`."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from typer.main import get_command

from modelwatch.cli.command_line import APP

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "commands.md"
HEAD = """\
# Commands

Generated from the command line by `make docs`. `modelwatch COMMAND --help` prints the same.

Standard output holds the answer and nothing else. Progress, log lines, and errors go to standard error: on a terminal with a bar of the stages, elsewhere as lines that begin with the id of the run.

| exit code | meaning |
|---|---|
| 0 | nothing to report |
| 1 | an incident or a retraining decision needs attention (`run`), the results differ (`replay`, `contract diff`), a clause is broken (`contract check`), or a challenger should not be promoted (`gate`) |
| 2 | the command failed; one line says why |
| 3 | undecided (`gate`) |

`--format json` and `--format csv` print rows for programs: JSON is an array with one object per row, with dates in ISO 8601 and null for missing numbers; CSV has a header. `--verbose`, anywhere in a command, shows the traceback of an error. `modelwatch --install-completion` installs completion for bash, zsh, fish, or PowerShell.

`modelwatch sql CONFIG < script.sql` answers every statement of a script; a statement that fails ends it with exit code 2 and one line that names the unknown column or view and the nearest names.
"""


def commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """All subcommands of a command, with their full names."""
    for name, one in getattr(command, "commands", {}).items():
        words = f"{path} {name}"
        if getattr(one, "commands", None):
            yield from commands(one, words)
        else:
            yield words, one


def section(words: str, command: Any) -> str:
    """The section of one command."""
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    usage = " ".join([words, *(_bracketed(p) for p in arguments), "[OPTIONS]"])
    help_text = " ".join((command.help or "").split())
    meaning, _, example = help_text.partition(" Example: ")
    lines = [f"## {words}", "", meaning, "", "```", usage, "```"]
    if example:
        lines += ["", "For example:", "", "```bash", example, "```"]
    rows = [
        f"| `{_name(p)}` | {_help(p)} |"
        for p in command.params
        if "--help" not in p.opts and p.help
    ]
    if rows:
        lines += ["", "| argument or option | meaning |", "|---|---|", *rows]
    return "\n".join(lines) + "\n"


def _bracketed(parameter: Any) -> str:
    name: str = parameter.metavar or parameter.name.upper()
    return name if parameter.required or name.startswith("[") else f"[{name}]"


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return _bracketed(parameter).replace("|", "\\|")
    names = ", ".join(sorted(parameter.opts, key=len, reverse=True))
    kind = parameter.type_descriptor.annotation
    choices = (
        [one.value for one in kind] if isinstance(kind, type) and issubclass(kind, Enum) else []
    )
    value = "\\|".join(choices) or parameter.metavar or ("" if parameter.is_flag else "VALUE")
    return f"{names} {value}".strip()


def _help(parameter: Any) -> str:
    text = " ".join(parameter.help.split()).replace("|", "\\|")
    default = parameter.default
    if parameter.required:
        return f"{text} Required."
    shown = getattr(default, "value", default)
    if isinstance(shown, (str, int)) and not isinstance(shown, bool) and shown != "":
        return f"{text} Default: `{shown}`."
    return text


def page() -> str:
    """The entire page."""
    parts = [section(words, one) for words, one in commands(get_command(APP), "modelwatch")]
    return "\n".join([HEAD, *parts])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
