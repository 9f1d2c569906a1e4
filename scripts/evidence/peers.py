"""Evidently and NannyML on the same months, which a separate process reads from files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.evidence.detection import IN_TIME, LENGTHS, Injected
from scripts.evidence.targets import SEPARATOR
from scripts.evidence.world import World

FOLDER = Path("var/evidence/peers")
DAYS_LOOKED_AT = 14
"""Days after the start of a fault in which an alarm counts as detection."""
WEEKLY = frozenset({"nannyml_performance"})
RULES = {
    "evidently_columns": "Evidently: some column drifted",
    "evidently_dataset": "Evidently: half of the columns drifted",
    "nannyml_drift": "NannyML: univariate drift of some column",
    "nannyml_reconstruction": "NannyML: reconstruction error",
    "nannyml_missing": "NannyML: missing values",
    "nannyml_unseen": "NannyML: unseen values",
    "nannyml_rows": "NannyML: number of rows",
    "nannyml_performance": "NannyML: realized performance",
    "p_values": "KS or chi-square of some column, p < 0.05",
    "psi": "PSI of some column above 0.2",
}
"""Titles of the rules; a chunk is a day, or a week for performance."""
TOOLS = {
    "Evidently": ("evidently_columns", "evidently_dataset"),
    "NannyML": tuple(rule for rule in RULES if rule.startswith("nannyml")),
}
"""All rules of a tool together: an alarm of any of them."""
QUIET = "month-quiet"
Alarms = frozenset[tuple[str, int, str]]
"""Rule, first day of the chunk, column."""


@dataclass(frozen=True)
class PeerOutcome:
    """Whether a rule or tool found a fault in time, within two weeks, or not."""

    by: str
    fault: str
    size: float
    in_time: bool
    found: bool


def write_month(root: Path, quiet: World, faults: Iterable[Injected]) -> None:
    """The files of one reference: its rows, the quiet month, and months with one fault each."""
    folder = root / quiet.name.replace(" ", "-")
    folder.mkdir(parents=True)
    begin = quiet.period.current[0]
    before, month = (quiet.rows[quiet.rows["day"] < begin], quiet.rows[quiet.rows["day"] >= begin])
    before.to_parquet(folder / "reference.parquet")
    month.to_parquet(folder / f"{QUIET}.parquet")
    names = [*quiet.table.features, "probability", "decision"]
    numbers = [name for name in names if quiet.rows[name].dtype != object]
    categories = [name for name in names if name not in numbers]
    columns = {"numbers": numbers, "categories": [*categories, "late"]}
    (folder / "columns.json").write_text(json.dumps(columns))
    for case in faults:
        rows = case.world.rows
        after = rows[(rows["day"] >= case.start) & (rows["day"] < case.start + DAYS_LOOKED_AT)]
        if len(after):
            after.to_parquet(folder / f"{month_name(case)}.parquet")


def month_name(case: Injected) -> str:
    """Name of the file of a fault."""
    return f"month-{case.fault.key}-{case.size:g}"


def fresh_folder() -> Path:
    """An empty folder for the files."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    return FOLDER


def started(python: Path, root: Path) -> subprocess.Popen[bytes]:
    """The process that computes the alarms of all months, on one core."""
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    command = [str(python), "-m", "scripts.evidence.peer_alarms", str(root)]
    return subprocess.Popen(command, env={**os.environ, **one, "PYTHONPATH": "."})


def read_alarms(root: Path, world: World) -> dict[str, Alarms]:
    """Alarms by month, of the folder of a world."""
    file = root / world.name.replace(" ", "-") / "alarms.json"
    found = json.loads(file.read_text())
    return {month: frozenset((r, int(d), c) for r, d, c in of) for month, of in found.items()}


def alarmed_days(alarms: dict[str, Alarms]) -> dict[str, int]:
    """By rule and by tool: days of the quiet month with an alarm."""
    return {
        name: len({day for rule, day, _ in alarms[QUIET] if rule in rules})
        for name, rules in _groups().items()
    }


def _groups() -> dict[str, Sequence[str]]:
    return {**{rule: (rule,) for rule in RULES}, **TOOLS}


def peer_outcomes(alarms: dict[str, Alarms], case: Injected) -> list[PeerOutcome]:
    """By rule and by tool: alarms about the fault that do not occur in the quiet month."""
    subjects = subjects_of(case)
    new = [
        (rule, day)
        for rule, day, column in alarms.get(month_name(case), frozenset()) - alarms[QUIET]
        if column in subjects
    ]
    return [
        PeerOutcome(
            by=name,
            fault=case.fault.key,
            size=case.size,
            in_time=any(
                day < case.start + _reach(rule, case) for rule, day in new if rule in rules
            ),
            found=any(rule in rules for rule, _ in new),
        )
        for name, rules in _groups().items()
    ]


def subjects_of(case: Injected) -> frozenset[str]:
    """Subjects of alarms that count as detection: the columns of the fault, the entire table, and
    labels or predictions if the fault affects them."""
    named = {name for name in case.target.split(SEPARATOR) if name in case.world.rows}
    if case.fault.windows == "week" or "labels" in case.fault.key:
        named |= {"late", "probability", "decision", "accuracy", "roc_auc"}
    return frozenset(named | {"*", "reconstruction_error", "rows_count"})


def _reach(rule: str, case: Injected) -> int:
    """Days within which an alarm is in time: two windows of the fault, or two chunks if longer."""
    chunk = LENGTHS["week" if rule in WEEKLY else "day"]
    return IN_TIME * max(chunk, case.window_days)
