"""The outbox: new messages of a run, and undelivered ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from modelwatch.io.sinks.delivery import Delivery, deliver
from modelwatch.io.sinks.sink import Sink
from modelwatch.io.store.output_tables import Store
from modelwatch.model.notification.message import Message, details_of, details_text
from modelwatch.spark.local_frames import frame_of
from modelwatch.tables import TABLES

MAX_PER_RUN = 100
"""Maximum number of messages per sink and run, oldest first; later runs continue."""
MAX_AGE = timedelta(days=90)
"""Age of a message after which it is no longer sent."""
PENDING, SENT, REJECTED = "pending", "sent", "rejected"
"""Statuses of a row."""
_TABLE = TABLES["outbox"]
_MESSAGE = ("message_id", "monitor", "event", "incident_id", "severity", "title", "body", "query")
_OWN = tuple(name for name in _MESSAGE if name != "monitor")
_WRITTEN = ("sink", "status", "attempt", "recorded_at", *_OWN, "details")
_TRIED = ("sink", "status", "attempt", "recorded_at", "message_id", "error")


@dataclass(frozen=True)
class PendingMessage:
    """An undelivered message to a sink, and the number of attempts so far."""

    message: Message
    sink: str
    attempts: int


def written(
    spark: SparkSession, messages: Sequence[Message], sinks: Collection[str], at: datetime
) -> DataFrame:
    """Outbox rows of new messages, one per sink; they count once their run is published.

    Timestamps differ by a microsecond, because tables have no order, and messages are sent in this
    one.
    """
    rows = [
        (
            sink,
            PENDING,
            0,
            at + timedelta(microseconds=place),
            *(getattr(message, name) for name in _OWN),
            details_text(message.details),
        )
        for place, message in enumerate(messages)
        for sink in sinks
    ]
    return frame_of(spark, rows, _TABLE.ddl(*_WRITTEN))


def drain(
    spark: SparkSession,
    store: Store,
    monitor: str,
    sinks: Sequence[Sink],
    run_id: str,
    published: Collection[str],
) -> tuple[Delivery, ...]:
    """Deliver undelivered messages, and record the results.

    ``published``: ids of the monitor's published runs, whose messages count. Later runs try failed
    messages again. If a run dies in between, a message may arrive twice, with the same id.
    """
    if not sinks:
        return ()
    now = datetime.now(timezone.utc)
    names = [sink.name for sink in sinks]
    recent = store.read(_TABLE.name).where(
        (F.col("monitor") == monitor)
        & F.col("sink").isin(names)
        & (F.col("recorded_at") >= F.lit(now - MAX_AGE))
    )
    letters = undelivered(recent.collect(), published)
    by_sink: dict[str, list[Message]] = defaultdict(list)
    for letter in letters:
        by_sink[letter.sink].append(letter.message)
    deliveries = deliver({name: pending[:MAX_PER_RUN] for name, pending in by_sink.items()}, sinks)
    if deliveries:
        attempts = {(x.message.message_id, x.sink): x.attempts for x in letters}
        rows = [
            (d.sink, d.status, attempts[d.message_id, d.sink] + 1, now, d.message_id, d.error)
            for d in deliveries
        ]
        frame = frame_of(spark, rows, _TABLE.ddl(*_TRIED))
        store.append(_TABLE.name, frame.withColumn("monitor", F.lit(monitor)), run_id)
    return deliveries


def undelivered(rows: Iterable[Row], published: Collection[str]) -> tuple[PendingMessage, ...]:
    """Messages of published runs that were neither sent nor rejected, the oldest first.

    A message that two runs wrote counts once.
    """
    letters: dict[tuple[str, str], Row] = {}
    attempts: dict[tuple[str, str], int] = defaultdict(int)
    done: set[tuple[str, str]] = set()
    for row in sorted(rows, key=lambda row: row["recorded_at"]):
        key = (row["message_id"], row["sink"])
        if row["status"] == PENDING:
            if row["run_id"] in published:
                letters.setdefault(key, row)
            continue
        attempts[key] = max(attempts[key], row["attempt"])
        if row["status"] in (SENT, REJECTED):
            done.add(key)
    return tuple(
        PendingMessage(_message(row), key[1], attempts[key])
        for key, row in letters.items()
        if key not in done
    )


def _message(row: Row) -> Message:
    return Message(**{name: row[name] for name in _MESSAGE}, details=details_of(row["details"]))
