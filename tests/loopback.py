"""Real servers on the loopback that messages are delivered to: HTTP and SMTP."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

Answer = tuple[int, str, dict[str, str]]
OK: Answer = (200, "ok", {})


@dataclass
class WebhookServer:
    """An HTTP server: what it got, and what it answers, the last answer again and again.

    With a JSON Schema it answers 400 to a body that does not fit, which ``refused`` tells.
    """

    port: int = 0
    answers: list[Answer] = field(default_factory=lambda: [OK])
    bodies: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    slow: threading.Event | None = None
    schema: dict[str, Any] | None = None
    most_bytes: int = 10**9
    refused: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/services/T0SECRET/B0SECRET"


@contextmanager
def webhook_server() -> Iterator[WebhookServer]:
    state = WebhookServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if state.slow is not None:
                state.slow.wait(30)
            state.bodies.append(json.loads(body))
            state.paths.append(self.path)
            code, text, headers = (
                state.answers.pop(0) if len(state.answers) > 1 else state.answers[0]
            )
            if problem := misfit(state, body):
                state.refused.append(problem)
                code, text, headers = 400, "invalid_blocks", {}
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def misfit(state: WebhookServer, body: bytes) -> str | None:
    """Why a body is none of those that the server takes; None if it is one."""
    if len(body) > state.most_bytes:
        return f"{len(body)} bytes"
    if state.schema is None:
        return None
    error = best_match(Draft202012Validator(state.schema).iter_errors(json.loads(body)))
    return None if error is None else f"{error.json_path}: {error.message}"[:500]


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass
class MailServer:
    """An SMTP server: the envelopes that it got, and what it refuses."""

    port: int
    envelopes: list[Envelope] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    answer: str = "250 OK"
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answer.startswith("250"):
            self.envelopes.append(envelope)
        return self.answer

    def login(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"right", handled=False)


@contextmanager
def mail_server(context: ssl.SSLContext | None = None) -> Iterator[MailServer]:
    """A server; with a context it wants STARTTLS and a login whose password is ``right``."""
    state = MailServer(free_port())
    secured: dict[str, Any] = {}
    if context is not None:
        secured = {
            "tls_context": context,
            "require_starttls": True,
            "auth_required": True,
            "authenticator": state.login,
        }
    controller = Controller(state, hostname="127.0.0.1", port=state.port, **secured)
    controller.start()
    try:
        yield state
    finally:
        controller.stop()
