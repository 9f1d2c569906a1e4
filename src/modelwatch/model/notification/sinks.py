"""The `notify` section of the configuration. Secrets stay in environment variables."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from modelwatch.model.config.section import Name, Section, Text, as_tuple

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")
_HOST = re.compile(r"[A-Za-z0-9_.:\[\]-]+")


def _variable(name: str) -> str:
    if not _VARIABLE.fullmatch(name):
        # The value is not quoted, because a secret written here by mistake must not appear in a
        # log.
        raise ValueError(
            "must be the name of an environment variable, of letters, digits and '_'; the secret "
            "itself does not belong here"
        )
    return name


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise ValueError(f"{text!r} is not an e-mail address such as ml@example.com")
    return text


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise ValueError(f"{text!r} is not a host such as mail.example.com")
    return text


Variable = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_variable)]
Address = Annotated[str, Field(min_length=1, max_length=320), AfterValidator(_address)]
Host = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_host)]


class _Sink(Section):
    name: Name = Field(description="Its name in the outbox.")


class FileSink(_Sink):
    """A file of JSON lines, one per message."""

    kind: Literal["file"] = Field(
        description="`file`: a line of JSON for each message, with the keys of a webhook of "
        "the format `json`."
    )
    path: Text = Field(
        description="The file, created with its folder if missing. A relative path begins at the "
        "folder of the configuration file."
    )


class WebhookSink(_Sink):
    """An HTTP endpoint for messages, such as an incoming webhook of Slack."""

    kind: Literal["webhook"] = Field(
        description="`webhook`: a POST of JSON for each message, in the format of a service."
    )
    format: Literal["slack", "teams", "pagerduty", "json"] = Field(
        default="slack",
        description="`slack`: Block Kit, for an incoming webhook; its `text` is read by Mattermost "
        "and others too. `teams`: an Adaptive Card, for a workflow of Microsoft Teams. "
        "`pagerduty`: events that trigger, acknowledge, and resolve one alert per incident. "
        "`json`: all fields, by the schema in docs/guides/notifications.md.",
    )
    url_env: Variable | None = Field(
        default=None,
        description="Environment variable with the URL, which is a secret. Required; for "
        "`pagerduty` left out: `https://events.pagerduty.com/v2/enqueue`.",
    )
    routing_key_env: Variable | None = Field(
        default=None,
        description="Environment variable with the integration key. Required for "
        "`pagerduty`, and for it only.",
    )
    timeout_seconds: int = Field(
        default=10, ge=1, le=120, description="Timeout of an attempt, in seconds."
    )

    @model_validator(mode="after")
    def _whole_address(self) -> WebhookSink:
        paged = self.format == "pagerduty"
        if paged != (self.routing_key_env is not None):
            raise ValueError("routing_key_env and format: pagerduty go together")
        if self.url_env is None and not paged:
            raise ValueError("url_env is required, except with format: pagerduty")
        return self


class EmailSink(_Sink):
    """Email by SMTP."""

    kind: Literal["email"] = Field(description="`email`: one email per message, by SMTP.")
    host: Host = Field(description="The mail server.")
    port: int = Field(default=587, ge=1, le=65_535, description="Its port.")
    sender: Address = Field(description="Sender address.")
    to: Annotated[tuple[Address, ...], BeforeValidator(as_tuple)] = Field(
        min_length=1, max_length=100, description="Recipient addresses."
    )
    user_env: Variable | None = Field(
        default=None, description="Environment variable with the user name. Default: no login."
    )
    password_env: Variable | None = Field(
        default=None, description="Environment variable with the password."
    )
    tls: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="`starttls`: encryption after the first command; `tls`: encryption from the "
        "start; `none`: no encryption, for a server on the same machine.",
    )
    timeout_seconds: int = Field(
        default=20, ge=1, le=120, description="Timeout of an attempt, in seconds."
    )

    @model_validator(mode="after")
    def _whole_login(self) -> EmailSink:
        if (self.user_env is None) != (self.password_env is None):
            raise ValueError("user_env and password_env must be set together")
        if self.user_env is not None and self.tls == "none":
            raise ValueError("a password is not sent unencrypted: tls must be starttls or tls")
        return self


SinkConfig = Annotated[FileSink | WebhookSink | EmailSink, Field(discriminator="kind")]
SINKS: dict[str, type[_Sink]] = {
    kind.model_fields["kind"].annotation.__args__[0]: kind  # type: ignore[union-attr]
    for kind in (FileSink, WebhookSink, EmailSink)
}
"""Every kind of sink by its key."""
