"""Write the configuration reference from its models: `python -m scripts.reference_docs`."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BeforeValidator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.config.section import Section, as_tuple
from modelwatch.model.contracts.constraint import CONSTRAINT_TYPES
from modelwatch.model.contracts.contract import (
    ColumnClauses,
    Contract,
    ContractPlace,
    Relation,
    RowClauses,
    VolumeClause,
)
from modelwatch.model.days import DayRange
from modelwatch.model.incidents.rules import Clear, IncidentRules
from modelwatch.model.notification.report_place import ReportPlace
from modelwatch.model.notification.sinks import SINKS
from modelwatch.model.outliers.options import Outliers
from modelwatch.model.performance.labels import (
    BusinessValues,
    Challenger,
    Decision,
    Due,
    Known,
    Labels,
    LossModelPlace,
    Performance,
    VersionComparison,
)
from modelwatch.model.planning.retention_options import Retention
from modelwatch.model.planning.window_specs import Reference, WindowSpec
from modelwatch.model.profile.options import (
    BinningOptions,
    ColumnOptions,
    FeatureChoice,
    Pairs,
    Segmentation,
)
from modelwatch.model.quarantine.rules import Duplicates, Rule
from modelwatch.model.retraining.policies import POLICIES, Retraining
from modelwatch.model.runs.progress import StallLimits
from modelwatch.model.sources.durations import Durations
from modelwatch.model.sources.health import SourceHealth
from modelwatch.model.sources.tables import (
    DaySource,
    Inputs,
    ModelVersion,
    OutputAddress,
    Predictions,
    TableAddress,
)
from modelwatch.model.verdicts.options import Verdicts, WatchedSeries

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "configuration.md"
TITLES: dict[type[Section], str] = {
    OutputAddress: "output",
    TableAddress: "table",
    Inputs: "inputs",
    DaySource: "day",
    Predictions: "predictions",
    ModelVersion: "model_version",
    FeatureChoice: "features",
    ColumnOptions: "options of a column",
    Segmentation: "segments",
    WindowSpec: "windows",
    Reference: "references",
    BinningOptions: "binning",
    Pairs: "pairs",
    ContractPlace: "contracts",
    Contract: "the file of a contract",
    ColumnClauses: "columns of a contract",
    RowClauses: "rows of a contract",
    VolumeClause: "volume",
    Relation: "relations",
    Rule: "rules",
    Duplicates: "duplicates",
    Labels: "labels",
    Known: "known",
    Due: "due",
    Performance: "performance",
    Decision: "decision",
    BusinessValues: "values",
    LossModelPlace: "loss_model",
    Challenger: "challengers",
    VersionComparison: "comparison",
    Verdicts: "verdicts",
    WatchedSeries: "anomalies",
    IncidentRules: "incidents",
    Clear: "clear",
    Retraining: "retraining",
    ReportPlace: "report",
    Outliers: "outliers",
    SourceHealth: "source_health",
    Durations: "durations",
    Retention: "retention",
    StallLimits: "progress",
}
"""The sections of the page, in order, without the top and lists with several kinds."""

INTRODUCTION = """\
# Configuration

A monitor is one YAML file. `modelwatch init` writes a first file for your tables, and
`modelwatch check` validates a file against the tables.
[conf/example.yaml](../../conf/example.yaml) shows every key in use. This page is generated from the
models in `modelwatch.model`; [Concepts](../concepts.md) defines the terms.

All problems of a file are reported at once, each with its line:

```
conf/payments.yaml:3: time_zon: is not a known key; did you mean 'time_zone'?
conf/payments.yaml:9: binning.bins: must be at least 2, not 1
```

