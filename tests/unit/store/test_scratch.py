"""The place of a replay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from modelwatch.io.store.scratch import removed, scratch_of
from modelwatch.model.sources.tables import OutputAddress

RUN = "20130204T050000-ab12cd34"
NO_SESSION: Any = None


def test_it_lies_beside_the_output_and_is_never_the_same() -> None:
    output = OutputAddress(path="var/shop/")
    one, other = scratch_of(output, RUN), scratch_of(output, RUN)
    assert str(one.path).startswith(f"var/shop/_replay/{RUN}-")
    assert one != other


def test_a_schema_gets_a_schema_beside_it() -> None:
    output = OutputAddress.model_validate({"schema": "lake.shop"})
    assert str(scratch_of(output, RUN)).startswith("lake.shop_replay_20130204t050000_ab12cd34_")


def test_another_folder_can_be_named() -> None:
    output = OutputAddress.model_validate({"schema": "lake.shop"})
    assert str(scratch_of(output, RUN, "some/where").path).startswith(f"some/where/{RUN}-")


def test_it_is_removed_and_its_neighbours_stay(tmp_path: Path) -> None:
    output = OutputAddress(path=str(tmp_path))
    one, other = scratch_of(output, RUN), scratch_of(output, RUN)
    for scratch in (one, other):
        Path(str(scratch.path)).mkdir(parents=True)
    assert removed(NO_SESSION, one)
    assert not Path(str(one.path)).exists()
    assert Path(str(other.path)).exists()
    assert removed(NO_SESSION, other)
    assert not list(tmp_path.iterdir())


def test_a_place_out_of_reach_is_left_and_reported() -> None:
    assert not removed(NO_SESSION, OutputAddress(path="s3a://bucket/shop/_replay/run"))
