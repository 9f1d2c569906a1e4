"""A sink that posts to a webhook, with a body as Slack takes it."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message as Headers
from http import HTTPStatus
from http.client import HTTPException, InvalidURL
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from modelwatch.io.sink import SinkError, from_environment
from modelwatch.model.message import Message
from modelwatch.model.plain_words import plain_text, shortened

LONGEST_TEXT = 2900
"""Characters of a text; a section of Slack's holds 3000, and escapes must not be cut."""
_BUSY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
_OF_MESSAGE = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}
_WORD = re.compile(r"[a-z]+(?:_[a-z]+)*")
_WAIT, _LONGEST_WAIT = 1.0, 30.0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST would arrive as a GET without the message, and the secret elsewhere."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Headers,
        newurl: str,
    ) -> None:
        return None


@dataclass(frozen=True)
class Webhook:
    """An address that takes a POST of JSON for each message.

    ``url_env`` names the variable of ``environment`` that holds the URL. The URL is a secret: no
    error tells it or any part of it.
    """

    name: str
    url_env: str
    environment: Mapping[str, str]
    timeout_seconds: float

    def send(self, message: Message) -> None:
        """Post the message once."""
        # Raised out here, so that no traceback shows the error that knows the URL.
        failure = self._posted(json.dumps(slack_body(message)).encode("ascii"))
        if failure is not None:
            raise failure

    def _posted(self, body: bytes) -> SinkError | None:
        url = from_environment(self.url_env, self.environment)
        if _scheme(url) not in ("https", "http"):
            return SinkError(f"the value of {self.url_env} is not an http or https URL")
        opener = urllib.request.build_opener(_NoRedirect)
        try:
            request = urllib.request.Request(
                url, body, {"Content-Type": "application/json", "User-Agent": "modelwatch"}
            )
            with opener.open(request, timeout=self.timeout_seconds):
                return None
        except HTTPError as answer:
            return _refused(answer)
        except (URLError, HTTPException, OSError, ValueError) as error:
            return _unreachable(error)


def slack_body(message: Message) -> dict[str, Any]:
    """The body of a post: ``text``, which other services take too, and blocks for Slack.

    Nothing in it that came from data is a link, a mention or the end of a block of code.
    """
    title, body = (escaped(plain_text(text)) for text in (message.title, message.body))
    blocks = [_section(f"*{title}*\n{body}")]
    if message.query is not None:
        # Three backticks would end the block; SQL has a use for one or two at most.
        query = escaped(plain_text(message.query)).replace("```", "`` `")
        blocks.append(_section(f"```{query}```", ending="…```"))
    return {"text": _cut(f"{title}\n{body}"), "blocks": blocks}


def escaped(text: str) -> str:
    """A text in which Slack sees no link, mention or command."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _section(text: str, ending: str = "…") -> dict[str, Any]:
    # Verbatim: what looks like a link or a name is none.
    content = {"type": "mrkdwn", "text": _cut(text, ending), "verbatim": True}
    return {"type": "section", "text": content}


def _cut(text: str, ending: str = "…") -> str:
    """A text of bounded length; an escape that the cut went through goes with it."""
    if len(text) <= LONGEST_TEXT:
        return text
    kept = re.sub(r"&[a-z]{0,3}$", "", text[: LONGEST_TEXT - len(ending)])
    return f"{kept}{ending}"


def _refused(answer: HTTPError) -> SinkError:
    """What an answer other than 200 means; its body is told only where it is a word of Slack."""
    with answer:
        try:
            said = answer.read(200).decode("ascii", "replace").strip()
        except (OSError, HTTPException):
            said = ""
    told = f"the server answered {answer.code}"
    if _WORD.fullmatch(said):
        told += f" {shortened(said, 40)}"
    if answer.code in _BUSY or answer.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return SinkError(told, again_after=_wait(answer.headers.get("Retry-After")))
    return SinkError(told, of_message=answer.code in _OF_MESSAGE)


def _wait(retry_after: str | None) -> float:
    """Seconds that the server asks for; a date, or nothing, is the usual wait."""
    asked = (retry_after or "").strip()
    return min(float(asked), _LONGEST_WAIT) if asked.isdecimal() else _WAIT


def _unreachable(error: Exception) -> SinkError:
    """Why there was no answer, by what kind of error it is: its own words may hold the URL."""
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, TimeoutError):
        return SinkError("the server did not answer in time", again_after=_WAIT)
    if isinstance(cause, OSError):
        return SinkError(f"the server cannot be reached: {type(cause).__name__}", again_after=_WAIT)
    if isinstance(cause, (InvalidURL, ValueError)):
        return SinkError("the URL cannot be posted to")
    return SinkError(f"the server closed the connection: {type(cause).__name__}", again_after=_WAIT)


def _scheme(url: str) -> str:
    """The scheme of a URL; empty for what is none."""
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""
