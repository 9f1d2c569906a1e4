"""A written report as an object that a notebook displays."""

from __future__ import annotations

import os
from dataclasses import dataclass
from html import escape
from pathlib import Path


@dataclass(frozen=True)
class ReportPages(os.PathLike[str]):
    """The pages of a report in a folder.

    ``path``: the first page. ``size_bytes``: the size of all pages. A notebook shows the first page
    in a frame that may only run the script of the page; links work in a browser only.
    """

    path: Path
    size_bytes: int

    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return str(self.path)

    def _repr_html_(self) -> str:
        page = escape(self.path.read_text(encoding="utf-8"))
        place = escape(str(self.path.absolute()))
        return (
            f'<iframe srcdoc="{page}" sandbox="allow-scripts" title="Report" width="100%" '
            f'height="700" style="border:1px solid #ccc"></iframe><p>{place}</p>'
        )
