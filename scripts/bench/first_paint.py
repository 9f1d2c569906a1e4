"""Time from opening a page to its first paint, from a trace of Chromium."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LIMIT = 120


def browser() -> str | None:
    """The installed browser; None if there is none."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def first_paint_ms(page: Path, command: str) -> float:
    """Milliseconds from the start of the navigation to a page until its first paint."""
    with TemporaryDirectory() as folder:
        trace = Path(folder, "trace.json")
        subprocess.run(
            [
                command,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--trace-startup=loading,blink.user_timing,navigation",
                "--trace-startup-duration=0",
                "--trace-startup-format=json",
                f"--trace-startup-file={trace}",
                f"--user-data-dir={folder}/profile",
                f"--screenshot={folder}/page.png",
                page.resolve().as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=LIMIT,
        )
        events = json.loads(trace.read_text(encoding="utf-8"))["traceEvents"]
    return painted_after(events, page.resolve().as_uri())


def painted_after(events: list[dict[str, Any]], address: str) -> float:
    """The same from the events of a trace, whose times are in microseconds."""
    begun = next(
        event["ts"]
        for event in events
        if event["name"] == "navigationStart"
        and event["args"].get("data", {}).get("documentLoaderURL") == address
    )
    painted = [e["ts"] for e in events if e["name"] == "firstPaint" and e["ts"] >= begun]
    return float(min(painted) - begun) / 1000.0
