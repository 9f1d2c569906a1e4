"""The overview: the health of each model, what needs attention, and the recent past."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from modelwatch.model.plain_text import counted, one_line
from modelwatch.report.calendars import calendar_section
from modelwatch.report.heat_maps import (
    HeatMap,
    HeatRow,
    heat_legend,
    heat_map_picture,
    heat_map_table,
)
from modelwatch.report.incident_facts import IncidentFacts
from modelwatch.report.incidents import closed_table, definitions, incident_card, tag
from modelwatch.report.markup import Content, Markup, element
from modelwatch.report.number_format import (
    ago,
    day_text,
    percent,
    short_count,
    signed,
    span_text,
    three_digits,
)
from modelwatch.report.page import section
from modelwatch.report.performance_series import headline_timelines, metric_label
from modelwatch.report.performance_tables import value_pairs
from modelwatch.report.results import Results, Row
from modelwatch.report.tables_of_values import details_table, scrolled
from modelwatch.report.timelines import timeline_picture, timeline_table
from modelwatch.report.volumes import TableAgeRow, calendars_of, table_ages
from modelwatch.stats.value_names import EVERY, NO_VERSION

MOST_HEAT_ROWS = 40
"""Features of the heat map, those furthest beyond their thresholds first."""
MOST_CARDS = 4
"""Open incidents shown in full; the others are collapsed."""
_HEALTH = {
    "needs_attention": ("Needs attention", "bad"),
    "no_action": ("Known issues", "warn"),
    "unknown": ("Not judged", "none"),
    "healthy": ("Healthy", "good"),
}


@dataclass(frozen=True)
class ModelCard:
    """A model version: its health, and its latest performance with labels."""

    version: str
    state: str
    sentence: str
    day: date
    rows: float | None
    performance: tuple[Row, ...]


def model_cards(results: Results) -> tuple[ModelCard, ...]:
    """A card per model version that scored rows on the latest day."""
    by_version: dict[str, list[Row]] = defaultdict(list)
    for row in results.of("today"):
        by_version[row["model_version"]].append(row)
    found = []
    for version, rows in by_version.items():
        health = next((row for row in rows if row["section"] == "1 health"), None)
        if health is not None:
            current = tuple(row for row in rows if row["section"] == "3 performance")
            found.append(
                ModelCard(
                    version, health["state"], health["sentence"], health["day"],
                    health["value"], current,
                )
            )  # fmt: skip
    return tuple(sorted(found, key=lambda card: -(card.rows or 0.0)))


def heat_map_of(results: Results, anchors: Mapping[tuple[str, str], str]) -> HeatMap:
    """Features by the shortest windows, with the effects of their verdicts."""
    effects: dict[tuple[str, str], dict[date, float]] = defaultdict(dict)
    worst: dict[tuple[str, str], tuple[float, str]] = {}
    starts = sorted(
        row["window_start"]
        for row in results.of("windows")
        if row["window_name"] == results.span.short
    )
    for row in results.of("heat"):
        key = (row["role"], row["subject"])
        effect = row["effect"]
        for day in _days_of(row, starts):
            effects[key][day] = max(effects[key].get(day, 0.0), effect)
        if effect > worst.get(key, (0.0, ""))[0]:
            worst[key] = (effect, row["metric"])
    judged = {row["window_start"] for row in results.of("judged") if row["source"] == "drift"}
    days = sorted(judged | {day for held in effects.values() for day in held})
    weights = {key: sum(min(one, 8.0) for one in held.values()) for key, held in effects.items()}
    ranked = sorted(effects, key=lambda key: (-weights[key], key))[:MOST_HEAT_ROWS]
    rows = [
        HeatRow(subject, anchors.get((role, subject)), effects[role, subject],
                worst[role, subject][1])
        for role, subject in ranked
    ]  # fmt: skip
    title = f"Features by {results.span.short}, colored by how far they exceed a threshold"
    return HeatMap(title, tuple(days), tuple(rows))


def _days_of(row: Row, starts: Sequence[date]) -> Sequence[date]:
    """The windows of the heat map that are contained in a window, which may be a longer one."""
    held = starts[
        bisect_left(starts, row["window_start"]) : bisect_right(starts, row["window_end"])
    ]
    return held or (row["window_start"],)


def overview_body(
    results: Results, incidents: Sequence[IncidentFacts], anchors: Mapping[tuple[str, str], str]
) -> list[Content]:
    """The overview, below its header."""
    opened = [one for one in incidents if one.incident.is_open]
    closed = [one for one in incidents if not one.incident.is_open]
    return [
        _models(results),
        _open_section(opened, results),
        _performance_section(results),
        _heat_section(results, anchors),
        _decisions(results),
        _volume_section(results),
        section(
            "Closed incidents",
            closed_table(closed[:12], "Closed incidents"),
            details_table_of(closed[12:]),
        ),
    ]


def details_table_of(closed: Sequence[IncidentFacts]) -> Markup | None:
    """Older incidents in a collapsed section."""
    if not closed:
        return None
    return element(
        "details",
        element("summary", counted(len(closed), "earlier incident")),
        closed_table(closed, "Earlier incidents"),
    )


def _models(results: Results) -> Markup:
    cards = [_model_card(card, results) for card in model_cards(results)]
    return element("div", cards, _age_card(results), class_="cards top")


def _model_card(card: ModelCard, results: Results) -> Markup:
    words, css_class = _HEALTH.get(card.state, (card.state, "none"))
    main = [row for row in card.performance if row["value"] is not None]
    order = {"roc_auc": 0, "accuracy": 1, "mae": 0, "rmse": 1, "roc_auc_ovr": 0, "log_loss": 2}
    main.sort(key=lambda row: (order.get(row["subject"], 9), row["subject"]))
    pairs: list[tuple[str, Content]] = [
        (metric_label(row["subject"]), _metric_cell(row)) for row in main[:2]
    ]
    alone = card.version in (NO_VERSION, EVERY)
    return element(
        "div",
        element("h2", "Model" if alone else f"Model {card.version}", class_="sub"),
        element("p", words, class_=f"big {_BIG.get(css_class, '')}".rstrip()),
        element("p", _brief(card.sentence), class_="mute"),
        definitions(
            [
                ("Newest day", f"{day_text(card.day)}, {short_count(card.rows)} rows"),
                *pairs,
                *value_pairs(card.version, results),
            ]
        ),
        class_="card",
    )


_COUNTS = re.compile(r"(\d+) open, (\d+) needs? attention\.")
_BIG = {"bad": "bad", "warn": "attention", "good": "good", "none": "mute"}


def _brief(sentence: str) -> str:
    """The number of open incidents; the most urgent one has a card of its own."""
    found = _COUNTS.match(sentence)
    if found is None:
        return one_line(sentence)
    opened, urgent = map(int, found.groups())
    if not urgent:
        return f"{counted(opened, 'open incident')}, all acknowledged or muted"
    every = "" if urgent == opened else f", {urgent:,} of them not yet acknowledged"
    return f"{counted(opened, 'open incident')}{every}"


def _metric_cell(row: Row) -> Content:
    interval = ""
    if row["lower"] is not None and row["upper"] is not None:
        interval = f" ({three_digits(row['lower'])} to {three_digits(row['upper'])})"
    window = span_text(row["window_start"], row["window_end"])
    return [
        element("b", three_digits(row["value"])),
        f"{interval}, {window}",
        f", {percent(row['coverage'])} of labels" if row["coverage"] is not None else "",
    ]


def _age_card(results: Results) -> Markup:
    ages = table_ages(results)
    runs = [row for row in results.of("runs") if row["outcome"] == "published"]
    pairs: list[tuple[str, Content]] = [
        (one.role.replace(":", " ").capitalize(), _age_cell(one)) for one in ages
    ]
    if runs:
        pairs.append(("Last run", f"as of {day_text(runs[0]['as_of'])}"))
    return element(
        "div", element("h2", "Newest data", class_="sub"), definitions(pairs), class_="card"
    )


def _age_cell(one: TableAgeRow) -> Content:
    if one.newest is None or one.age_days is None:
        return one_line(one.reason or "not known")
    late = one.verdict in ("warn", "fail")
    return [
        tag("late", "bad" if one.verdict == "fail" else "warn") if late else None,
        "of predictions on " if one.role == "labels" else None,
        f"{day_text(one.newest)}, {ago(one.age_days)}",
    ]


def _open_section(opened: Sequence[IncidentFacts], results: Results) -> Markup:
    if not opened:
        return section("Open incidents", element("p", "There are no open incidents."))
    cards = [incident_card(one, results.config_path) for one in opened]
    first, rest = cards[:MOST_CARDS], cards[MOST_CARDS:]
    more = (
        element(
            "details",
            element("summary", f"{counted(len(rest), 'more incident')}"),
            rest,
            class_="keep",
        )
        if rest
        else None
    )
    return section(f"Open incidents ({len(opened)})", first, more, note="Most urgent first.")


def _heat_section(results: Results, anchors: Mapping[tuple[str, str], str]) -> Markup:
    shown = heat_map_of(results, anchors)
    if not shown.rows:
        return section(
            "Features over time",
            element("p", "No feature exceeded a threshold by more than chance."),
        )
    return section(
        "Features over time",
        scrolled(heat_map_picture(shown), shown.title, newest=True),
        heat_legend(),
        heat_map_table(shown, results.span.short),
        note=f"One row per feature, one column per {results.span.short}. The color is the largest "
        "effect among the failing windows.",
    )


_LINES = (
    "Solid: measured with labels that are due, with a 95% interval. Dashed: estimated without "
    "labels."
)


def _performance_section(results: Results) -> Markup:
    shown = headline_timelines(results)[:2]
    return section(
        "Performance",
        element(
            "div",
            [
                element(
                    "div",
                    element("h3", one.title),
                    timeline_picture(one),
                    timeline_table(one, 24),
                )
                for one in shown
            ],
            class_="grid2",
        )
        if shown
        else None,
        element("p", _LINES, class_="note") if shown else None,
    )


def _volume_section(results: Results) -> Markup:
    return calendar_section(calendars_of(results))


_DECISIONS = {
    "retrain": ("retrain", "bad"),
    "wait": ("not needed", "good"),
    "cool_down": ("cooling down", "warn"),
    "not_enough_data": ("not enough data", "none"),
}


def _decisions(results: Results) -> Markup:
    cards = [_retraining_card(results), *_comparison_cards(results)]
    return section("Decisions", element("div", cards, class_="cards") if any(cards) else None)


def _retraining_card(results: Results) -> Markup | None:
    rows = results.of("retraining")
    if not rows:
        return None
    asks = [row for row in rows if row["decision"] == "retrain"]
    head = "Retrain the model" if asks else "No retraining needed"
    data = next((row for row in asks if row["training_first"] is not None), None)
    return element(
        "div",
        element("h3", "Retraining"),
        element("p", head, class_=f"big {'bad' if asks else 'good'}"),
        [
            element(
                "p",
                tag(*_DECISIONS.get(row["decision"], (row["decision"], "none"))),
                element("b", row["policy"]),
                f": {one_line(row['evidence'] or '')}",
            )
            for row in sorted(rows, key=lambda row: row["decision"] != "retrain")
        ],
        element("p", "Train on data of ", span_text(data["training_first"], data["training_last"]),
                _left_out(data), class_="mute") if data else None,
        class_="card",
    )  # fmt: skip


def _left_out(data: Row) -> str:
    broken = data["broken_days"] or ()
    return f", without {counted(len(broken), 'broken day')}." if broken else "."


def _comparison_cards(results: Results) -> list[Markup]:
    pairs: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in results.of("comparison"):
        pairs[row["champion"], row["challenger"]].append(row)
    return [_comparison_card(key, rows) for key, rows in sorted(pairs.items())]


def _comparison_card(pair: tuple[str, str], rows: Sequence[Row]) -> Markup:
    windows = [row["window_name"] for row in rows]
    longest = next((w for w in ("month", "week") if w in windows), windows[0])
    mine = [row for row in rows if row["window_name"] == longest]
    verdict = next((row for row in mine if row["metric"] == "verdict"), None)
    metrics = [
        row for row in mine if row["value"] is not None and row["champion_value"] is not None
    ]
    cells: list[list[Content]] = [
        [
            metric_label(row["metric"]),
            three_digits(row["champion_value"]),
            three_digits(row["challenger_value"]),
            f"{signed(row['value'])} ({signed(row['lower'])} to {signed(row['upper'])})",
            row["verdict"] or "",
        ]
        for row in sorted(metrics, key=lambda row: row["metric"])
    ]
    head = ["Metric", "Champion", "Challenger", "Difference", "Better"]
    window = span_text(mine[0]["window_start"], mine[0]["window_end"])
    return element(
        "div",
        element("h3", f"Challenger {pair[1]} compared with {pair[0]}"),
        element("p", one_line(verdict["verdict"])) if verdict and verdict["verdict"] else None,
        element("p", f"{window}, {short_count(mine[0]['row_count'])} labeled rows", class_="mute"),
        details_table("All metrics", head, cells, numeric_columns=(1, 2, 3)),
        class_="card",
    )
