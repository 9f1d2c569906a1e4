"""Tables and sentences about the shapes: results, growth along each axis, output tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from scripts.bench.result_tables import markdown_table
from scripts.bench.shapes.growth import Growth, Point, growth_of
from scripts.bench.shapes.shape import Axis, Shape
from scripts.bench.shapes.trial import RunMeasurements, TableSize, Trial

BEGIN, END = "<!-- shapes: written by make bench -->", "<!-- end of shapes -->"
Trials = Mapping[Shape, Trial]
_GB, _MB = 1 << 30, 1_000_000
WITHIN_NOISE = "linear within the noise"
_NEARLY = 0.1
"""Exponents that exceed 1 by less count as linear."""
_SMALL_TABLE = 100_000
"""Tables with fewer bytes as Arrow, in all shapes of an axis, are not listed."""


@dataclass(frozen=True)
class TrialMetric:
    """A metric of a trial, and its uncertainty: a share, with an absolute minimum.

    ``of`` returns None if the trial does not have it; ``lower`` tells whether the value is a lower
    bound because the run was ended.
    """

    title: str
    unit: str
    scale: float
    noise: float
    floor: float
    of: Callable[[Trial], float | None]
    lower: Callable[[Trial], bool] = lambda trial: False

    def points(self, axis: Axis, trials: Trials) -> list[Point]:
        """The metric along a numeric axis, for the measured shapes."""
        found = []
        for shape in axis.shapes:
            trial = trials.get(shape)
            value = None if trial is None else self.of(trial)
            if trial is not None and value is not None:
                found.append(Point(axis.size(shape), value, self.lower(trial)))
        return found

    def growth(self, axis: Axis, trials: Trials) -> Growth:
        """The growth of the metric along a numeric axis."""
        return growth_of(self.points(axis, trials), self.noise, self.floor)


def _of_run(
    daily: bool, of: Callable[[RunMeasurements], float], *, ended: bool = False
) -> Callable[[Trial], float | None]:
    """A metric of one of the runs; ``ended``: also of a run that was ended."""

    def metric(trial: Trial) -> float | None:
        run = trial.daily if daily else trial.first
        if run is None or (run.failure is not None and not (ended and run.code is None)):
            return None
        return of(run)

    return metric


def _was_ended(daily: bool) -> Callable[[Trial], bool]:
    def ended(trial: Trial) -> bool:
        run = trial.daily if daily else trial.first
        return run is not None and run.code is None

    return ended


def _time(
    daily: bool, title: str, of: Callable[[RunMeasurements], float], noise: float
) -> TrialMetric:
    reported = _of_run(daily, of, ended=True)
    return TrialMetric(title, "s", 1.0, noise, 5.0, reported, _was_ended(daily))


def _memory(daily: bool, title: str, of: Callable[[RunMeasurements], float]) -> TrialMetric:
    return TrialMetric(title, "GB", _GB, 0.1, 0.1 * _GB, _of_run(daily, of))


TRIAL_METRICS: tuple[TrialMetric, ...] = (
    _time(False, "first run: seconds", lambda run: run.seconds, 0.15),
    _time(False, "first run: processor seconds", lambda run: run.processor_seconds, 0.1),
    _time(True, "daily run: seconds", lambda run: run.seconds, 0.15),
    _time(True, "daily run: processor seconds", lambda run: run.processor_seconds, 0.1),
    _memory(False, "first run: Java", lambda run: run.java_bytes),
    _memory(False, "first run: Python driver", lambda run: run.driver_bytes),
    _memory(False, "first run: Python workers", lambda run: run.workers_bytes),
    _memory(False, "first run: all memory", lambda run: run.all_bytes),
    _memory(True, "daily run: all memory", lambda run: run.all_bytes),
)


def table_metric(name: str, of: Callable[[TableSize], float]) -> TrialMetric:
    """Bytes of an output table after the first run."""

    def size(trial: Trial) -> float | None:
        held = trial.tables.get(name)
        return None if held is None else of(held)

    return TrialMetric(name, "MB", _MB, 0.02, 64_000, size)


def stage_metric(name: str) -> TrialMetric:
    """Seconds of a stage of the first run; stages can run in parallel."""

    def seconds(trial: Trial) -> float | None:
        return None if trial.first.failure is not None else trial.first.stages.get(name)

    return TrialMetric(name, "s", 1.0, 0.25, 3.0, seconds)


def as_markdown(axes: Iterable[Axis], trials: Trials) -> str:
    """All axes with a measured shape."""
    parts = [
        part
        for axis in axes
        if any(shape in trials for shape in axis.shapes)
        for part in _axis_parts(axis, trials)
    ]
    return "\n\n".join(parts) + "\n"


def _axis_parts(axis: Axis, trials: Trials) -> list[str]:
    tried = [(_label(axis, shape), trials[shape]) for shape in axis.shapes if shape in trials]
    labels = [label for label, _ in tried]
    held = [trial for _, trial in tried]
    parts = [
        f"#### {axis.unit[0].upper()}{axis.unit[1:]}",
        _fixed_sizes(axis),
        markdown_table(
            ("", *labels, "growth"), [_metric_row(one, axis, trials, held) for one in TRIAL_METRICS]
        ),
        interpretation(axis, trials),
    ]
    stages = list(dict.fromkeys(stage for trial in held for stage in trial.first.stages))
    body = [_metric_row(stage_metric(stage), axis, trials, held) for stage in stages]
    parts += ["Seconds of the stages of the first run:"] if body else []
    parts += [markdown_table(("", *labels, "growth"), body)] if body else []
    sizes = _size_rows(axis, trials, held)
    if sizes:
        parts.append("Output tables after the first run, in MB on disk / as Arrow:")
        parts.append(markdown_table(("", *labels, "growth of Arrow bytes"), sizes))
    return parts


def _fixed_sizes(axis: Axis) -> str:
    base = axis.base
    fields = {
        "rows_per_day": f"{base.rows_per_day:,} rows per day",
        "days": f"{base.days} days",
        "features": f"{base.features} features",
        "segments": f"{base.segments} segments",
        "due": f"labels due by {base.due}",
        "slices": f"slices: {base.slices}",
        "task": base.task,
    }
    return ", ".join(reported for name, reported in fields.items() if name != axis.field) + "."


def _label(axis: Axis, shape: Shape) -> str:
    value = getattr(shape, axis.field)
    return f"{value:,}" if isinstance(value, int) else str(value)


def _metric_row(
    metric: TrialMetric, axis: Axis, trials: Trials, held: Sequence[Trial]
) -> tuple[str, ...]:
    cells = []
    for trial in held:
        value = metric.of(trial)
        if value is None:
            cells.append("")
        else:
            mark = "> " if metric.lower(trial) else ""
            cells.append(f"{mark}{_amount(value / metric.scale)}")
    title = metric.title if metric.unit == "s" else f"{metric.title}, {metric.unit}"
    return (title, *cells, _growth_cell(metric, axis, trials))


def _amount(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _growth_cell(metric: TrialMetric, axis: Axis, trials: Trials) -> str:
    if not axis.numeric:
        return _ratios(metric, axis, trials)
    growth = metric.growth(axis, trials)
    if growth.verdict == "none":
        return "none"
    if growth.exponent is None:
        return f"**{growth.verdict}**" if growth.verdict == "more than linear" else growth.verdict
    power = f"{growth.exponent:.2f}"
    if growth.verdict == "more than linear":
        return f"**{power}, more than linear**"
    return f"{power} ({WITHIN_NOISE})" if growth.exponent > 1.0 + _NEARLY else power


def _ratios(metric: TrialMetric, axis: Axis, trials: Trials) -> str:
    """Ratio of each value to that of the first shape."""
    first, *others = (trials.get(shape) for shape in axis.shapes)
    found = [_ratio(metric, first, other) for other in others]
    return " / ".join("?" if ratio is None else f"x {ratio:.2f}" for ratio in found)


def _size_rows(axis: Axis, trials: Trials, held: Sequence[Trial]) -> list[tuple[str, ...]]:
    names = sorted({name for trial in held for name in trial.tables})
    rows = []
    for name in names:
        sizes = [trial.tables.get(name) for trial in held]
        if max(size.arrow_bytes for size in sizes if size) < _SMALL_TABLE:
            continue
        cells = [
            "" if size is None else f"{size.disk_bytes / _MB:.2f} / {size.arrow_bytes / _MB:.2f}"
            for size in sizes
        ]
        growth = _growth_cell(table_metric(name, lambda s: s.arrow_bytes), axis, trials)
        rows.append((f"`{name}`", *cells, growth))
    return rows


def interpretation(axis: Axis, trials: Trials) -> str:
    """Sentences about the measurements of an axis."""
    sentences = [_failures(axis, trials)]
    if axis.numeric:
        sentences += [_time_sentence(axis, trials), _memory_sentence(axis, trials)]
        sentences += [_tables_sentence(axis, trials), _steep_stages(axis, trials)]
    else:
        sentences += [_ratio_sentence(axis, trials)]
    return " ".join(sentence for sentence in sentences if sentence)


def _failures(axis: Axis, trials: Trials) -> str:
    failed = [
        f"at {_label(axis, shape)}, {trials[shape].failure}"
        for shape in axis.shapes
        if shape in trials and trials[shape].failure is not None
    ]
    return f"**Not all shapes ended**: {'; '.join(failed)}." if failed else ""


def _time_sentence(axis: Axis, trials: Trials) -> str:
    reported = []
    for which, metric in (("first", TRIAL_METRICS[1]), ("daily", TRIAL_METRICS[3])):
        growth = metric.growth(axis, trials)
        if growth.verdict == "none":
            reported.append(
                f"The time of the {which} run does not depend on the number of {axis.unit}."
            )
        elif growth.verdict == "more than linear":
            steep = "" if growth.exponent is None else f" (exponent {growth.exponent:.2f})"
            reported.append(
                f"**The processor time of the {which} run grows more than linearly** with the "
                f"number of {axis.unit}{steep}."
            )
        elif growth.exponent is not None and growth.fixed is not None:
            reported.append(
                f"The {which} run takes {growth.fixed:.0f} processor seconds at any size. The rest "
                f"grows with the number of {axis.unit} (exponent {growth.exponent:.2f}): "
                f"{_at_most(growth)}."
            )
        else:
            reported.append(f"The completed shapes do not determine the growth of the {which} run.")
    return " ".join(reported)


def _memory_sentence(axis: Axis, trials: Trials) -> str:
    growth = TRIAL_METRICS[7].growth(axis, trials)
    if growth.verdict == "none":
        return "Memory does not grow."
    if growth.verdict == "more than linear":
        return "**Memory grows more than linearly.**"
    if growth.exponent is None:
        return ""
    return f"Memory grows with the exponent {growth.exponent:.2f}: {_at_most(growth)}."


def _at_most(growth: Growth) -> str:
    """Description of growth that is not shown to be more than linear."""
    steep = growth.exponent is not None and growth.exponent > 1.0 + _NEARLY
    return WITHIN_NOISE if steep else "at most linearly"


def _tables_sentence(axis: Axis, trials: Trials) -> str:
    """Output tables that grow more than linearly; empty if the growth is undetermined."""
    names = sorted({n for s in axis.shapes if s in trials for n in trials[s].tables})
    verdicts = {
        name: table_metric(name, lambda size: size.arrow_bytes).growth(axis, trials).verdict
        for name in names
    }
    steep = [f"`{name}`" for name, verdict in verdicts.items() if verdict == "more than linear"]
    if steep:
        return f"**These output tables grow more than linearly:** {', '.join(steep)}."
    if not set(verdicts.values()) - {"undetermined"}:
        return ""
    return "No output table grows more than linearly."


def _steep_stages(axis: Axis, trials: Trials) -> str:
    stages = dict.fromkeys(
        stage for shape in axis.shapes if shape in trials for stage in trials[shape].first.stages
    )
    steep = [
        stage
        for stage in stages
        if stage_metric(stage).growth(axis, trials).verdict == "more than linear"
    ]
    return f"Stages that grow more than linearly: {', '.join(steep)}." if steep else ""


def _ratio_sentence(axis: Axis, trials: Trials) -> str:
    first, *others = axis.shapes
    reported = []
    for shape in others:
        parts = []
        for metric, words in (
            (TRIAL_METRICS[1], "processor time of the first run"),
            (TRIAL_METRICS[3], "processor time of the daily run"),
            (TRIAL_METRICS[7], "memory"),
        ):
            ratio = _ratio(metric, trials.get(first), trials.get(shape))
            if ratio is not None:
                parts.append(f"{ratio:.2f} times the {words}")
        if parts:
            reported.append(
                f"Compared with `{_label(axis, first)}`, `{_label(axis, shape)}` takes "
                f"{', '.join(parts)}."
            )
    return " ".join(reported)


def _ratio(metric: TrialMetric, below: Trial | None, above: Trial | None) -> float | None:
    """Ratio of a metric of two trials; None if one of them does not have it."""
    if below is None or above is None or metric.lower(below) or metric.lower(above):
        return None
    bottom, top = metric.of(below), metric.of(above)
    return top / bottom if top is not None and bottom else None


def written(text: str, section: str) -> str:
    """A page with a new section between its markers; ValueError if it has none."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the page has no markers for the shapes")
    return f"{before}{BEGIN}\n{section}{END}{after}"
