"""Results as tables for terminals and in Markdown, and their comparison with targets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.bench.measures import MEASURES
from scripts.bench.process import Outcome

Outcomes = Mapping[str, Outcome]
HEADER = (
    "measure",
    "rows",
    "seconds",
    "from - to",
    "x scan",
    "x hand-over",
    "GB",
    "Java",
    "Python",
)
_GB = 1 << 30


@dataclass(frozen=True)
class Target:
    """A bound on a value; ``of`` returns the value, None if a measure is missing."""

    name: str
    bound: float
    of: Callable[[Outcomes], float | None]
    at_least: bool = False

    def reported(self, outcomes: Outcomes) -> tuple[str, str, str, str]:
        """Name, bound, value, and whether the target is met."""
        bound = f"{'>=' if self.at_least else '<='} {self.bound:g}"
        value = self.of(outcomes)
        if value is None:
            return self.name, bound, "not measured", ""
        met = value >= self.bound if self.at_least else value <= self.bound
        return self.name, bound, f"{value:.2f}", "met" if met else "missed"


def _seconds(outcomes: Outcomes, *names: str) -> float | None:
    """Total seconds of measures, scaled to the rows of the main table if they read fewer."""
    whole = outcomes["scan"].rows if "scan" in outcomes else None
    total = 0.0
    for name in names:
        outcome = outcomes.get(name)
        if outcome is None or outcome.median is None:
            return None
        fewer = not name.startswith(("wide", "increment")) and whole and outcome.rows < whole
        total += outcome.median * (whole / outcome.rows if fewer and whole else 1)
    return total


def _ratio(above: Sequence[str], below: Sequence[str]) -> Callable[[Outcomes], float | None]:
    def ratio(outcomes: Outcomes) -> float | None:
        top, bottom = _seconds(outcomes, *above), _seconds(outcomes, *below)
        return None if top is None or not bottom else top / bottom

    return ratio


def _memory(outcomes: Outcomes) -> float | None:
    """Maximum GB of Java and Python together, over the measures of modelwatch."""
    own = ("states_drift", "segments_drift", "two_tables_drift", "run", "wide_drift")
    held = [
        outcome.java_bytes + outcome.python_bytes
        for name, outcome in outcomes.items()
        if name in own and outcome.java_bytes is not None and outcome.python_bytes is not None
    ]
    return max(held) / _GB if held else None


def _spread_of_jobs(outcomes: Outcomes) -> float | None:
    """Count of distinct numbers of jobs per kind of run."""
    outcome = outcomes.get("jobs")
    if outcome is None or not outcome.details:
        return None
    counts = outcome.details[0].values()
    return float(max(len({count[kind] for count in counts}) for kind in next(iter(counts))))


def _report_size(features: str) -> Callable[[Outcomes], float | None]:
    """kB of a report by number of features, with 90 days."""

    def size(outcomes: Outcomes) -> float | None:
        sizes = _last_details(outcomes.get("report_sizes"))
        return None if sizes is None else float(sizes[features]["kB"])

    return size


def _first_paint(outcomes: Outcomes) -> float | None:
    """Seconds until the slowest of the largest pages is painted; None without a browser."""
    sizes = _last_details(outcomes.get("report_sizes"))
    painted = [one.get("first paint, ms") for one in sizes.values()] if sizes else []
    known = [milliseconds for milliseconds in painted if milliseconds is not None]
    return max(known) / 1000 if known else None


TARGETS: tuple[Target, ...] = (
    Target("states and drift / hand-over", 1.3, _ratio(["states_drift"], ["handover"])),
    Target(
        "states over Spark Connect / read by Spark in a classic session",
        1.1,
        _ratio(["states_connect"], ["states_by_spark"]),
    ),
    Target("states over Spark Connect / hand-over", 1.1, _ratio(["states_connect"], ["handover"])),
    Target("states and drift / scan", 3.5, _ratio(["states_drift"], ["scan"])),
    Target("with two segmentations / without", 1.5, _ratio(["segments_drift"], ["states_drift"])),
    Target("two tables / their plain join", 2.0, _ratio(["two_tables_drift"], ["join"])),
    Target("labels and performance / their plain join", 3.0, _ratio(["labels"], ["labels_join"])),
    Target("wide table, states / its scan", 3.0, _ratio(["wide_states"], ["wide_scan"])),
    Target(
        "Deequ's analyzers and sketches / states and drift",
        20,
        _ratio(["deequ", "deequ_sketches"], ["states_drift"]),
        at_least=True,
    ),
    Target(
        "Deequ's profiler, scaled by rows / states and drift",
        50,
        _ratio(["deequ_profiler"], ["states_drift"]),
        at_least=True,
    ),
    Target("DuckDB / states and drift", 2.0, _ratio(["duckdb"], ["states_drift"]), at_least=True),
    Target("Polars / states and drift", 2.0, _ratio(["polars"], ["states_drift"]), at_least=True),
    Target("driver's memory, Java and Python, GB", 2.0, _memory),
    Target("one new day: 365 days stored / 30", 1.2, _ratio(["increment_365"], ["increment_30"])),
    Target("different numbers of Spark jobs", 1, _spread_of_jobs),
    Target("report of 25 features by 90 days, kB", 150, _report_size("25 features")),
    Target("report of 500 features by 90 days, kB", 1000, _report_size("500 features")),
    Target("report of 2,000 features by 90 days, kB", 3000, _report_size("2,000 features")),
    Target("first paint of the report's largest page, s", 1.0, _first_paint),
)


def rows(outcomes: Outcomes) -> list[tuple[str, ...]]:
    """One row per timed measure, in the order of the registry."""
    reported = []
    for measure in MEASURES:
        outcome = outcomes.get(measure.name)
        if outcome is None or not measure.timed:
            continue
        if outcome.median is None:
            why = outcome.failure or "no value"
            reported.append((measure.title, f"{outcome.rows:,}", why, *[""] * 6))
            continue
        floors = [outcomes.get(name) for name in measure.floor or ()]
        reported.append(
            (
                measure.title,
                f"{outcome.rows:,}",
                f"{outcome.median:.2f}",
                f"{min(outcome.seconds):.2f} - {max(outcome.seconds):.2f}",
                *(_per_row(outcome, floor) for floor in floors or (None, None)),
                *_memory_text(outcome),
            )
        )
    return reported


def _per_row(outcome: Outcome, floor: Outcome | None) -> str:
    """Ratio of seconds per row to those of the floor, marked if fewer rows were read."""
    if floor is None or not floor.median or not outcome.median:
        return ""
    ratio = outcome.median / outcome.rows / (floor.median / floor.rows)
    return f"{ratio:.1f}{'*' if outcome.rows != floor.rows else ''}"


def _memory_text(outcome: Outcome) -> tuple[str, str, str]:
    if outcome.java_bytes is None or outcome.python_bytes is None:
        return "", "", ""
    java, python = outcome.java_bytes / _GB, outcome.python_bytes / _GB
    return f"{java + python:.2f}", f"{java:.2f}", f"{python:.2f}"


def text_table(header: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """Aligned columns, for a terminal."""
    lines = [tuple(header), *map(tuple, body)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(header))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def markdown_table(header: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """The same table in Markdown."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def targets(outcomes: Outcomes) -> list[tuple[str, str, str, str]]:
    """All targets with their values."""
    return [target.reported(outcomes) for target in TARGETS]


