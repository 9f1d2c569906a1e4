"""The base of all sections of the configuration, and the types of their values."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)

from modelwatch.model.config.literals import scalar_of
from modelwatch.model.days import DayRange, parse_day
from modelwatch.model.quoted_values import quoted_value
from modelwatch.stats.value_names import CODES

MAX_NAME = 100
"""Maximum length of a name."""
MAX_COLUMN = 1000
"""Maximum length of a column name."""
MAX_TEXT = 20_000
"""Maximum length of a description or of SQL."""
RESERVED_NAMES = frozenset(code.lower() for code in CODES)
"""Names with a special meaning in the output tables."""
_NAME = re.compile(r"[A-Za-z0-9_ .-]+")
_MONITOR = re.compile(r"[A-Za-z0-9_-]+")


@dataclass
class Unknown:
    """Collects unknown keys while a document is read, so that all are reported."""

    keys: list[tuple[int, str, tuple[str, ...]]] = field(default_factory=list)
    """(identity of the mapping, key, known keys there)"""


class Section(BaseModel):
    """A section of the configuration: immutable, with strict types, and without unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, populate_by_name=True
    )
    synonyms: ClassVar[Mapping[str, str]] = {}
    """Alternative spellings of keys."""

    @model_validator(mode="before")
    @classmethod
    def _note_unknown_keys(cls, data: Any, info: ValidationInfo) -> Any:
        # Collected instead of raised here, so that all problems of the configuration are reported
        # together.
        if not isinstance(info.context, Unknown) or not isinstance(data, dict):
            return data
        known = keys_of(cls)
        for key in data:
            if key not in known and key not in cls.synonyms:
                info.context.keys.append((id(data), key, known))
        accepted = {key: value for key, value in data.items() if key in known}
        for synonym, key in cls.synonyms.items():
            if synonym in data:
                accepted.setdefault(key, data[synonym])
        return accepted


def keys_of(section: type[Section]) -> tuple[str, ...]:
    """The keys of a section as they are written in the file."""
    return tuple(field.alias or name for name, field in section.model_fields.items())


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` for a word close to a known one, otherwise an empty string."""
    folded = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower()[:MAX_NAME], folded, n=1, cutoff=0.6)
    return f"; did you mean {quoted_value(folded[near[0]], [word])}?" if near else ""


def only_one_of(section: Section, *keys: str) -> None:
    """Raises ValueError unless exactly one of the keys has a value."""
    names = {key: (section.__class__.model_fields[key].alias or key) for key in keys}
    given = [names[key] for key in keys if getattr(section, key) is not None]
    if len(given) != 1:
        wanted = " or ".join(names.values())
        raise ValueError(
            f"needs one of {wanted}" + (f", not both {' and '.join(given)}" if given else "")
        )


def _name(text: str) -> str:
    if text.lower() in RESERVED_NAMES:
        raise ValueError(f"{text!r} is reserved")
    if not _NAME.fullmatch(text) or text != text.strip():
        raise ValueError(
            f"{text!r} must consist of letters, digits, spaces, '_', '.', '-', and not begin or "
            "end with a space"
        )
    return text


def _monitor_name(text: str) -> str:
    if not _MONITOR.fullmatch(text):
        raise ValueError(f"{text!r} must consist of letters, digits, '_' and '-'")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def as_tuple(value: Any) -> Any:
    """A string as a tuple of one; anything else unchanged."""
    return (value,) if isinstance(value, str) else value


def _all_different(values: tuple[str, ...]) -> tuple[str, ...]:
    seen: set[str] = set()
    for value in values:
        if value.lower() in seen:
            raise ValueError(f"contains {value!r} twice")
        seen.add(value.lower())
    return values


def _day(value: Any) -> date:
    if isinstance(value, str):
        return parse_day(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError("must be a day such as 2013-02-08")


def _day_range(value: Any) -> DayRange:
    if isinstance(value, DayRange):
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return DayRange(value, value)
    if isinstance(value, str):
        return DayRange.parse(value)
    raise ValueError("must be a day or a range of days such as 2013-01-01..2013-01-31")


def _scalar(value: Any) -> Any:
    if isinstance(value, (str, bool, int, float, Decimal, date)):
        return scalar_of(value)
    raise ValueError("must be a string, a number, a boolean or a day")


Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME), AfterValidator(_name)]
"""Name of a segmentation, window, reference, or constraint."""
MonitorName = Annotated[
    str, Field(min_length=1, max_length=MAX_NAME), AfterValidator(_monitor_name)
]
Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT), AfterValidator(_not_blank)]
ColumnName = Annotated[str, Field(min_length=1, max_length=MAX_COLUMN)]
"""Name of a column, with any characters: dots, spaces, quotes, backticks. Never an expression."""
ColumnNames = Annotated[
    tuple[ColumnName, ...], BeforeValidator(as_tuple), AfterValidator(_all_different)
]
"""One column, or a list of columns."""
Day = Annotated[date, BeforeValidator(_day)]
ConfiguredDays = Annotated[DayRange, BeforeValidator(_day_range)]
Scalar = Annotated[Any, AfterValidator(_scalar)]
