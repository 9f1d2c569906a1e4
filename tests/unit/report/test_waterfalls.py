"""What changed a metric, as steps from its value in the reference to that of a window."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

from modelwatch.report.pages import pages_of
from modelwatch.report.results import Results
from modelwatch.report.waterfalls import (
    MOST_WATERFALL_STEPS,
    Waterfall,
    waterfall_picture,
    waterfalls_of,
)
from report_results import results


def with_causes(parts: int) -> Results:
    """Causes of a change of -0.03 from 0.75 to 0.72, the part of number n being n / 1000."""
    given = results(features=1)
    (one, *_) = given.of("causes")
    causes = [{**one, "part": f"part {n}", "value": n / 1000} for n in range(1, parts + 1)]
    return replace(given, rows={**given.rows, "causes": causes})


def waterfalls(given: Results) -> list[Waterfall]:
    return waterfalls_of(given, given.of("causes"))


def test_steps_lead_from_the_reference_to_the_window() -> None:
    (found,) = waterfalls(with_causes(parts=3))
    assert abs(found.before[1] + sum(value for _, value in found.steps) - found.after[1]) < 1e-12
    assert (round(found.before[1], 3), found.after[1]) == (0.75, 0.72)


def test_the_largest_steps_come_first_and_the_others_stand_together() -> None:
    (found,) = waterfalls(with_causes(parts=20))
    labels = [label for label, _ in found.steps]
    assert labels[0] == "site = part 20: its metric"
    assert labels[-1] == "all other parts"
    assert len(labels) == MOST_WATERFALL_STEPS + 1


def test_a_change_whose_total_is_not_known_has_no_picture() -> None:
    given = with_causes(parts=3)
    bare = replace(given, rows={**given.rows, "changes": []})
    assert waterfalls(bare) == []
    assert "Why it changed" in pages_of(bare)["performance.html"]


def test_a_bar_of_the_picture_spans_its_step() -> None:
    steps = (("a", -0.2), ("b", 0.1))
    drawn = waterfall_picture(Waterfall("t", ("before", 0.8), steps, ("after", 0.7)))
    paths = {
        path.get("class"): path.get("d") or ""
        for path in ElementTree.fromstring(drawn).iter("path")
    }
    fall, rise = paths["fallbar"], paths["curbar"]

    def width(path: str) -> float:
        return float(path.split("h")[1].split("v")[0])

    assert abs(width(fall) - 2 * width(rise)) <= 1.5
