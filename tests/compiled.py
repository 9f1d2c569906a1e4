"""The compiled kernel, made once per test session by the C compiler of the machine."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

import pytest

from modelwatch.io.session.kernel import compiled
from modelwatch.stats.states.kernel import Kernel


@cache
def _kernel() -> Kernel | None:
    if shutil.which("cc") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "kernel.so")
        compiled(path)
        return Kernel(path)


def compiled_kernel() -> Kernel:
    """The kernel of this source tree; the test is skipped on a machine without a C compiler."""
    kernel = _kernel()
    if kernel is None:
        pytest.skip("there is no C compiler")
    return kernel
