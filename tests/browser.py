"""A page in headless Chromium, examined by axe-core."""

from __future__ import annotations

import html
import json
import re
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote

from scripts.bench.first_paint import LIMIT

_POLICY = re.compile(r"<meta http-equiv=[^>]*>")
_FOUND = re.compile(r"<pre>([^<]+)</pre>")
_DARK = "--blink-settings=preferredColorScheme=0"
_EXAMINE = """
addEventListener("load",()=>axe.run(document,{resultTypes:["violations"]}).then(audit=>{
const found=parent.document.createElement("pre"),root=document.documentElement;
found.textContent=encodeURIComponent(JSON.stringify({dark:matchMedia("(prefers-color-scheme:dark)")
.matches,width:innerWidth,needed:root.scrollWidth,passed:audit.passes.map(one=>one.id),
violations:audit.violations.map(one=>[one.impact,one.id,one.nodes[0].html])}));
parent.document.body.append(found)}));
"""


@dataclass(frozen=True)
class Examined:
    """What a browser made of a page: its color scheme, its width and the width that it needs in
    pixels, and the rules of axe-core that it passes and breaks."""

    dark: bool
    width: int
    needed: int
    passed: tuple[str, ...]
    violations: tuple[Any, ...]


def axe_script() -> Path | None:
    """The script of axe-core that its Python package contains; None if it is not installed."""
    package = find_spec("axe_core_python")
    places = [] if package is None else package.submodule_search_locations or []
    return next((Path(place, "axe.min.js") for place in places), None)


def examined(page: str, command: str, axe: Path, *, width: int, dark: bool) -> Examined:
    """A page in a frame of some width, because a window cannot be narrower than 500 pixels.

    Its policy is removed, which forbids the script of axe-core.
    """
    assert len(_POLICY.findall(page)) == 1
    scripts = f"<script>{axe.read_text(encoding='utf-8')}</script><script>{_EXAMINE}</script>"
    held = html.escape(_POLICY.sub("", page).replace("</html>", f"{scripts}</html>"))
    with TemporaryDirectory() as folder:
        frame = Path(folder, "frame.html")
        frame.write_text(
            '<!DOCTYPE html><meta name="color-scheme" content="light dark"><body>'
            f'<iframe width="{width}" height="900" srcdoc="{held}"></iframe>',
            encoding="utf-8",
        )
        words = [
            *(command, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1400,1000"),
            *(_DARK,) * dark,
            *("--virtual-time-budget=20000", f"--user-data-dir={folder}/profile", "--dump-dom"),
        ]
        done = subprocess.run(
            [*words, frame.as_uri()], check=True, capture_output=True, text=True, timeout=LIMIT
        )
    found = _FOUND.search(done.stdout.rpartition("</iframe>")[2])
    assert found is not None, done.stderr[-2000:]
    return Examined(**json.loads(unquote(found.group(1))))
