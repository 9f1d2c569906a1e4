"""Where the report is written at the end of each run, and its URL."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from modelwatch.model.config.section import Section, Text

_URL = re.compile(r"https?://[^\s<>|\"'`\\^{}]+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://.*")


def _url(text: str) -> str:
    if not _URL.fullmatch(text):
        raise ValueError(f"{text!r} is not a URL such as https://reports.example.com/payments")
    return text


def _folder(text: str) -> str:
    if _SCHEME.fullmatch(text):
        raise ValueError(
            f"{text!r} is a URL: pages are written to a folder of the driver's machine"
        )
    return text


class ReportPlace(Section):
    """Where each run writes the report."""

    path: Annotated[Text, AfterValidator(_folder)] = Field(
        description="Folder of the pages, on the machine of the driver; on Databricks a volume. A "
        "relative path begins at the folder of the configuration file. "
        "`modelwatch report` writes there too, without `-o`."
    )
    link: Annotated[Text, AfterValidator(_url)] | None = Field(
        default=None,
        description="URL under which a web server shows the folder. Messages link to the pages of "
        "incidents below it; left out: they name the files.",
    )

    @property
    def address(self) -> str:
        """The location of the pages for people: the URL, or the folder."""
        return self.link or str(Path(self.path).absolute())
