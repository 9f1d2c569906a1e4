"""Find a pattern that all given texts match, and few others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

DIGIT, UPPER, LOWER = "9", "A", "a"
"""Symbols of a shape for an ASCII digit, capital, and small letter; others are unchanged."""
MAX_SHAPES = 200
"""Maximum distinct shapes of texts that follow a pattern."""
MAX_LENGTH = 64
"""Maximum characters of a text that is not prose."""
_CLASSES = {DIGIT: "0-9", UPPER: "A-Z", LOWER: "a-z"}
_PUNCTUATION = frozenset("-_./:+@ #")
_SPECIAL = frozenset(".^$*+?()[]{}|\\")


@dataclass(frozen=True)
class TextShapes:
    """The shapes of some texts, and the first and last text in character order.

    ``complete``: whether all shapes are included.
    """

    shapes: frozenset[str]
    first: str
    last: str
    complete: bool = True


def pattern_of(texts: TextShapes) -> str | None:
    """Return an anchored regular expression that all texts match, or None if there is no
    pattern."""
    shapes = sorted(texts.shapes)
    longest = max((len(shape) for shape in shapes), default=0)
    if not shapes or not texts.complete or not 0 < longest <= MAX_LENGTH:
        return None
    if any(not _known(character) for shape in shapes for character in shape):
        return None
    prefix = _common_start(texts.first, texts.last)
    rests = [shape[len(prefix) :] for shape in shapes]
    if not any(rests):
        return None
    leading, rests = _alike(rests)
    body = _of_classes(rests) if any(rests) else ""
    return None if body is None else f"^{_escaped(prefix)}{leading}{body}$"


def _known(character: str) -> bool:
    return character in _CLASSES or character in _PUNCTUATION


def _common_start(first: str, last: str) -> str:
    """Return the common beginning of all texts, given the first and last of them."""
    length = 0
    for one, other in zip(first, last, strict=False):
        # A year or counter that all values share today is not part of the form.
        if one != other or one.isdigit():
            break
        length += 1
    return first[:length]


def _alike(rests: Sequence[str]) -> tuple[str, list[str]]:
    """Return the common leading character runs as a pattern, and the remainder of each shape."""
    pattern, left = "", list(rests)
    while all(left) and len({rest[0] for rest in left}) == 1:
        kind = left[0][0]
        lengths = [len(rest) - len(rest.lstrip(kind)) for rest in left]
        one = f"[{_CLASSES[kind]}]" if kind in _CLASSES else _escaped(kind)
        pattern += one + _times(lengths)
        left = [rest[length:] for rest, length in zip(left, lengths, strict=True)]
    return pattern, left


def _of_classes(rests: Collection[str]) -> str | None:
    """Return a pattern for any mixture of the occurring characters; None if it is too general."""
    kinds = {character for rest in rests for character in rest}
    if {UPPER, LOWER} <= kinds or len(kinds - set(_CLASSES)) > 2:
        return None
    classes = "".join(_CLASSES[kind] for kind in sorted(kinds & set(_CLASSES)))
    # A hyphen is literal at the end of a bracket expression.
    others = "".join(sorted(kinds - set(_CLASSES) - {"-"})) + "-" * ("-" in kinds)
    return f"[{classes}{others}]" + _times([len(rest) for rest in rests])


def _times(lengths: Iterable[int]) -> str:
    held = list(lengths)
    low, high = min(held), max(held)
    if low == high:
        return "" if low == 1 else f"{{{low}}}"
    return f"{{{low},{high}}}"


def _escaped(text: str) -> str:
    return "".join("\\" + c if c in _SPECIAL else c for c in text)
