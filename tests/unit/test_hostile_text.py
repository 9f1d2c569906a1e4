"""Whatever data and configuration hold, it stays text: in messages, queries, logs and errors."""

from __future__ import annotations

import email
import email.policy
import json
import unicodedata
from dataclasses import replace
from datetime import date
from email.message import EmailMessage
from pathlib import Path

import pytest
import yaml

from hostile import HOSTILE
from modelwatch import cli
from modelwatch.io.delta.addresses import name_parts, output_place, quoted
from modelwatch.io.sinks.body_pagerduty import LONGEST_SUMMARY, pagerduty_bodies
from modelwatch.io.sinks.body_slack import LONGEST_TEXT, slack_body
from modelwatch.io.sinks.body_teams import MOST_CARD_BYTES, teams_body
from modelwatch.io.sinks.delivery import sink_of
from modelwatch.io.sinks.json_messages import json_body
from modelwatch.io.sinks.mail import Mail
from modelwatch.model.config.configuration import ConfigurationError, parse_config
from modelwatch.model.incidents.evidence_query import evidence_query
from modelwatch.model.incidents.incident import Event
from modelwatch.model.incidents.narrative import LONGEST_SENTENCE, narratives, sentence_of
from modelwatch.model.notification.incident_messages import messages
from modelwatch.model.notification.message import Message
from modelwatch.model.notification.message_links import MessageLinks
from modelwatch.model.notification.sinks import FileSink
from modelwatch.model.sources.tables import OutputAddress
from modelwatch.pipelines.runs.queries import MAX_WIDTH, statements, table_text
from modelwatch.stats.states.binning import LONGEST_VALUE, fit_categorical
from modelwatch.stats.states.categorical import LONGEST_EXAMPLE, example_of
from modelwatch.stats.states.distinct import hash_of_text
from verdict_rows import fold, on, only

ANY = pytest.mark.parametrize("text", [pytest.param(t, id=n) for n, t in HOSTILE.items()])
GOOD = {
    "monitor": "m",
    "output": {"path": "out"},
    "inputs": {"table": {"path": "in"}, "day": {"column": "day"}},
    "references": [{"name": "start", "days": "2013-01-01..2013-01-31"}],
}


def harmless(line: str) -> bool:
    """Whether a terminal shows it as one line of text, in the order in which it is written."""
    return not any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs") for c in line)


# Errors of the configuration.


@ANY
@pytest.mark.parametrize("place", ["key", "monitor", "time_zone", "window", "kind", "name"])
def test_an_error_shows_any_text_on_one_short_line(text: str, place: str) -> None:
    config = {
        "key": {**GOOD, text: 1},
        "monitor": {**GOOD, "monitor": text},
        "time_zone": {**GOOD, "time_zone": text},
        "window": {**GOOD, "windows": [text]},
        "kind": {**GOOD, "constraints": [{"name": "c", "kind": text}]},
        "name": {**GOOD, "segments": [{"name": f"{text}/", "columns": "x"}]},
    }[place]
    with pytest.raises(ConfigurationError) as raised:
        parse_config(json.dumps(config), "m.yaml")
    lines = str(raised.value).split("\n")
    assert len(lines) == len(raised.value.problems)
    assert all(harmless(line) for line in lines), lines
    assert max(map(len, lines)) < 1000


@ANY
def test_a_value_of_the_configuration_is_that_value_or_is_refused(text: str) -> None:
    config = {
        **GOOD,
        "features": {"exclude": [text]},
        "constraints": [{"name": "c", "kind": "domain", "column": "x", "values": [text]}],
    }
    for written in (json.dumps(config), yaml.safe_dump(config, allow_unicode=True)):
        try:
            read = parse_config(written)
        except ConfigurationError as error:
            assert error.problems
            continue
        assert read.features.exclude == (text,)
        assert read.constraints[0].values == (text,)  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["../up", "a/b", "a\\b", "..", ".", "a\0b", "~", "", "x" * 101])
