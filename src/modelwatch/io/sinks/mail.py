"""A sink that sends email by SMTP."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime
from typing import Literal

from modelwatch.io.sinks.sink import SinkError, from_environment
from modelwatch.model.notification.message import Message
from modelwatch.model.notification.message_links import MessageLinks
from modelwatch.model.notification.message_text import whole_text
from modelwatch.model.plain_text import one_line, plain_text, shortened

LONGEST_SUBJECT = 200
_WAIT = 1.0


@dataclass(frozen=True)
class Mail:
    """One email per message to some addresses.

    ``user_env`` and ``password_env`` name variables of ``environment``; without them, there is no
    login. ``tls``: encryption from the first command, by STARTTLS, or none.
    """

    name: str
    host: str
    port: int
    sender: str
    to: tuple[str, ...]
    environment: Mapping[str, str]
    user_env: str | None
    password_env: str | None
    tls: Literal["starttls", "tls", "none"]
    timeout_seconds: float
    message_links: MessageLinks = field(default_factory=MessageLinks)

    def send(self, message: Message) -> str | None:
        """Hand the email to the server; returns a remark if it accepted it for some addresses
        only."""
        login = self._login()
        failure, refused = None, 0
        try:
            with self._connected() as server:
                if login is not None:
                    server.login(*login)
                refused = len(server.send_message(self._mail(message)))
        except (smtplib.SMTPException, OSError) as error:
            failure = _failure(error)
        # Raised outside of the handler, so that no traceback contains the text of the server.
        if failure is not None:
            raise failure
        return f"refused for {refused} of {len(self.to)} addresses" if refused else None

    def _login(self) -> tuple[str, str] | None:
        if self.user_env is None or self.password_env is None:
            return None
        return (
            from_environment(self.user_env, self.environment),
            from_environment(self.password_env, self.environment),
        )

    def _connected(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.tls == "tls":
            return smtplib.SMTP_SSL(
                self.host, self.port, timeout=self.timeout_seconds, context=context
            )
        server = smtplib.SMTP(self.host, self.port, timeout=self.timeout_seconds)
        if self.tls == "starttls":
            try:
                server.starttls(context=context)
            except BaseException:
                server.close()
                raise
        return server

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage(policy=SMTP)
        mail["Subject"] = shortened(one_line(message.title), LONGEST_SUBJECT)
        mail["From"] = self.sender
        mail["To"] = ", ".join(self.to)
        mail["Date"] = localtime()
        # A repeated message has the same id, so that mail clients show it once.
        mail["Message-ID"] = f"<{message.message_id}@modelwatch>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(
            plain_text(f"{whole_text(message, self.message_links)}\n"), charset="utf-8"
        )
        return mail


def _failure(error: Exception) -> SinkError:
    """What went wrong, by kind and code, because the server's text may contain user and
    addresses."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return SinkError(f"the server refused the login: {error.smtp_code}")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({code for code, _ in error.recipients.values()})
        wording = f"the server refused every address: {', '.join(map(str, codes))}"
        return SinkError(wording, again_after=_WAIT if max(codes) < 500 else None)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return SinkError("the server does not support STARTTLS or a login")
    if isinstance(error, smtplib.SMTPResponseException):
        wording = f"the server answered {error.smtp_code}"
        return SinkError(
            wording,
            again_after=_WAIT if error.smtp_code < 500 else None,
            of_message=isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500,
        )
    if isinstance(error, ssl.SSLError):
        return SinkError("the server's certificate or encryption is not trusted")
    if isinstance(error, TimeoutError):
        return SinkError("the server did not answer in time", again_after=_WAIT)
    return SinkError(f"the server cannot be reached: {type(error).__name__}", again_after=_WAIT)
