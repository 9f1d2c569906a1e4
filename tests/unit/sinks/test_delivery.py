"""Messages arrive at real servers on the loopback interface, or the reason is reported."""

from __future__ import annotations

import email
import email.policy
import json
import logging
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trustme

from loopback import OK, MailServer, WebhookServer, free_port, mail_server, webhook_server
from modelwatch.io.sinks.delivery import Delivery, deliver, sink_of
from modelwatch.io.sinks.sink import Sink
from modelwatch.model.notification.message import Message, message_id
from modelwatch.model.notification.sinks import EmailSink, FileSink, WebhookSink
from modelwatch.model.plain_text import one_line

MESSAGE = Message(
    message_id="m1",
    monitor="flights",
    event="opened",
    incident_id="i1",
    severity="fail",
    title="temperature: half of the values are null",
    body="Since 2013-03-04.\nLook at the station.",
    query="SELECT 1",
)
SECOND = replace(MESSAGE, message_id="m2")
EVIL = "<!channel> <https://evil|here> & `rm` ```\r\nBcc: all@example.com\u2028\x1b[2J\ud800"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def slack() -> Iterator[WebhookServer]:
    with webhook_server() as server:
        yield server


@pytest.fixture
def post_office() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def locked_office(authority: trustme.CA) -> Iterator[MailServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with mail_server(context) as server:
        yield server


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))


def webhook(url: str, **more: Any) -> Sink:
    choice = WebhookSink(name="slack", kind="webhook", url_env="HOOK", **more)
    return sink_of(choice, {"HOOK": url})


def mail(port: int, environment: dict[str, str] | None = None, **more: Any) -> Sink:
    given = {"tls": "none", "to": ("ml@example.com",), **more}
    choice = EmailSink(
        name="mail", kind="email", host="127.0.0.1", port=port, sender="w@example.com", **given
    )
    return sink_of(choice, environment or {})


def wording(sink: Sink, *messages: Message, **more: Any) -> tuple[Delivery, ...]:
    waits = more.pop("waits", [])
    return deliver({sink.name: messages or (MESSAGE,)}, [sink], sleep=waits.append, **more)


def received(office: MailServer) -> EmailMessage:
    (envelope,) = office.envelopes
    content = envelope.content
    assert isinstance(content, bytes)
    parsed = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


# The file of JSON lines.


def test_a_file_gets_a_line_for_each_message(tmp_path: Path) -> None:
    path = tmp_path / "new" / "messages.jsonl"
    sink = sink_of(FileSink(name="log", kind="file", path=str(path)), {})
    found = wording(sink, MESSAGE, replace(SECOND, title=EVIL))
    assert [delivery.status for delivery in found] == ["sent", "sent"]
    first, second = map(json.loads, path.read_text(encoding="utf-8").split("\n")[:-1])
    assert first.items() > {"message_id": "m1", "query": "SELECT 1", "severity": "fail"}.items()
    assert second["title"] == one_line(EVIL)


def test_a_torn_line_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    path.write_text('{"message_id": "torn')
    wording(sink_of(FileSink(name="log", kind="file", path=str(path)), {}))
    torn, whole = path.read_text(encoding="utf-8").splitlines()
    assert torn == '{"message_id": "torn'
    assert json.loads(whole)["message_id"] == "m1"


def test_a_file_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (delivery,) = wording(sink_of(FileSink(name="log", kind="file", path=str(tmp_path)), {}))
    assert delivery.status == "failed"
    assert delivery.error == "the file cannot be written: Is a directory"


# The webhook.


def test_a_busy_server_is_tried_again_after_longer_and_longer(slack: WebhookServer) -> None:
    waits: list[float] = []
    slack.answers = [(503, "", {}), (500, "rollup_error", {}), OK]
    assert wording(webhook(slack.url), waits=waits) == (Delivery("m1", "slack", "sent"),)
    assert waits == [1.0, 2.0]


def test_a_server_that_asks_for_patience_gets_it(slack: WebhookServer) -> None:
    waits: list[float] = []
    slack.answers = [(429, "rate_limited", {"Retry-After": "7"}), OK]
    wording(webhook(slack.url), waits=waits)
    assert waits == [7.0]


