"""Table `contracts`: every version of a data contract that a run has used."""

from __future__ import annotations

from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

CONTRACTS = Table(
    name="contracts",
    version=1,
    comment="One row a version of a data contract, written by the first run that used it. A "
    "version never changes: `runs` says which ones each run used.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("contract", "string", "Name of the contract.", False),
        Column("version", "int", "Version of the contract.", False),
        Column("fingerprint", "string", "Fingerprint of all that it says, comments apart.", False),
        Column("role", "string", "'inputs' or 'predictions': whose table it is of.", False),
        Column("path", "string", "Its file, as the configuration names it.", False),
        Column("contract_yaml", "string", "Its text, as read.", False),
        Column("first_used_at", "timestamp", "When its first run began.", False, repeats=False),
    ),
    key=("run_id", "contract", "version"),
)