def test_no_name_of_a_monitor_leads_out_of_a_folder(name: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_config(json.dumps({**GOOD, "monitor": name}))


def test_a_failing_command_prints_no_control_characters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(json.dumps({**GOOD, HOSTILE["terminal"]: HOSTILE["right to left"]}))
    assert cli.main(["run", str(path)]) == 2
    assert harmless(capsys.readouterr().err.rstrip("\n"))


# Queries.


@ANY
def test_a_name_is_one_identifier(text: str) -> None:
    assert name_parts(quoted(text)) == [text]
    place = output_place(OutputAddress(path="/results"), "runs")
    assert place.identifier == "delta.`/results/runs`"


@ANY
def test_the_query_of_an_incident_is_one_statement_that_only_reads(text: str) -> None:
    incident = only(fold(on((5, 6), segmentation="s", segment=text, subject=text)))
    query = evidence_query(incident, "shop")
    (statement,), rest = statements(f"{query};")
    assert (statement, rest) == (query, "")
    # Out of strings nothing of the text is left.
    bare = _without_strings(query)
    assert bare.startswith("SELECT window_start, statistic, value")
    assert not set(bare) & set("\\;`$<\n\0{-/*"), bare
    assert bare.count("''") == query.count(" = '") + query.count("IN ('") + query.count("DATE '")


def _without_strings(query: str) -> str:
    """A statement with its strings emptied, as Spark reads them: a backslash escapes."""
    bare, inside, escaped = "", False, False
    for character in query:
        if inside and escaped:
            escaped = False
        elif inside and character == "\\":
            escaped = True
        elif character == "'":
            inside = not inside
            bare += character
        elif not inside:
            bare += character
    assert not inside
    return bare


# Messages.


@ANY
def test_a_sentence_is_one_line_of_bounded_length(text: str) -> None:
    incident = only(fold(on((5, 6), segmentation="s", segment=text, subject=text)))
    evil = replace(incident, evidence=text, kind="unseen_categories", confidence=0.9)
    sentence = sentence_of(evil)
    assert harmless(sentence)
    assert len(sentence) <= LONGEST_SENTENCE


def messages_of(text: str) -> tuple[Message, ...]:
    folded = fold(on((5, 6), segmentation="s", segment=text, subject=text))
    incidents = tuple(narratives(one, "shop") for one in folded.incidents)
    said = Event(
        incidents[0].id, "acknowledged", date(2020, 1, 12), detail=text, is_reported=False, by=text
    )
    return messages((*folded.events, said), incidents, "shop", date(2020, 1, 13))


@ANY
def test_a_post_has_no_mention_no_link_and_a_bounded_length(text: str) -> None:
    for message in messages_of(text):
        body = slack_body(message, MessageLinks())
        json.dumps(body).encode("ascii")
        for shown in (body["text"], *(block["text"]["text"] for block in body["blocks"])):
            assert "<" not in shown.replace("```", "")
            assert all(harmless(line) for line in shown.split("\n")), shown
            assert len(shown) <= LONGEST_TEXT + 10


@ANY
def test_a_card_has_harmless_lines_and_a_bounded_size(text: str) -> None:
    for message in messages_of(text):
        body = teams_body(message, MessageLinks("c.yaml", "https://reports.example.com"))
        assert len(json.dumps(body)) <= MOST_CARD_BYTES + 500
        (attachment,) = body["attachments"]
        for block in attachment["content"]["body"]:
            assert block["type"] == "RichTextBlock"
            assert all(harmless(run["text"]) for run in block["inlines"]), block
            assert "{{" not in block["inlines"][0]["text"]


@ANY
def test_an_event_has_a_harmless_summary_of_bounded_length(text: str) -> None:
    for message in messages_of(text):
        for body in pagerduty_bodies(message, MessageLinks(), "k" * 32):
            json.dumps(body, allow_nan=False).encode("ascii")
            summary = body.get("payload", {}).get("summary", "")
            assert harmless(summary)
            assert len(summary) <= LONGEST_SUMMARY


@ANY
def test_json_has_no_character_that_a_parser_refuses(text: str) -> None:
    for message in messages_of(text):
        sent = json.dumps(json_body(message, MessageLinks()), allow_nan=False)
        json.loads(sent.encode("ascii"))
        assert not set(json.loads(sent)["title"]) & set("\x00\x1b\ud800\u202e")


@ANY
def test_a_mail_has_the_headers_that_were_meant(text: str) -> None:
    sink = Mail("m", "h", 25, "w@example.com", ("ml@example.com",), {}, None, None, "none", 1.0)
    for message in messages_of(text):
        mail = sink._mail(message)
        parsed = email.message_from_bytes(mail.as_bytes(), policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        assert set(parsed.keys()) == set(mail.keys())
        assert parsed["To"] == "ml@example.com"
        assert harmless(str(parsed["Subject"]))
        assert len(str(parsed["Subject"])) <= 210


@ANY
def test_a_line_of_json_is_one_line(text: str, tmp_path: Path) -> None:
    sink = sink_of(FileSink(name="log", kind="file", path=str(tmp_path / "log")), {})
    found = messages_of(text)
    for message in found:
        sink.send(message)
    written = (tmp_path / "log").read_bytes().decode("ascii").split("\n")
    assert len(written) == len(found) + 1
    assert [json.loads(line)["message_id"] for line in written[:-1]] == [
        message.message_id for message in found
    ]


@ANY
def test_a_table_in_a_terminal_keeps_its_lines_and_width(text: str) -> None:
    lines = table_text([text, "b"], [[text, 1], ["x", 2]]).rstrip("\n").split("\n")
    assert len(lines) == 4
    assert all(harmless(line) for line in lines), lines
    assert max(map(len, lines)) <= MAX_WIDTH + 10


# What is kept of values.


def test_a_value_of_a_megabyte_gets_no_bin_and_no_segment_of_its_own() -> None:
    values = {HOSTILE["long"]: 100, "short": 1, "x" * LONGEST_VALUE: 2}
    binning = fit_categorical(values, {value: hash_of_text(value) for value in values})
    assert binning.values == ("short", "x" * LONGEST_VALUE)
    assert binning.known_hashes is not None
    assert binning.known_hashes.tolist() == [hash_of_text(HOSTILE["long"])]


def test_an_unseen_value_of_a_megabyte_is_kept_by_its_beginning_and_a_fingerprint() -> None:
    kept = {example_of(HOSTILE["long"]), example_of(HOSTILE["long"] + "!")}
    assert len(kept) == 2
    assert max(map(len, kept)) < LONGEST_EXAMPLE + 60
    assert example_of("short") == "short"