def test_a_sink_that_stays_down_is_left_alone_after_its_first_message(
    slack: WebhookServer,
) -> None:
    slack.answers = [(503, "", {})]
    found = wording(webhook(slack.url), MESSAGE, SECOND)
    assert found == (Delivery("m1", "slack", "failed", "the server answered 503"),)
    assert len(slack.bodies) == 3


def test_a_message_that_a_server_rejects_keeps_back_no_other(slack: WebhookServer) -> None:
    slack.answers = [(400, "invalid_payload", {}), OK]
    found = wording(webhook(slack.url), MESSAGE, SECOND)
    assert [delivery.status for delivery in found] == ["rejected", "sent"]
    assert found[0].error == "the server answered 400 invalid_payload"


def test_a_webhook_that_is_gone_is_tried_again_by_the_next_run(slack: WebhookServer) -> None:
    slack.answers = [(404, "no_service", {})]
    (delivery,) = wording(webhook(slack.url))
    assert (delivery.status, delivery.error) == ("failed", "the server answered 404 no_service")


def test_a_redirect_is_not_followed(slack: WebhookServer) -> None:
    slack.answers = [(302, "", {"Location": slack.url}), OK]
    (delivery,) = wording(webhook(slack.url))
    assert delivery.error == "the server answered 302"


def test_a_server_that_answers_too_late_is_given_up(slack: WebhookServer) -> None:
    slack.slow = threading.Event()
    (delivery,) = wording(webhook(slack.url, timeout_seconds=1), seconds=0.05)
    slack.slow.set()
    assert (delivery.status, delivery.error) == ("failed", "the sink took too long")


