"""Features by day, colored by how far they exceed a threshold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from modelwatch.model.plain_text import counted
from modelwatch.report.markup import Content, Markup, element
from modelwatch.report.number_format import day_text, times
from modelwatch.report.paths import bar_path, number
from modelwatch.report.scales import day_ticks
from modelwatch.report.tables_of_values import details_table

_LEVELS = (1.0, 1.5, 3.0, 6.0)
"""Minimum effects of the darker cell colors."""
LEVEL_WORDS = ("1–1.5×", "1.5–3×", "3–6×", "over 6×")
_NAME = 150
_WIDTH = 900
_ROW = 15
_HEAD = 16
_LONGEST_NAME = 22


@dataclass(frozen=True)
class HeatRow:
    """A feature: its effects by day, and the target of its link."""

    name: str
    link: str | None
    effects: Mapping[date, float]
    worst_metric: str | None = None


@dataclass(frozen=True)
class HeatMap:
    """Features by day, those with the largest effects first.

    ``days``: first days of the windows, ascending, all of one kind.
    """

    title: str
    days: tuple[date, ...]
    rows: tuple[HeatRow, ...]


def level_of(effect: float) -> int | None:
    """The color level of an effect, from 0; None for an effect below the threshold."""
    found = [at for at, least in enumerate(_LEVELS) if effect >= least]
    return found[-1] if found else None


def heat_map_picture(given: HeatMap) -> Markup:
    """A heat map as SVG; neighboring cells of equal color are one rectangle.

    Names are beside the newest days, where a narrow page begins to scroll.
    """
    if not given.days or not given.rows:
        return Markup("")
    wide = (_WIDTH - _NAME) / len(given.days)
    height = _HEAD + _ROW * len(given.rows) + 2
    gap = 1.0 if wide > 5 else 0.0
    bars: dict[int, list[tuple[float, float, float, float]]] = {}
    for place, row in enumerate(given.rows):
        top = _HEAD + place * _ROW + 1
        for level, first, last in _runs(given, row):
            width = (last - first + 1) * wide - gap
            bars.setdefault(level, []).append((first * wide, top, width, _ROW - 3))
    ground = bar_path(
        (0, _HEAD + place * _ROW + 1, _WIDTH - _NAME, _ROW - 3) for place in range(len(given.rows))
    )
    ticks = [(day, text) for day, text in day_ticks(given.days[0], given.days[-1], 12)]
    parts: list[Content] = [element("path", d=ground, class_="h-")]
    parts += [element("path", d=bar_path(bars[at]), class_=f"h{at}") for at in sorted(bars)]
    parts += [
        element("text", text, x=number(_position(given, day) * wide), y=11) for day, text in ticks
    ]
    for place, row in enumerate(given.rows):
        name = row.name if len(row.name) <= _LONGEST_NAME else row.name[: _LONGEST_NAME - 1] + "…"
        text = element("text", name, x=_WIDTH - _NAME + 8, y=_HEAD + place * _ROW + 11)
        parts.append(element("a", text, href=row.link) if row.link else text)
    return element(
        "svg",
        element("title", given.title),
        parts,
        viewBox=f"0 0 {_WIDTH} {height}",
        role="group",
        aria_label=given.title,
        class_="heat",
    )


def _position(given: HeatMap, day: date) -> float:
    """The position of a day in windows from the first."""
    before = [at for at, start in enumerate(given.days) if start <= day]
    return float(before[-1]) if before else 0.0


def _runs(given: HeatMap, row: HeatRow) -> list[tuple[int, int, int]]:
    """Stretches of equal color: level, first and last window."""
    found: list[tuple[int, int, int]] = []
    for at, day in enumerate(given.days):
        level = level_of(row.effects.get(day, 0.0))
        if level is None:
            continue
        if found and found[-1][0] == level and found[-1][2] == at - 1:
            found[-1] = (level, found[-1][1], at)
        else:
            found.append((level, at, at))
    return found


def heat_legend() -> Markup:
    """The legend of the colors."""
    return element(
        "p",
        "Times the threshold: ",
        [[element("span", class_=f"key h{at}"), word, " "] for at, word in enumerate(LEVEL_WORDS)],
        class_="legend",
    )


def heat_map_table(given: HeatMap, window: str) -> Markup:
    """The heat map as a table: how often, how far, and when a feature exceeded a threshold."""
    rows: list[list[Content]] = []
    for row in given.rows:
        beyond = {day: effect for day, effect in row.effects.items() if effect >= 1}
        if not beyond:
            continue
        worst = max(beyond, key=lambda day: (beyond[day], day))
        rows.append(
            [
                row.name,
                counted(len(beyond), window),
                day_text(min(beyond)),
                day_text(max(beyond)),
                f"{times(beyond[worst])} ({row.worst_metric or ''}) on {day_text(worst)}",
            ]
        )
    head = ["Feature", "Beyond", "First", "Last", "Worst"]
    return details_table("Features above a threshold", head, rows, numeric_columns=(1, 2, 3))
