"""A sink that posts to a webhook, with bodies as its service takes them."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message as Headers
from http import HTTPStatus
from http.client import HTTPException, InvalidURL
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from modelwatch.io.sinks.sink import SinkError, from_environment
from modelwatch.model.notification.message import Message
from modelwatch.model.plain_text import shortened

_BUSY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
_OF_MESSAGE = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}
_OF_ADDRESS = re.compile("routing.?key|TriggerIsNotEnabled", re.IGNORECASE)
"""What PagerDuty and Teams say, with the code of a bad message, of an address that is no good."""
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


Bodies = Callable[[Message], Sequence[Mapping[str, Any]]]
"""The bodies of a message, to be posted in order; SinkError if something is missing for them."""


@dataclass(frozen=True)
class Webhook:
    """An address that takes a POST of JSON for each message, or several.

    ``url_env`` names the variable of ``environment`` that holds the URL; None takes ``url``. The
    value of a variable is a secret: no error tells it or any part of it.
    """

    name: str
    url_env: str | None
    environment: Mapping[str, str]
    timeout_seconds: float
    bodies: Bodies
    url: str = ""

    def send(self, message: Message) -> None:
        """Post the message once, body by body."""
        for body in self.bodies(message):
            # Raised out here, so that no traceback shows the error that knows the URL.
            failure = self._posted(json.dumps(body, allow_nan=False).encode("ascii"))
            if failure is not None:
                raise failure

    def _posted(self, body: bytes) -> SinkError | None:
        variable = self.url_env
        url = self.url if variable is None else from_environment(variable, self.environment)
        if _scheme(url) not in ("https", "http"):
            return SinkError(f"the value of {variable} is not an http or https URL")
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


def _refused(answer: HTTPError) -> SinkError:
    """What an answer other than 200 means; its body is told only where it is a word of Slack."""
    with answer:
        try:
            said = answer.read(2000).decode("ascii", "replace").strip()
        except (OSError, HTTPException):
            said = ""
    wording = f"the server answered {answer.code}"
    if _WORD.fullmatch(said):
        wording += f" {shortened(said, 40)}"
    if answer.code in _BUSY or answer.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return SinkError(wording, again_after=_wait(answer.headers.get("Retry-After")))
    of_address = _OF_ADDRESS.search(said) is not None
    return SinkError(wording, of_message=answer.code in _OF_MESSAGE and not of_address)


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