SECRET = "hooks.example/T0SECRET"


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("", "the environment variable HOOK is not set"),
        (f"ftp://{SECRET}", "the value of HOOK is not an http or https URL"),
        (f"http://user:{SECRET}", "the URL cannot be posted to"),
        (f"http://[{SECRET}", "the value of HOOK is not an http or https URL"),
        (f"http://127.0.0.1:1/{SECRET}", "the server cannot be reached: "),
        ("http://127.0.0.1:1/a b\x7f SECRET", "the URL cannot be posted to"),
    ],
)
def test_no_error_and_no_log_shows_the_secret(
    url: str, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        (delivery,) = wording(webhook(url))
    assert delivery.error is not None
    assert delivery.error.startswith(error)
    assert "SECRET" not in f"{delivery}{caplog.text}"
    assert delivery.error in caplog.text


def test_the_words_of_a_server_that_may_repeat_the_secret_are_not_reported(
    slack: WebhookServer,
) -> None:
    slack.answers = [(404, "no route to /services/T0SECRET", {})]
    (delivery,) = wording(webhook(slack.url))
    assert delivery.error == "the server answered 404"


# Mail.


def test_a_mail_arrives_with_subject_text_and_query(post_office: MailServer) -> None:
    assert wording(mail(post_office.port)) == (Delivery("m1", "mail", "sent"),)
    found = received(post_office)
    assert found["Subject"] == MESSAGE.title
    assert found["To"] == "ml@example.com"
    assert found["Message-ID"] == "<m1@modelwatch>"
    assert found.get_content().splitlines() == [
        *MESSAGE.body.splitlines(),
        "",
        "failing · incident i1",
        "",
        "modelwatch incidents CONFIG show i1",
        "modelwatch incidents CONFIG acknowledge i1",
        "modelwatch incidents CONFIG mute i1 --until DAY",
        "",
        "SELECT 1",
    ]


def test_what_comes_from_data_adds_no_header_and_no_recipient(post_office: MailServer) -> None:
    (delivery,) = wording(
        mail(post_office.port), replace(MESSAGE, title=EVIL, body=EVIL, query=EVIL)
    )
    assert delivery.status == "sent"
    found = received(post_office)
    assert found["Bcc"] is None
    assert "Bcc: all@example.com" in found["Subject"]
    assert post_office.envelopes[0].rcpt_tos == ["ml@example.com"]
    assert "\x1b" not in found.get_content()


def test_a_password_goes_over_an_encrypted_line(locked_office: MailServer, trusted: None) -> None:
    login = {"user_env": "USER_NAME", "password_env": "PASSWORD", "tls": "starttls"}
    environment = {"USER_NAME": "me", "PASSWORD": "right\n"}
    assert wording(mail(locked_office.port, environment, **login))[0].status == "sent"
    assert locked_office.logins == [(b"me", b"right")]


def test_a_wrong_password_is_reported_without_it(locked_office: MailServer, trusted: None) -> None:
    login = {"user_env": "USER_NAME", "password_env": "PASSWORD", "tls": "starttls"}
    environment = {"USER_NAME": "me", "PASSWORD": "SECRET"}
    (delivery,) = wording(mail(locked_office.port, environment, **login))
    assert delivery.error == "the server refused the login: 535"


def test_a_server_that_nobody_vouches_for_gets_no_password(locked_office: MailServer) -> None:
    login = {"user_env": "USER_NAME", "password_env": "PASSWORD", "tls": "starttls"}
    environment = {"USER_NAME": "me", "PASSWORD": "right"}
    (delivery,) = wording(mail(locked_office.port, environment, **login))
    assert delivery.error == "the server's certificate or encryption is not trusted"
    assert locked_office.logins == []


def test_a_server_without_encryption_gets_no_mail_that_must_be_encrypted(
    post_office: MailServer,
) -> None:
    (delivery,) = wording(mail(post_office.port, tls="starttls"))
    assert delivery.error is not None
    assert "does not support" in delivery.error
    assert post_office.envelopes == []


def test_an_address_that_is_refused_keeps_the_mail_from_no_other(post_office: MailServer) -> None:
    post_office.refused = {"gone@example.com": "550 no such user"}
    (delivery,) = wording(mail(post_office.port, to=("gone@example.com", "ml@example.com")))
    assert delivery == Delivery("m1", "mail", "sent", "refused for 1 of 2 addresses")
    assert post_office.envelopes[0].rcpt_tos == ["ml@example.com"]


def test_a_mail_that_is_refused_for_all_is_tried_again_by_the_next_run(
    post_office: MailServer,
) -> None:
    post_office.refused = {"ml@example.com": "550 no such user"}
    (delivery,) = wording(mail(post_office.port))
    assert (delivery.status, delivery.error) == ("failed", "the server refused every address: 550")


@pytest.mark.parametrize(
    ("answer", "status", "waits"), [("451 later", "failed", 2), ("554 spam", "rejected", 0)]
)
def test_a_server_that_says_later_is_believed_and_one_that_says_never_too(
    post_office: MailServer, answer: str, status: str, waits: int
) -> None:
    post_office.answer, waited = answer, []
    (delivery,) = wording(mail(post_office.port), waits=waited)
    assert (delivery.status, len(waited)) == (status, waits)


def test_a_mail_server_that_is_down_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    (delivery,) = wording(mail(free_port()))
    assert delivery.error == "the server cannot be reached: ConnectionRefusedError"
    assert "message m1 to mail failed" in caplog.text


# All of them.


def test_a_sink_that_is_down_keeps_back_no_other(slack: WebhookServer) -> None:
    down, up = mail(free_port()), webhook(slack.url)
    messages = {"mail": [MESSAGE], "slack": [MESSAGE], "nobody": [MESSAGE]}
    found = deliver(messages, [down, up], sleep=lambda _: None)
    assert {(delivery.sink, delivery.status) for delivery in found} == {
        ("mail", "failed"),
        ("slack", "sent"),
    }


def test_a_sink_that_breaks_unexpectedly_fails_no_run() -> None:
    class Broken:
        name = "broken"

        def send(self, message: Message) -> None:
            raise KeyError("SECRET")

    assert wording(Broken()) == (Delivery("m1", "broken", "failed", "KeyError"),)


def test_the_same_events_are_the_same_message() -> None:
    assert message_id("flights", "e1", "e2") == message_id("flights", "e1", "e2")
    assert message_id("flights", "e1", "e2") != message_id("flights", "e1e2")
