"""One measure in this process: ``python -m scripts.bench.worker FUNCTION ...``; see ``process``."""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from scripts.bench.case import Case


def main() -> None:
    """Prepare, warm up, and time a measure; write the outcome to a file."""
    function, reported, warm_up, runs, result = sys.argv[1:]
    outcome: dict[str, Any]
    try:
        outcome = _measured(function, Case.from_json(reported), warm_up, int(runs))
    except BaseException as error:
        traceback.print_exc()
        outcome = {"error": f"{type(error).__name__}: {error}".split("\n", 1)[0][:300]}
    Path(result).write_text(json.dumps(outcome), encoding="utf-8")
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of Deequ and Spark may keep the process alive; the caller ends its children.
    os._exit(0)


def _measured(function: str, case: Case, warm_up: str, runs: int) -> dict[str, Any]:
    module, _, name = function.partition(":")
    prepare = getattr(importlib.import_module(module), name)
    first = None
    if warm_up == "day":
        prepare(case.of_days(1))()
    work = prepare(case)
    if warm_up == "same":
        began = time.monotonic()
        work()
        first = time.monotonic() - began
    spans, details = [], []
    for _ in range(runs):
        began = time.monotonic()
        details.append(work())
        spans.append((began, time.monotonic()))
    return {"first": first, "spans": spans, "details": details}


if __name__ == "__main__":
    main()
