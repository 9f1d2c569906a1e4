"""The messages of a run: one for each incident that changed, and a digest that a person reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from modelwatch.model.incidents.folding import Folded
from modelwatch.model.incidents.incident import Event, Incident
from modelwatch.model.incidents.narrative import narratives
from modelwatch.model.notification.incident_messages import messages
from modelwatch.model.notification.message import SHOWN_LINES, Bar, details_of, details_text
from verdict_rows import day, fold, on, only, roots, row, windows


def incidents_of(folded: Folded) -> tuple[Incident, ...]:
    return tuple(narratives(one, "shop") for one in folded.incidents)


def test_an_incident_that_opens_is_one_message() -> None:
    folded = fold([*on(range(5, 10)), *on((6, 7), subject="price")], 10)
    (message,) = messages(folded.events, incidents_of(folded), "shop", day(10))
    incident = only(folded)
    assert (message.event, message.incident_id) == ("opened", incident.id)
    assert message.title == "shop: new incident: amount"
    assert message.body.splitlines()[0].startswith(
        "`amount` differs from reference `start` (population stability index "
    )
    assert message.query is not None


def test_the_same_change_has_the_same_message_id() -> None:
    folded = fold(on(range(5, 10)), 10)
    first = messages(folded.events, incidents_of(folded), "shop", day(10))
    again = messages(folded.events, incidents_of(folded), "shop", day(11))
    assert [one.message_id for one in first] == [one.message_id for one in again]


def test_what_is_not_reported_is_a_line_of_one_digest() -> None:
    rows = [*on((5, 6)), *on((25, 26), subject="price"), *on(range(36, 40), subject="late")]
    folded = fold(rows, 40)
    opened, digest = messages(folded.events, incidents_of(folded), "shop", day(40))
    assert (opened.event, digest.event, digest.incident_id) == ("opened", "digest", None)
    assert digest.title == "shop: 2 updates, 1 open incident, as of 2020-02-15"
    assert "- amount: opened on 2020-01-12; closed on " in digest.body
    assert "Open incidents (1)\n- 1. `late` differs " in digest.body


def test_a_digest_says_in_words_what_happened_and_who_said_so() -> None:
    folded = fold(on(range(5, 10)), 10)
    incident = only(folded)

    def event(name: str, detail: str = "", by: str | None = None) -> Event:
        return Event(incident.id, name, day(9), detail, False, by)  # type: ignore[arg-type]

    events = [
        event("child_added", "price, distance"),
        event("worsened", "4.2 times its threshold"),
        event("acknowledged", "", "Ann"),
        event("muted", "until 2020-02-01"),
    ]
    (digest,) = messages(events, incidents_of(folded), "shop", day(10))
    assert (
        "- amount: now also affects price, distance; got worse on 2020-01-15: 4.2 "
        "times its threshold; acknowledged by Ann; muted until 2020-02-01\n"
    ) in digest.body
    (changed, _) = digest.details.parts
    assert changed.lines[0].incident_id == incident.id
    assert changed.lines[0].events == ("child_added", "worsened", "acknowledged", "muted")


def test_no_digest_shows_a_name_of_the_tables() -> None:
    folded = fold([row(5, 3.0), row(6, 3.0)], 8)
    quiet = tuple(replace(event, is_reported=False) for event in folded.events)
    (digest,) = messages(quiet, incidents_of(folded), "shop", day(8))
    assert "_" not in digest.title + digest.body
    assert "windows failed" not in digest.body


def test_a_long_digest_shows_the_first_lines_and_counts_the_rest() -> None:
    rows = [r for n in range(SHOWN_LINES + 5) for r in on((5, 6), 3.0, subject=f"s{n}")]
    one = only(fold(on((5, 6)), 8))
    many = [replace(one, id=f"i{n}", subject=f"s{n}", rank=n + 1) for n in range(len(rows) // 2)]
    events = [Event(each.id, "closed", day(8), "", False) for each in many]
    (digest,) = messages(events, many, "shop", day(8))
    assert digest.title.startswith("shop: 25 updates, ")
    assert "- and 5 more" in digest.body
    assert len(digest.details.parts[0].lines) == 25


def test_incidents_of_the_past_are_reported_with_their_days() -> None:
    folded = fold(on((5, 6)), 40)
    past = only(folded)
    (digest,) = messages(folded.events, incidents_of(folded), "shop", day(40), [past])
    assert digest.title == "shop: 1 past incident, no open incidents, as of 2020-02-15"
    assert f"Past incidents, closed by now\n- {past.onset} to {past.last_failing}: " in digest.body
    assert digest.details.parts[0].lines[0].events == ()


def test_nothing_new_is_not_reported() -> None:
    assert messages((), (), "shop", day(1)) == ()


def test_a_worse_incident_that_also_opened_is_reported_once() -> None:
    folded = fold(on(range(5, 10)), 10)
    (event,) = folded.events
    both = (replace(event, event="worsened"), event)
    (message,) = messages(both, incidents_of(folded), "shop", day(10))
    assert message.event == "opened"


def test_messages_come_by_rank() -> None:
    rows = [*on(range(5, 30)), *on(range(20, 30), 9.0, subject="price")]
    folded = fold(rows, 30)
    found = messages(folded.events, incidents_of(folded), "shop", day(30))
    ranks = {one.id: one.rank for one in roots(folded)}
    assert [ranks[str(one.incident_id)] for one in found] == [1, 2]
    assert [one.details.rank for one in found] == [1, 2]


def test_a_message_has_the_series_of_its_metric() -> None:
    rows = [*on((2,), 0.7, verdict="pass"), *on((6, 7), 4.0)]
    rows.append(replace(row(4), verdict="too_few_rows", effect=None))
    folded = fold(rows, 8)
    judged = (windows(range(8)), rows)
    message, *_ = messages(folded.events, incidents_of(folded), "shop", day(8), (), judged)
    effects = [0.0, 0.0, 0.7, 0.0, None, 0.0, 4.0, 4.0]
    assert message.details.series == tuple(Bar(day(n), each) for n, each in enumerate(effects))


def test_a_series_ends_soon_after_the_failure_that_it_shows() -> None:
    rows = on((6, 7), 4.0)
    folded = fold(rows, 60)
    judged = (windows(range(60)), rows)
    events = [Event(only(folded).id, "child_added", day(59), "price", True)]
    (message,) = messages(events, incidents_of(folded), "shop", day(60), (), judged)
    assert [bar.effect for bar in message.details.series[-9:]] == [4.0, 4.0, *[0.0] * 7]
    assert message.details.series[-1].day == day(14)


def test_details_survive_the_outbox() -> None:
    rows = [*on((5, 6)), *on(range(36, 40), subject="late")]
    folded = fold(rows, 40)
    judged = (windows(range(40)), rows)
    for message in messages(
        folded.events, incidents_of(folded), "shop", date(2020, 2, 15), (), judged
    ):
        assert details_of(details_text(message.details)) == message.details


def test_what_fails_with_it_is_a_line_of_its_message_as_far_as_it_lasts() -> None:
    rows = [*on(range(5, 10), 9.0), *(r for n in range(5) for r in on((8, 9), subject=f"f{n}"))]
    folded = fold(rows, 10)
    (message,) = messages(folded.events, incidents_of(folded), "shop", day(10))
    assert message.body.endswith("\nAlso affected: f0, f1, f2 and 2 more.")
