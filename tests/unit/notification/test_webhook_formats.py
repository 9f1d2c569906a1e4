"""Each service gets bodies that fit its documented schema, over real HTTP on the loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from loopback import OK, WebhookServer, webhook_server
from modelwatch.io.session.packaged_files import packaged_path
from modelwatch.io.sinks.body_pagerduty import dedup_key
from modelwatch.io.sinks.body_slack import LONGEST_HEADER, LONGEST_TEXT
from modelwatch.io.sinks.delivery import Delivery, deliver, sink_of
from modelwatch.io.sinks.sink import Sink
from modelwatch.model.notification.message import Bar, Details, Message, MessageLine, Part
from modelwatch.model.notification.message_links import MessageLinks
from modelwatch.model.notification.sinks import FileSink, WebhookSink

SCHEMAS = Path(__file__).parents[2] / "fixtures" / "webhooks"
MOST_BYTES = {"slack": 10**6, "teams": 28_000, "pagerduty": 512_000, "json": 10**6}
FIRST = date(2013, 2, 1)
KEY = "0123456789abcdef0123456789ABCDEF"
MESSAGE = Message(
    message_id="m1",
    monitor="flights",
    event="opened",
    incident_id="3f2a",
    severity="fail",
    title="flights: new incident: temperature: values that are missing",
    body="temperature of the inputs: half of the values are null since 2013-02-08.",
    query="SELECT *\nFROM drift_current",
    details=Details(
        area="data",
        onset=date(2013, 2, 8),
        window="day",
        rank=1,
        series=tuple(
            Bar(FIRST + timedelta(days=n), effect)
            for n, effect in enumerate((0.0, 0.3, None, 0.9, 1.2, 8.0))
        ),
    ),
)
SERVED = MessageLinks(
    "conf/my flights.yaml", "https://reports.example.com/f", None, date(2013, 2, 20)
)
EVIL = "<!channel> <https://evil|here> & *b* _i_ [x](https://evil) {{DATE(2013)}} ```\r\n\x1b\ud800"


def digest(lines: int, text: str = "amount of the inputs: over on 2013-02-10") -> Message:
    changed = tuple(MessageLine(f"{n} {text}", f"i{n}", ("closed",)) for n in range(lines))
    standing = tuple(MessageLine(f"{n}. {text}", f"i{n}") for n in range(lines))
    parts = (Part("What else changed", changed), Part(f"Open incidents ({lines})", standing))
    return replace(
        MESSAGE, event="digest", incident_id=None, query=None, details=Details(parts=parts)
    )


def schema_of(format: str) -> dict[str, Any]:
    path = packaged_path("message") if format == "json" else SCHEMAS / f"{format}.json"
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[WebhookServer]:
    with webhook_server() as running:
        yield running


def sink(server: WebhookServer, format: str, message_links: MessageLinks = SERVED) -> Sink:
    """A sink of a format, and the server made one that takes this format only."""
    server.schema, server.most_bytes = schema_of(format), MOST_BYTES[format]
    accepted = {"pagerduty": (202, '{"status":"success","dedup_key":"k"}', {})}
    server.answers = [{"teams": (202, "", {}), **accepted}.get(format, OK)]
    key = {"routing_key_env": "KEY"} if format == "pagerduty" else {}
    choice = WebhookSink(name="hook", kind="webhook", format=format, url_env="HOOK", **key)  # type: ignore[arg-type]
    return sink_of(choice, {"HOOK": server.url, "KEY": KEY}, message_links)


def sent(to: Sink, *messages: Message, waits: list[float] | None = None) -> tuple[Delivery, ...]:
    waited = [] if waits is None else waits
    return deliver({to.name: messages}, [to], sleep=waited.append)


FORMATS = pytest.mark.parametrize("format", MOST_BYTES)


@FORMATS
@pytest.mark.parametrize(
    "message",
    [
        MESSAGE,
        replace(MESSAGE, event="closed", details=replace(MESSAGE.details, rank=None)),
        replace(MESSAGE, details=Details(), query=None),
        replace(MESSAGE, title=EVIL, body=EVIL, query=EVIL),
        replace(MESSAGE, title="é" * 5000, body="& é\n" * 5000, query="<" * 5000),
        digest(1),
        digest(200, "é&" * 290),
        digest(20, EVIL),
    ],
    ids=["open", "closed", "bare", "hostile", "long", "digest", "long digest", "hostile digest"],
)
@pytest.mark.parametrize(
    "message_links",
    [SERVED, MessageLinks(), MessageLinks("c.yaml", "/var/report", frozenset({"index.html"}))],
    ids=["served", "nowhere", "folder"],
)
def test_a_service_takes_every_message(
    server: WebhookServer, format: str, message: Message, message_links: MessageLinks
) -> None:
    found = sent(sink(server, format, message_links), message)
    assert server.refused == []
    assert found == (Delivery("m1", "hook", "sent"),)


@FORMATS
def test_a_message_leads_to_its_page_and_offers_commands(
    server: WebhookServer, format: str
) -> None:
    sent(sink(server, format), MESSAGE)
    text = json.dumps(server.bodies, ensure_ascii=False)
    assert "https://reports.example.com/f/incident-3f2a.html" in text
    assert "half of the values are null" in text
    assert "▁▁·▁▂█" in text
    assert "modelwatch incidents 'conf/my flights.yaml' acknowledge 3f2a" in text
    assert "mute 3f2a --until 2013-02-20" in text


@pytest.mark.parametrize("format", ["slack", "teams", "json"])
def test_a_digest_is_cut_with_a_count_of_the_rest(server: WebhookServer, format: str) -> None:
    sent(sink(server, format), digest(120))
    text = json.dumps(server.bodies)
    assert ("and 100 more" in text) != (format == "json")
    assert '"more": 0' in text or format != "json"


@pytest.mark.parametrize("format", ["slack", "teams"])
def test_a_digest_of_long_lines_says_how_many_are_left_out(
    server: WebhookServer, format: str
) -> None:
    sent(sink(server, format), digest(20, "é" * 500))
    texts = [text for text in texts_of(server.bodies[0]) if "and " in text and " more" in text]
    counted = [int(text.rpartition("and ")[2].split()[0]) for text in texts]
    shown = sum(text.count("• ") for text in texts_of(server.bodies[0]))
    assert shown + sum(counted) == 40


def texts_of(value: Any) -> list[str]:
    """All texts of a body that a person reads."""
    if isinstance(value, dict):
        found = [text for each in value.values() for text in texts_of(each)]
        return [*found, value["text"]] if isinstance(value.get("text"), str) else found
    return [text for each in value for text in texts_of(each)] if isinstance(value, list) else []


# Slack.


def test_slack_gets_a_headline_a_sentence_and_blocks_of_code(server: WebhookServer) -> None:
    sent(sink(server, "slack"), MESSAGE)
    (body,) = server.bodies
    assert body["text"].startswith(f"{MESSAGE.title}\n")
    header, *sections = (block["text"]["text"] for block in body["blocks"])
    assert header == MESSAGE.title
    assert sections == [
        MESSAGE.body,
        "`▁▁·▁▂█`  6 days to 2013-02-06, at most 8 times the threshold",
        "failing since 2013-02-08 · rank 1 of the open incidents · incident 3f2a",
        "<https://reports.example.com/f/incident-3f2a.html|Open the incident>",
        "```modelwatch incidents 'conf/my flights.yaml' show 3f2a\n"
        "modelwatch incidents 'conf/my flights.yaml' acknowledge 3f2a\n"
        "modelwatch incidents 'conf/my flights.yaml' mute 3f2a --until 2013-02-20```",
        "```SELECT *\nFROM drift_current```",
    ]


def test_slack_sees_no_mention_no_link_and_no_end_of_code_in_what_data_hold(
    server: WebhookServer,
) -> None:
    sent(sink(server, "slack", MessageLinks()), replace(MESSAGE, title=EVIL, body=EVIL, query=EVIL))
    (body,) = server.bodies
    for text in texts_of(body):
        assert not {"<", ">", "\x1b", "\ud800", "\r"} & set(text)
    assert "&lt;!channel&gt;" in body["text"]
    assert body["blocks"][-1]["text"]["text"].count("```") == 2


def test_no_text_of_slack_ends_within_an_escape(server: WebhookServer) -> None:
    long = replace(MESSAGE, title="&" * 400, body="&" * 4000, query="<" * 4000)
    sent(sink(server, "slack", MessageLinks()), long)
    header, body, *_, query = (block["text"]["text"] for block in server.bodies[0]["blocks"])
    assert len(header) <= LONGEST_HEADER
    for text in (header, body, query):
        assert len(text) <= LONGEST_TEXT
        assert text.removesuffix("```").endswith(";…")


# Microsoft Teams.


def test_teams_reads_no_markdown_in_what_data_hold(server: WebhookServer) -> None:
    sent(sink(server, "teams"), replace(MESSAGE, title=EVIL, body=EVIL, query=EVIL))
    card = server.bodies[0]["attachments"][0]["content"]
    # Text blocks and facts would read it; runs of a rich text block do not.
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert not [text for text in texts_of(card["body"]) if "{{" in text]
    assert card["actions"] == [
        {
            "type": "Action.OpenUrl",
            "title": "Open the incident",
            "url": "https://reports.example.com/f/incident-3f2a.html",
        }
    ]


def test_a_folder_is_named_and_not_linked(server: WebhookServer) -> None:
    place = MessageLinks("c.yaml", "/var/report")
    sent(sink(server, "teams", place), MESSAGE)
    card = server.bodies[0]["attachments"][0]["content"]
    assert "Report: /var/report/incident-3f2a.html" in texts_of(card)
    assert "actions" not in card


def test_a_workflow_that_is_switched_off_loses_no_message(server: WebhookServer) -> None:
    to = sink(server, "teams")
    server.answers = [(400, '{"error":{"code":"WorkflowTriggerIsNotEnabled"}}', {})]
    (delivery,) = sent(to, MESSAGE)
    assert (delivery.status, delivery.error) == ("failed", "the server answered 400")


# PagerDuty.


def test_an_alert_is_triggered_acknowledged_and_resolved_by_one_key(
    server: WebhookServer,
) -> None:
    changed = Part(
        "What else changed", (MessageLine("amount: acknowledged", "3f2a", ("acknowledged",)),)
    )
    said = replace(digest(0), message_id="m2", details=Details(parts=(changed,)))
    over = replace(MESSAGE, message_id="m3", event="closed")
    sent(sink(server, "pagerduty"), MESSAGE, said, over)
    assert server.refused == []
    assert [body["event_action"] for body in server.bodies] == ["trigger", "acknowledge", "resolve"]
    assert {body["dedup_key"] for body in server.bodies} == {"modelwatch/flights/3f2a"}
    assert len(dedup_key("m" * 100, "f" * 64)) <= 255


@pytest.mark.parametrize(
    ("events", "action"),
    [
        (("acknowledged",), "acknowledge"),
        (("muted",), "acknowledge"),
        (("acknowledged", "false_alarm"), "resolve"),
        (("withdrawn",), "resolve"),
        (("worsened",), None),
        ((), None),
    ],
)
def test_a_digest_triggers_nothing_and_passes_on_what_people_decided(
    server: WebhookServer, events: tuple[str, ...], action: str | None
) -> None:
    part = Part("What else changed", (MessageLine("amount", "3f2a", events),))
    wording = replace(digest(0), details=Details(parts=(part,)))
    assert sent(sink(server, "pagerduty"), wording) == (Delivery("m1", "hook", "sent"),)
    assert [body["event_action"] for body in server.bodies] == ([action] if action else [])


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        ({}, "error"),
        ({"severity": "warn"}, "warning"),
        ({"event": "child_added"}, "critical"),
        ({"details": Details(area="performance")}, "critical"),
        ({"details": Details(area="performance"), "severity": "warn"}, "warning"),
    ],
)
def test_a_severity_is_one_of_pagerdutys(
    server: WebhookServer, changes: dict[str, Any], severity: str
) -> None:
    sent(sink(server, "pagerduty"), replace(MESSAGE, **changes))
    assert server.bodies[0]["payload"]["severity"] == severity


@pytest.mark.parametrize("key", ["", "short", "https://events.pagerduty.com"])
def test_a_key_that_is_none_is_reported_without_it(server: WebhookServer, key: str) -> None:
    choice = WebhookSink(name="pd", kind="webhook", format="pagerduty", routing_key_env="KEY")
    (delivery,) = sent(sink_of(choice, {"KEY": key}), MESSAGE)
    assert delivery.status == "failed"
    assert delivery.error is not None
    assert "KEY" in delivery.error
    assert not key or key not in delivery.error


def test_a_key_that_pagerduty_does_not_know_loses_no_message(server: WebhookServer) -> None:
    to = sink(server, "pagerduty")
    server.answers = [(400, '{"status":"invalid event","errors":["Invalid routing key"]}', {})]
    (delivery,) = sent(to, MESSAGE)
    assert delivery.status == "failed"


def test_an_event_that_pagerduty_refuses_keeps_back_no_other(server: WebhookServer) -> None:
    to = sink(server, "pagerduty")
    answer = '{"status":"invalid event","errors":["summary is missing"]}'
    server.answers = [(400, answer, {}), (202, "{}", {})]
    found = sent(to, MESSAGE, replace(MESSAGE, message_id="m2"))
    assert [delivery.status for delivery in found] == ["rejected", "sent"]


@FORMATS
def test_a_service_that_asks_for_patience_gets_it(server: WebhookServer, format: str) -> None:
    waits: list[float] = []
    to = sink(server, format)
    server.answers = [(429, "", {"Retry-After": "5"}), (202, "", {})]
    assert sent(to, MESSAGE, waits=waits) == (Delivery("m1", "hook", "sent"),)
    assert waits == [5.0]


# JSON.


def test_a_line_of_a_file_has_the_documented_schema_too(tmp_path: Path) -> None:
    to = sink_of(FileSink(name="log", kind="file", path=str(tmp_path / "log")), {}, SERVED)
    sent(to, MESSAGE, digest(3))
    schema = schema_of("json")
    Draft202012Validator.check_schema(schema)
    for line in (tmp_path / "log").read_text(encoding="utf-8").splitlines():
        written = json.loads(line)
        Draft202012Validator(schema).validate(written)
        assert written["at"]


def test_every_key_of_the_schema_says_what_it_means() -> None:
    schema = schema_of("json")
    assert set(schema["required"]) == set(schema["properties"]) - {"at"}
    assert all("description" in each for each in schema["properties"].values())


def test_the_documentation_shows_the_schema_of_the_package() -> None:
    page = Path(__file__).parents[3] / "docs" / "guides" / "notifications.md"
    shown = page.read_text(encoding="utf-8").partition("```json\n")[2].partition("```")[0]
    assert json.loads(shown) == schema_of("json")
