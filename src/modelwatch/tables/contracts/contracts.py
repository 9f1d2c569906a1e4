"""Table `contracts`: every version of a data contract that a run has used."""

from __future__ import annotations

from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

CONTRACTS = Table(
    name="contracts",
    version=1,
    comment="Data contracts: one row per version, written by the first run that used it. "
    "Versions are immutable. `runs.contracts` names the versions that each run "
    "used.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("contract", "string", "Name of the contract.", False),
        Column("version", "int", "Version of the contract.", False),
        Column("fingerprint", "string", "Fingerprint of its content, without comments.", False),
        Column("role", "string", "Table that it describes: 'inputs' or 'predictions'.", False),
        Column("path", "string", "Path of its file, as given in the configuration.", False),
        Column("contract_yaml", "string", "Its text, as read.", False),
        Column(
            "first_used_at",
            "timestamp",
            "When the first run that used it started.",
            False,
            repeats=False,
        ),
    ),
    key=("run_id", "contract", "version"),
)
