"""A sink that posts to a webhook, with bodies in the format of its service."""

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
"""Responses of PagerDuty and Teams, with the code for an invalid message or address."""
_WORD = re.compile(r"[a-z]+(?:_[a-z]+)*")
_WAIT, _LONGEST_WAIT = 1.0, 30.0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Rejects redirects: a redirected POST would arrive as a GET without the message, and send the
    secret elsewhere."""

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
"""The bodies of a message, in the order of posting; SinkError if something is missing for them."""


@dataclass(frozen=True)
class Webhook:
    """A URL that receives one or several JSON POSTs per message.

    ``url_env`` names the variable of ``environment`` with the URL; None uses ``url``. The value of
    a variable is a secret: no error contains any part of it.
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
            # Raised outside of the handler, so that no traceback contains the error with the URL.
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
    """The meaning of a response other than 200; its body is only shown if it is a known word of
    Slack."""
    with answer:
        try:
            content = answer.read(2000).decode("ascii", "replace").strip()
        except (OSError, HTTPException):
            content = ""
    wording = f"the server answered {answer.code}"
    if _WORD.fullmatch(content):
        wording += f" {shortened(content, 40)}"
    if answer.code in _BUSY or answer.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return SinkError(wording, again_after=_wait(answer.headers.get("Retry-After")))
    of_address = _OF_ADDRESS.search(content) is not None
    return SinkError(wording, of_message=answer.code in _OF_MESSAGE and not of_address)


def _wait(retry_after: str | None) -> float:
    """Seconds that the server asks to wait; for a date or nothing, the usual wait."""
    asked = (retry_after or "").strip()
    return min(float(asked), _LONGEST_WAIT) if asked.isdecimal() else _WAIT


def _unreachable(error: Exception) -> SinkError:
    """Why there was no response, by the type of the error, because its text may contain the URL."""
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, TimeoutError):
        return SinkError("the server did not answer in time", again_after=_WAIT)
    if isinstance(cause, OSError):
        return SinkError(f"the server cannot be reached: {type(cause).__name__}", again_after=_WAIT)
    if isinstance(cause, (InvalidURL, ValueError)):
        return SinkError("the URL cannot be posted to")
    return SinkError(f"the server closed the connection: {type(cause).__name__}", again_after=_WAIT)


def _scheme(url: str) -> str:
    """The scheme of a URL; empty if it is not one."""
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""
