"""The rows of the matrix: worlds and shapes that vary one factor of a default at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

from scripts.evidence.businesses import BUSINESSES, business_month
from scripts.evidence.datasets import DATASETS
from scripts.evidence.flights import documented_events
from scripts.evidence.services import SERVICES, service_month
from scripts.evidence.simulated import Shape, quiet_world
from scripts.evidence.world import World

Half = Literal["tuned", "confirmed"]
"""Whether rules were changed after inspecting a row, or the row only confirms them."""

TUNED_SERVICES = ("turbines", "clinic", "tickets")
"""Services whose months were inspected; the others only confirm."""


@dataclass(frozen=True)
class Row:
    """A row of the matrix: months of one kind of world.

    ``question``: title of its table. ``world``: the month of a seed.
    """

    key: str
    title: str
    question: str
    half: Half
    world: Callable[[int], World]


def _rows() -> Iterator[Row]:
    for one in DATASETS.values():
        title = f"{one.key} ({one.field}, {one.package})"
        yield Row(one.key, title, "worlds", one.half, one.world)
    calm = partial(DATASETS["flights"].world, left_out=documented_events)
    yield Row("flights-calm", "flights, days without documented events", "worlds", "tuned", calm)
    yield Row("plain", "simulated, 500 rows per day", "worlds", "tuned", _of(Shape()))
    for key, (title, _) in BUSINESSES.items():
        half: Half = "tuned" if key == "energy" else "confirmed"
        yield Row(key, f"simulated, {title}", "worlds", half, partial(business_month, key))
    for key, (title, _) in SERVICES.items():
        half = "tuned" if key in TUNED_SERVICES else "confirmed"
        yield Row(key, f"simulated, {title}", "worlds", half, partial(service_month, key))
    for key, title, question, half, shape in _SHAPES:
        yield Row(key, title, question, half, _of(shape))
    by = {"flights": ("origin", "carrier"), "stops": ("police_precinct", "race")}
    for key, segments in by.items():
        one = DATASETS[key]
        title = f"{key}, by {' and '.join(segments)}"
        yield Row(
            f"{key}-segments", title, "columns", one.half, partial(one.world, segments=segments)
        )
    for key, days in (("flights", 5), ("retail", 5)):
        one = DATASETS[key]
        yield Row(
            f"{key}-{days}-days",
            f"{key}, reference of {days} days",
            "references",
            one.half,
            partial(one.world, reference_days=days),
        )
    title = "flights, reference of 5 days, days without documented events"
    short = partial(calm, reference_days=5)
    yield Row("flights-calm-5-days", title, "references", "tuned", short)


def _of(shape: Shape) -> Callable[[int], World]:
    return partial(quiet_world, shape)


_SHAPES: tuple[tuple[str, str, str, Half, Shape], ...] = (
    ("rows-20", "20 rows per day", "volume and schedule", "tuned", Shape(rows=20)),
    ("rows-100", "100 rows per day", "volume and schedule", "confirmed", Shape(rows=100)),
    ("rows-1000", "1,000 rows per day", "volume and schedule", "tuned", Shape(rows=1000)),
    ("rows-100000", "100,000 rows per day", "volume and schedule", "confirmed", Shape(100_000)),
    ("weekly", "500 rows every week, a quarter", "volume and schedule", "tuned", Shape(every=7)),
    (
        "fortnightly",
        "500 rows every two weeks, half a year",
        "volume and schedule",
        "confirmed",
        Shape(every=14),
    ),
    ("monthly", "500 rows each month, a year", "volume and schedule", "tuned", Shape(every=0)),
    *(
        (
            f"reference-{days}",
            f"reference of {days} day{'s' * (days > 1)}",
            "references",
            half,
            Shape(reference_days=days),
        )
        for days, half in (
            (1, "tuned"),
            (3, "confirmed"),
            (5, "tuned"),
            (7, "confirmed"),
            (14, "tuned"),
            (42, "confirmed"),
        )
    ),
    *(
        (
            f"design-{effect}",
            f"design effect {effect}",
            "days",
            half,
            Shape().with_design_effect(effect),
        )
        for effect, half in ((1, "confirmed"), (10, "tuned"), (30, "confirmed"))
    ),
    (
        "reference-5-design-30",
        "design effect 30, reference of 5 days",
        "references",
        "tuned",
        Shape(reference_days=5).with_design_effect(30),
    ),
    ("weekdays", "strong weekdays", "days", "confirmed", Shape(weekdays=True)),
    ("bursts", "bursts of one value", "days", "tuned", Shape(bursts=True)),
    ("trend", "a benign slow trend", "days", "tuned", Shape(trend=0.3)),
    ("persistent", "correlated neighboring days", "days", "confirmed", Shape(persistence=0.6)),
    ("heavy", "heavy tails", "columns", "confirmed", Shape(heavy_tails=True)),
    ("features-200", "200 features", "columns", "tuned", Shape(features=200)),
    ("segments", "with segments", "columns", "confirmed", Shape(segments=True)),
    ("no-labels", "without labels", "columns", "tuned", Shape(labels=False)),
    ("codes", "categorical codes", "columns", "confirmed", Shape(codes=True, features=10)),
)

ROWS: Mapping[str, Row] = {row.key: row for row in _rows()}
"""Every row by its key, in the order of the page."""
