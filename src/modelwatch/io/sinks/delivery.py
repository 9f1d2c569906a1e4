"""Messages to people: the configured sinks, and delivery that never fails a run."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, singledispatch
from typing import Any, Literal

from modelwatch.io.sinks.body_pagerduty import ENQUEUE, pagerduty_bodies
from modelwatch.io.sinks.body_slack import slack_body
from modelwatch.io.sinks.body_teams import teams_body
from modelwatch.io.sinks.json_messages import LinesOfJson, json_body
from modelwatch.io.sinks.mail import Mail
from modelwatch.io.sinks.sink import Sink, SinkError, from_environment
from modelwatch.io.sinks.webhook import Webhook
from modelwatch.log import LOG
from modelwatch.model.notification import sinks as configured
from modelwatch.model.notification.message import Message
from modelwatch.model.notification.message_links import MessageLinks

ATTEMPTS = 3
"""Number of attempts per message in one delivery."""
NOWHERE = MessageLinks()
_ROUTING_KEY = re.compile(r"[A-Za-z0-9]{32}")
MAX_SECONDS = 60.0
"""Maximum duration of a delivery in seconds, regardless of slow sinks."""


@dataclass(frozen=True)
class Delivery:
    """The result of a message: sent, failed for now, or rejected.

    ``error``: why it was not sent, or what went wrong although it was.
    """

    message_id: str
    sink: str
    status: Literal["sent", "failed", "rejected"]
    error: str | None = None


@singledispatch
def sink_of(
    choice: object, environment: Mapping[str, str], message_links: MessageLinks = NOWHERE
) -> Sink:
    """The sink of a section of the configuration; TypeError for other objects."""
    raise TypeError(f"no sink for {type(choice).__name__}")


@sink_of.register
def _(
    choice: configured.FileSink,
    environment: Mapping[str, str],
    message_links: MessageLinks = NOWHERE,
) -> Sink:
    return LinesOfJson(choice.name, choice.path, message_links)


@sink_of.register
def _(
    choice: configured.WebhookSink,
    environment: Mapping[str, str],
    message_links: MessageLinks = NOWHERE,
) -> Sink:
    return Webhook(
        choice.name,
        choice.url_env,
        environment,
        choice.timeout_seconds,
        partial(_bodies, choice, environment, message_links),
        ENQUEUE,
    )


def _bodies(
    choice: configured.WebhookSink,
    environment: Mapping[str, str],
    message_links: MessageLinks,
    message: Message,
) -> Sequence[Mapping[str, Any]]:
    """The bodies of a message in the format of a webhook."""
    if choice.routing_key_env is not None:
        key = from_environment(choice.routing_key_env, environment)
        if not _ROUTING_KEY.fullmatch(key):
            wording = (
                f"the value of {choice.routing_key_env} is not an integration key of 32 letters"
            )
            raise SinkError(f"{wording} and digits")
        return pagerduty_bodies(message, message_links, key)
    layouts = {"slack": slack_body, "teams": teams_body, "json": json_body}
    return [layouts[choice.format](message, message_links)]


@sink_of.register
def _(
    choice: configured.EmailSink,
    environment: Mapping[str, str],
    message_links: MessageLinks = NOWHERE,
) -> Sink:
    return Mail(
        name=choice.name,
        host=choice.host,
        port=choice.port,
        sender=choice.sender,
        to=choice.to,
        environment=environment,
        user_env=choice.user_env,
        password_env=choice.password_env,
        tls=choice.tls,
        timeout_seconds=choice.timeout_seconds,
        message_links=message_links,
    )


def deliver(
    messages: Mapping[str, Sequence[Message]],
    sinks: Sequence[Sink],
    *,
    seconds: float = MAX_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Delivery, ...]:
    """Send messages to each sink, by name and in order; the results. Never raises.

    Sinks are processed concurrently. A sink that is down gets no further messages after the first,
    and a message without a result was not tried. A sink that takes longer than ``seconds`` is
    abandoned: its message counts as failed, and may arrive twice.
    """
    posts = [_Post(sink, messages[sink.name], sleep) for sink in sinks if messages.get(sink.name)]
    # Not a pool, because leaving a pool waits for its threads.
    threads = [threading.Thread(target=post.run, daemon=True) for post in posts]
    for thread in threads:
        thread.start()
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    deliveries = tuple(delivery for post in posts for delivery in post.closed())
    for delivery in deliveries:
        if delivery.error is not None:
            LOG.warning("message %(message_id)s to %(sink)s %(status)s: %(error)s", vars(delivery))
    return deliveries


@dataclass
class _Post:
    """The messages of one sink during delivery."""

    sink: Sink
    messages: Sequence[Message]
    sleep: Callable[[float], None]
    done: list[Delivery] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Send one message after the other, until the sink is down or the delivery has ended."""
        for message in self.messages:
            if self.left.is_set():
                return
            delivery = _delivered(self.sink, message, self.sleep)
            self.done.append(delivery)
            if delivery.status == "failed":
                break
        self.ended.set()

    def closed(self) -> list[Delivery]:
        """The results so far; the current message counts as failed."""
        self.left.set()
        done = list(self.done)
        if self.ended.is_set() or len(done) == len(self.messages):
            return done
        under_way = self.messages[len(done)].message_id
        return [*done, Delivery(under_way, self.sink.name, "failed", "the sink took too long")]


def _delivered(sink: Sink, message: Message, sleep: Callable[[float], None]) -> Delivery:
    """The result of a message after several attempts."""
    attempt = 0
    while True:
        attempt += 1
        try:
            remark = sink.send(message)
        except SinkError as error:
            if error.again_after is not None and attempt < ATTEMPTS:
                # The delay doubles each time.
                sleep(error.again_after * 2 ** (attempt - 1))
                continue
            status: Literal["failed", "rejected"] = "rejected" if error.of_message else "failed"
            return Delivery(message.message_id, sink.name, status, str(error))
        except Exception as error:
            # The text of the error is unknown and may contain a secret.
            return Delivery(message.message_id, sink.name, "failed", type(error).__name__)
        else:
            return Delivery(message.message_id, sink.name, "sent", remark)
