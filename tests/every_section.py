"""Monitors whose configurations have every section, and the commands of people on their results.

``python every_section.py FOLDER NAME`` gives the commands, on the tables that are in FOLDER and
with those of output in FOLDER/NAME, and prints their exit codes as JSON. With SPARK_REMOTE in the
environment it does so with no more of Spark than serverless compute gives.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from deltalake import DeltaTable, write_deltalake

from loans import CONFIG, FIRST, made_tables

WINDOWS = "windows: [day, {{name: three, trailing_days: 3}}]"
SECTIONS = """
challengers:
  - {{name: rival, table: {{path: {folder}/rival}}, id: loan, day: {{column: day}}, score: risk}}
contracts: [{{path: {folder}/contract.yaml}}]
rules:
  - {{name: amount, treatment: quarantine, must: amount > 20 or amount is null}}
  - {{name: one row, treatment: exclude, duplicates: {{key: loan}}}}
  - {{name: scored, treatment: warn, without: predictions}}
durations: {{table: {{path: {folder}/durations}}}}
retraining:
  grace_days: 0
  policies:
    - {{name: age, kind: age, days: 2}}
    - {{name: labels, kind: labels, rows: 100}}
    - {{name: inputs, kind: drift, importance: 0.5, share: 0.3}}
notify: [{{name: log, kind: file, path: {output}/messages.jsonl}}]
retention: {{states_days: 90}}
"""
"""Sections that the configuration of the loans does not have."""
CONTRACT = """
contract: loans
version: 1
columns:
  loan: {type: bigint, nullable: false, unique: true}
  amount: {type: double, range: [0, 10000], share: 0.9}
  children: {nullable: false, severity: warn}
  country: {domain: [CH, AT, LI], pattern: "^[A-Z]{2}$", length: [2, 2]}
rows: {unique: loan, freshness_days: 2, volume: {monday: [100, 300]}}
relations: [{name: few children, predicate: children < 9, where: amount > 100, at_least: 0.5}]
"""
LOSSES = """
monitor: losses
output: {{path: {output}}}
inputs: {{table: {{path: {folder}/inputs}}, id: loan, day: {{column: day}}}}
predictions:
  table: {{path: {folder}/sums}}
  id: loan
  day: {{column: day}}
  score: expected
labels:
  table: {{path: {folder}/lost}}
  id: loan
  day: {{column: day}}
  label: lost
  known: {{column: known}}
  due: {{delay_days: 1}}
performance: {{task: regression, score: expected, slices: [amount]}}
windows: [day]
references: [{{name: start, days: 2024-01-01..2024-01-02}}]
binning: {{bins: 20}}
"""
"""A monitor of a regression on the same loans, with results in the same tables."""
TIMES = {"acknowledged_at", "first_used_at", "recorded_at", "released_at", "responded_at"}
OF_THE_FILES = {"content"}
"""Digests of files that Spark names at random, of stored forests."""


def made_tables_of_every_section(folder: Path) -> None:
    """The tables of the loans, and the tables and the contract of the further sections."""
    made_tables(folder)
    random = np.random.default_rng(8)
    loans = DeltaTable(folder / "inputs").to_pandas().sort_values("loan")[["loan", "day"]]
    expected = random.normal(50, 10, len(loans))
    lost = loans.assign(
        lost=expected + random.normal(0, 1 + loans["loan"] / 200),
        known=[day + timedelta(1) for day in loans["day"]],
    )
    tables = {
        "rival": loans.assign(risk=random.beta(2, 4, len(loans))),
        "sums": loans.assign(expected=expected),
        "lost": lost,
    }
    for name, table in tables.items():
        write_deltalake(folder / name, table, partition_by=["day"])
    started = pd.Timestamp(FIRST, tz="UTC") + pd.to_timedelta(np.arange(8) * 12, unit="h")
    kinds = ["training", "scoring"] * 4
    durations = {"kind": kinds, "started_at": started, "seconds": np.arange(8.0)}
    write_deltalake(folder / "durations", pd.DataFrame(durations))
    (folder / "contract.yaml").write_text(CONTRACT, encoding="utf-8")


def exit_codes(folder: Path, name: str) -> list[int]:
    """Exit codes of runs of both monitors, and of what people do about their results."""
    from modelwatch import cli

    output = folder / name
    files = []
    for monitor, text in {
        "loans": CONFIG.replace("windows: [day]", WINDOWS) + SECTIONS,
        "losses": LOSSES,
    }.items():
        path = folder / f"{name}-{monitor}.yaml"
        path.write_text(text.format(folder=folder, output=output), encoding="utf-8")
        files.append(str(path))
    loans, losses = files
    codes: list[int] = []

    def command(*words: str) -> None:
        codes.append(cli.main([*words, "--verbose"]))

    command("run", loans, "--as-of", "2024-01-05")
    command("run", losses, "--as-of", "2024-01-05")
    incident = min(_values(output / "incidents", "incident_id"))
    row = min(_values(output / "quarantine", "row_key"))
    command("incidents", loans, "acknowledge", incident, "--by", "me")
    command("quarantine", loans, "release", row, "--by", "me")
    command("run", loans, "--as-of", "2024-01-06")
    command("maintain", loans)
    return codes


def _values(table: Path, column: str) -> list[str]:
    return list(DeltaTable(table).to_pyarrow_table(columns=[column])[column].to_pylist())


if __name__ == "__main__":
    if os.environ.get("SPARK_REMOTE"):
        from connect_client import restrict

        restrict()
    print(json.dumps(exit_codes(Path(sys.argv[1]), sys.argv[2])))