Columns can have any name. As in Spark, names are not case-sensitive. Names of segmentations,
windows, references, and constraints consist of letters, digits, spaces, `_`, `.`, and `-`. Scalars
are read as in YAML 1.2: `no`, `on`, and `yes` are strings. Aliases are expanded up to a limit.
Merge keys (`<<`) and tags are not supported.
"""


@dataclass(frozen=True)
class Kinds:
    """A list whose entries have several kinds: its title, a description, and the kinds by key.

    ``common``: keys with the same meaning for every kind.
    """

    title: str
    about: str
    kinds: Mapping[str, type[Section]]
    common: tuple[str, ...]


LISTS = (
    Kinds(
        "policies",
        "A list. Each entry gives a decision in each run: `retrain`, `wait`, `cool_down`, or "
        "`not_enough_data`.",
        POLICIES,
        ("name", "kind", "cool_down_days"),
    ),
    Kinds(
        "notify",
        "A list. Each entry receives a message for every change of an incident, and a digest of "
        "the rest. Messages that could not be delivered are sent again by the next run.",
        SINKS,
        ("name", "kind"),
    ),
    Kinds(
        "constraints",
        "A list. Each entry computes one value per day and compares it with its bounds, which are "
        "inclusive. If there is no value, the verdict is `undefined`, with a reason.",
        CONSTRAINT_TYPES,
        ("name", "kind", "table", "where", "severity"),
    ),
)


def page() -> str:
    """The entire page, in Markdown."""
    parts = [INTRODUCTION, *_section("The file", MonitorConfig)]
    for section, title in TITLES.items():
        parts += _section(title, section)
    for entries in LISTS:
        parts += _kinds(entries)
    parts += _section(
        "set", CONSTRAINT_TYPES["foreign_set"].model_fields["set"].annotation, level=4
    )
    return "\n".join(parts)


def _kinds(entries: Kinds) -> list[str]:
    one = next(iter(entries.kinds.values()))
    shared = [_row(name, one.model_fields[name]) for name in entries.common]
    parts = [
        f"## {entries.title}\n",
        f"{entries.about}\n\nEvery kind has these keys:\n",
        _table(iter(shared)),
    ]
    for key, kind in entries.kinds.items():
        meaning = str(kind.model_fields["kind"].description).partition(": ")[2]
        own = {n: f for n, f in kind.model_fields.items() if n not in entries.common}
        parts += [
            f"### {key}\n",
            f"{meaning[0].upper()}{meaning[1:]}\n",
            _table(_row(n, f) for n, f in own.items()),
        ]
    return parts


def _section(title: str, section: Any, level: int = 2) -> list[str]:
    return [
        f"{'#' * level} {title}\n",
        f"{inspect.cleandoc(section.__doc__ or '')}\n",
        _table(_row(name, field) for name, field in section.model_fields.items()),
    ]


def _table(rows: Iterator[Sequence[str]]) -> str:
    lines = ["| key | value | default | meaning |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _row(name: str, field: FieldInfo) -> tuple[str, str, str, str]:
    key = field.alias or name
    value = _value(field.annotation, field.metadata)
    if name == "kind" and get_origin(field.annotation) is Literal:
        value, meaning = "string", "One of the kinds below."
    else:
        meaning = str(field.description)
    return f"`{key}`", value, _default(field), meaning


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return ""
    if field.default is PydanticUndefined:
        return "required"
    if field.default is None or field.default in ((), ""):
        return ""
    if isinstance(field.default, tuple):
        return f"`[{', '.join(_item(item) for item in field.default)}]`"
    return f"`{field.default:g}`" if isinstance(field.default, float) else f"`{field.default}`"


def _item(item: Any) -> str:
    """An entry of a default, as YAML."""
    if isinstance(item, WindowSpec):
        return item.name
    if isinstance(item, Section):
        keys = item.model_dump(exclude_none=True)
        return f"{{{', '.join(f'{key}: {value}' for key, value in keys.items())}}}"
    return repr(item) if item == "*" else str(item)


def _value(annotation: Any, metadata: Sequence[Any] = ()) -> str:
    """Description of the allowed values of a key."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        return _value(inner, [*more, *metadata])
    flat = [
        part
        for one in metadata
        for part in (one.metadata if isinstance(one, FieldInfo) else (one,))
    ]
    if origin in (Union, types.UnionType):
        options = [option for option in get_args(annotation) if option is not types.NoneType]
        if Decimal in options:
            return _described(float)
        if all(isinstance(option, type) and issubclass(option, Section) for option in options):
            return _described(options[0]) if len(options) == 1 else _any_of(options)
        return " or ".join(_value(option, flat) for option in options)
    if origin is Literal:
        return " or ".join(f"`{option}`" for option in get_args(annotation))
    if origin is tuple:
        item = _value(get_args(annotation)[0])
        one = any(isinstance(m, BeforeValidator) and m.func is as_tuple for m in flat)
        return f"{item}, or a list" if one else f"list: {item}"
    if origin is dict:
        return f"mapping: {_value(get_args(annotation)[1])}"
    return _described(annotation) + _bounds(flat)


def _any_of(options: Sequence[Any]) -> str:
    title = next(e.title for e in LISTS if options[0] in e.kinds.values())
    return f"see [{title}](#{title})"


def _described(annotation: Any) -> str:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        title = TITLES.get(annotation, "set")
        return f"[{title}](#{title.replace(' ', '-')})"
    plain = {
        str: "string",
        int: "integer",
        float: "number",
        bool: "boolean",
        date: "date",
        DayRange: "`DAY` or `DAY..DAY`",
        Any: "string, number, boolean, or date",
    }
    return plain[annotation]


def _bounds(metadata: Sequence[Any]) -> str:
    low = next((m.ge for m in metadata if isinstance(m, annotated_types.Ge)), None)
    high = next((m.le for m in metadata if isinstance(m, annotated_types.Le)), None)
    above = next((m.gt for m in metadata if isinstance(m, annotated_types.Gt)), None)
    if above is not None:
        return f", above {above:,}" + ("" if high is None else f", at most {high:,}")
    if low is None:
        return ""
    return f", {low:,} or more" if high is None else f", {low:,} to {high:,}"


def main() -> int:
    """Write the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
