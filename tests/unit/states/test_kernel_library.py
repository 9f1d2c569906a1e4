"""The compiled kernel is an extra: found, made and carried where it can be, and never missed."""

from __future__ import annotations

import logging
import shutil
from dataclasses import replace
from pathlib import Path

import cloudpickle
import numpy as np
import pyarrow as pa
import pytest

from modelwatch.evaluation.states.aggregation import StateNames, partial_state_tally
from modelwatch.evaluation.states.batches import BatchLayout
from modelwatch.io.session.kernel import compiled, main
from modelwatch.stats.states import kernel_library
from modelwatch.stats.states.batch import BatchColumn, TallyPlan
from modelwatch.stats.states.kernel_library import (
    KernelLibrary,
    installed_library,
    kernel_of,
    library_path,
    this_platform,
)
from samples import numeric_binning

BINNING = numeric_binning([k / 64 for k in range(300)])
PLAN = TallyPlan((BatchColumn("x", 0, BINNING),))
NAMES = StateNames(PLAN, ("inputs",))
LAYOUT = BatchLayout(0, 1, (None,), (None,), (), (2,))
needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")


@pytest.fixture(autouse=True)
def _nothing_known() -> None:
    kernel_library._read.cache_clear()
    kernel_of.cache_clear()


def record() -> pa.RecordBatch:
    days = pa.array([20_000] * 3, pa.int32()).cast(pa.date32())
    columns = [days, pa.array(["v"] * 3), pa.array([0.5, None, np.nan])]
    return pa.RecordBatch.from_arrays(columns, ["day", "version", "x"])


def test_the_library_of_another_source_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = library_path({})
    monkeypatch.setattr(kernel_library, "source", lambda: b"int other;")
    assert library_path({}) != usual


def test_without_a_library_the_log_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MODELWATCH_KERNEL", str(tmp_path / "none.so"))
    with caplog.at_level(logging.INFO, "modelwatch"):
        assert installed_library() is None
        assert installed_library() is None
    assert caplog.text.count("states are counted by numpy") == 1


def test_it_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELWATCH_KERNEL", "off")
    assert installed_library() is None


@pytest.mark.parametrize(
    "library",
    [
        KernelLibrary(b"no library at all", this_platform()),
        KernelLibrary(b"of another processor", "linux-riscv64-big"),
    ],
)
def test_a_library_that_does_not_load_leaves_the_rows_to_numpy(
    library: KernelLibrary, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "modelwatch"):
        assert kernel_of(library) is None
    assert "states are counted by numpy" in caplog.text


def test_set_up_continues_without_a_compiler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MODELWATCH_KERNEL", str(tmp_path / "kernel.so"))
    monkeypatch.setenv("CC", str(tmp_path / "no-compiler"))
    assert main() == 0
    assert "The kernel is not compiled" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


@needs_compiler
def test_set_up_compiles_what_the_next_run_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELWATCH_KERNEL", str(tmp_path / "lib" / "kernel.so"))
    assert main() == 0
    library = installed_library()
    assert library is not None
    assert kernel_of(library) is not None


@needs_compiler
def test_a_task_carries_the_library_to_a_machine_that_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "kernel.so"
    compiled(path)
    monkeypatch.setenv("MODELWATCH_KERNEL", str(path))
    sent = cloudpickle.dumps(partial_state_tally(LAYOUT, NAMES))
    path.unlink()
    kernel_library._read.cache_clear()
    task = cloudpickle.loads(sent)
    with caplog.at_level(logging.INFO, "modelwatch"):
        (found,) = list(task([record()]))
    assert "numpy" not in caplog.text
    assert kernel_of.cache_info().currsize == 1
    monkeypatch.setenv("MODELWATCH_KERNEL", "off")
    kernel_library._read.cache_clear()
    (expected,) = list(partial_state_tally(LAYOUT, NAMES)([record()]))
    assert str(found.to_pydict()) == str(expected.to_pydict())


@needs_compiler
def test_a_library_of_another_platform_is_not_even_loaded(tmp_path: Path) -> None:
    compiled(tmp_path / "kernel.so")
    library = KernelLibrary((tmp_path / "kernel.so").read_bytes(), this_platform())
    assert kernel_of(library) is not None
    assert kernel_of(replace(library, platform="linux-riscv64-big")) is None