def details(outcomes: Outcomes) -> list[tuple[str, list[tuple[str, ...]], tuple[str, ...]]]:
    """Further tables: title, rows and header."""
    found: list[tuple[str, list[tuple[str, ...]], tuple[str, ...]]] = []
    staged = [
        (measure.title, ", ".join(f"{name} {value:g}" for name, value in stages.items()))
        for measure in MEASURES
        if (stages := _last_details(outcomes.get(measure.name))) and measure.timed
    ]
    if staged:
        found.append(("Stages, of the last run (seconds)", staged, ("measure", "stages")))
    counts = _last_details(outcomes.get("jobs"))
    if counts:
        kinds = tuple(next(iter(counts.values())))
        found.append(
            (
                "Number of Spark jobs",
                [(name, *(str(count[kind]) for kind in kinds)) for name, count in counts.items()],
                ("a small monitor with", *kinds),
            )
        )
    sizes = _last_details(outcomes.get("report_sizes"))
    if sizes:
        header = tuple(next(iter(sizes.values())))
        body = [(name, *(f"{size[kind]:,.3g}" for kind in header)) for name, size in sizes.items()]
        found.append(("The report of 90 days, by features", body, ("a monitor with", *header)))
    pages = _last_details(outcomes.get("evidently_page"))
    if pages:
        body = [(name, f"{page['kB']:,.3g}") for name, page in pages.items()]
        found.append(("Evidently's page of data drift", body, ("a table with", "kB")))
    left = _last_details(outcomes.get("leftover"))
    for name, title in (("whole", "all traffic"), ("segments", "two segmentations of ten values")):
        if left and name in left:
            found.append(
                (
                    f"The arithmetic on a million rows, {title}: "
                    f"{left[name]['seconds']:.2f} s on one core",
                    [(f"`{what}`", f"{share:.0%}") for what, share in left[name]["shares"].items()],
                    ("function", "own share, as profiled"),
                )
            )
    return found


def _last_details(outcome: Outcome | None) -> dict[str, Any] | None:
    return outcome.details[-1] if outcome is not None and outcome.details else None


def as_text(outcomes: Outcomes) -> str:
    """All tables, for a terminal."""
    parts = [
        text_table(HEADER, rows(outcomes)),
        text_table(("target", "bound", "measured", ""), targets(outcomes)),
    ]
    parts += [f"{title}\n{text_table(header, body)}" for title, body, header in details(outcomes)]
    return "\n\n".join(parts) + "\n"


def as_markdown(outcomes: Outcomes) -> str:
    """All tables, in Markdown."""
    parts = [
        markdown_table(HEADER, rows(outcomes)),
        "### Targets",
        markdown_table(("target", "bound", "measured", ""), targets(outcomes)),
    ]
    for title, body, header in details(outcomes):
        parts += [f"### {title}", markdown_table(header, body)]
    return "\n\n".join(parts) + "\n"
