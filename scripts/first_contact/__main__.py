"""`init` and `run` on unknown tables: what they draft and find, and how long it takes.

python -m scripts.first_contact [NAME ...]    # checks that the fault of each data set is found
python -m scripts.first_contact --cold        # seconds from 40 days of 1,000 rows to a page
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from scripts.first_contact.tables import MADE, FirstTables, payments

FOLDER = Path("var/first_contact")


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MADE)}")
    parser.add_argument("--cold", action="store_true", help="time two commands as processes")
    parser.add_argument("--path", type=Path, default=FOLDER, help="folder for the tables")
    given = parser.parse_args(words)
    if given.cold:
        return cold(given.path)
    seen = [tried(name, given.path) for name in given.names or MADE]
    return 0 if all(seen) else 1


def tried(name: str, folder: Path) -> bool:
    """Whether the drafted configuration of a data set runs without changes and finds the fault."""
    from modelwatch import cli
    from modelwatch.io.session.spark_session import open_session

    open_session("first contact")
    tables, file = MADE[name](folder), folder / "conf" / f"{name}.yaml"
    steps = [
        ["init", *map(str, tables.tables), "-o", str(file), "--force"],
        ["run", str(file), "--as-of", str(tables.after)],
    ]
    for step in steps:
        began = time.monotonic()
        code = cli.main(step)
        print(f"{name}: {step[0]} exits with {code} after {time.monotonic() - began:.0f} s")
        if code == 2:
            return False
    found = incidents(file)
    for one in found:
        print(f"  {one['onset']} {one['subject']}: {one['sentence']}")
    seen = found_fault(tables, found)
    print(f"{name}: {tables.faulty} since {tables.onset} is {'found' if seen else 'NOT found'}")
    return seen


def incidents(file: Path) -> list[dict[str, str]]:
    """The open incidents of a monitor."""
    from modelwatch import cli

    with contextlib.redirect_stdout(io.StringIO()) as reported:
        assert cli.main(["incidents", str(file), "--format", "json"]) == 0
    return list(json.loads(reported.getvalue()))


def found_fault(tables: FirstTables, found: Sequence[dict[str, str]]) -> bool:
    """Whether an incident is about the faulty column, and its onset is that of the fault.

    If the fault begins in the middle of a week or month, this window begins before it.
    """
    first = str(tables.onset - timedelta(days=31))
    return any(one["subject"] == tables.faulty and one["onset"] >= first for one in found)


def cold(folder: Path) -> int:
    """Two commands from tables to the first page, each in a separate process."""
    tables, file = payments(folder), folder / "conf" / "payments.yaml"
    total = 0.0
    for step in (
        ["init", *map(str, tables.tables), "-o", str(file), "--force"],
        ["run", str(file), "--as-of", str(tables.after), "--fail-on", "never"],
    ):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.monotonic()
        subprocess.run([sys.executable, "-m", "modelwatch", *step], check=True)
        seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        total += seconds
        print(f"{step[0]}: {seconds:.1f} s, {worked:.1f} s of processor time", flush=True)
    print(f"together: {total:.1f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
