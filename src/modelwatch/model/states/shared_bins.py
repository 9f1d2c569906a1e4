"""Columns and segmentations with more values than are kept separately."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from modelwatch.model.plain_text import named

_MOST_REPORTED = 3


@dataclass(frozen=True)
class SharedBin:
    """What the frozen bins of a ``column`` or ``segmentation`` combine in one bin.

    ``values`` of the ``reference``; if there are too many to remember, those remembered, and not
    ``complete``. ``separate_values``: values with a bin, or segment, of their own. ``other_rows``:
    rows of the others, out of ``rows``.
    """

    name: str
    segmentation: bool
    reference: str
    values: int
    separate_values: int
    other_rows: int
    rows: int
    complete: bool = True

    @property
    def share(self) -> float:
        """Share of the rows whose values have no bin of their own; a lower bound if not
        complete."""
        return self.other_rows / self.rows if self.rows else 0.0

    @property
    def sentence(self) -> str:
        """How many values share a bin, what that hides, and which key lists more of them."""
        least = "" if self.complete else "at least "
        counted = f"{least}{self.values:,} values in reference {self.reference}"
        if self.segmentation:
            return (
                f"segmentation {named(self.name)} has {counted}. The {self.separate_values:,} most "
                f"frequent ones are segments; the others ({least}{self.share:.1%} of the rows) are "
                "the segment (other). To list more of them, increase max_values of the segmentation"
            )
        return (
            f"{named(self.name)} has {counted}. The {self.separate_values:,} most frequent ones "
            f"have bins of their own; the others ({least}{self.share:.1%} of the rows) share a "
            "bin, which hides drift among them. To list more of them, increase binning.max_values"
        )


def shared_bin_lines(found: Iterable[SharedBin]) -> str:
    """Lines about columns that share a bin, those with the largest share first, for the end of the
    run that fits the bins."""
    ranked = sorted(found, key=lambda one: (-one.share, one.name))
    lines = [f"Note: {one.sentence}.\n" for one in ranked[:_MOST_REPORTED]]
    if len(ranked) > _MOST_REPORTED:
        names = ", ".join(named(one.name) for one in ranked[_MOST_REPORTED:][:10])
        more = len(ranked) - _MOST_REPORTED
        dots = ", …" if more > 10 else ""
        lines.append(f"Note: the same holds for {more} more: {names}{dots}.\n")
    return "".join(lines)
