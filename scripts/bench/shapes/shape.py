"""The measured shapes of tables and monitors, which vary one axis at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

Task = Literal["binary", "multiclass", "regression"]
CLASSES = 20
"""Classes of a multiclass shape."""


@dataclass(frozen=True)
class Shape:
    """Sizes of the tables of a monitor, and settings of the monitor.

    ``segments``: values of the only segmentation; 0 for none. ``due``: labels are due after a
    delay, or on a date of each row. ``slices``: features by whose bins performance is computed.
    """

    rows_per_day: int = 1_000
    days: int = 30
    features: int = 25
    segments: int = 11
    due: Literal["delay", "column"] = "delay"
    slices: Literal["none", "default", "all"] = "default"
    task: Task = "binary"

    @property
    def name(self) -> str:
        """A unique name that is valid as the name of a folder."""
        return f"{self.tables}-{self.due}-{self.slices}"

    @property
    def tables(self) -> str:
        """Name of its tables, which shapes with other settings share."""
        sizes = f"{self.rows_per_day}r-{self.days}d-{self.features}f-{self.segments}s"
        return f"{sizes}-{self.task}"

    @property
    def baseline_days(self) -> int:
        """First days of the tables: the fixed reference."""
        return min(7, max(1, self.days // 2))


@dataclass(frozen=True)
class Axis:
    """One field of a shape with several values; ``base`` has the other fields.

    ``numeric``: the values are sizes, for which growth has an exponent.
    """

    name: str
    field: str
    unit: str
    values: tuple[int | str, ...]
    base: Shape

    @property
    def numeric(self) -> bool:
        """Whether the values are sizes."""
        return all(isinstance(value, int) for value in self.values)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """One shape per value, in order."""
        return tuple(self.at(value) for value in self.values)

    def at(self, value: int | str) -> Shape:
        """The shape for a value."""
        change: dict[str, Any] = {self.field: value}
        return replace(self.base, **change)

    def size(self, shape: Shape) -> float:
        """The size of a shape along a numeric axis."""
        return float(getattr(shape, self.field))


BASE = Shape()
AXES: tuple[Axis, ...] = (
    Axis(
        "rows",
        "rows_per_day",
        "rows per day",
        (100, 10_000, 100_000, 1_000_000),
        replace(BASE, days=7),
    ),
    Axis("days", "days", "days", (30, 274, 1_000), replace(BASE, rows_per_day=100)),
    Axis("features", "features", "features", (5, 25, 200), BASE),
    Axis("segments", "segments", "segments", (0, 11, 100), BASE),
    Axis("due", "due", "due", ("delay", "column"), BASE),
    Axis("slices", "slices", "slices", ("none", "default", "all"), BASE),
    Axis("task", "task", "task", ("binary", "multiclass", "regression"), BASE),
)
_SMALL = Shape(rows_per_day=40, days=4, features=3, segments=2)
QUICK_AXES: tuple[Axis, ...] = (Axis("rows", "rows_per_day", "rows per day", (40, 400), _SMALL),)


def chosen_axes(words: Iterable[str], axes: tuple[Axis, ...] = AXES) -> tuple[Axis, ...]:
    """The axes named by arguments such as ``shapes`` (all) and ``shapes:days``, in their order.

    ValueError if an axis does not exist.
    """
    wanted: set[str] = set()
    known = {axis.name for axis in axes}
    for word in words:
        _, colon, name = word.partition(":")
        if not colon:
            wanted |= known
        elif name in known:
            wanted.add(name)
        else:
            raise ValueError(f"no such axis: {name!r}; there are {', '.join(a.name for a in axes)}")
    return tuple(axis for axis in axes if axis.name in wanted)


def shapes_of(axes: Iterable[Axis]) -> tuple[Shape, ...]:
    """The distinct shapes of the given axes."""
    return tuple(dict.fromkeys(shape for axis in axes for shape in axis.shapes))
