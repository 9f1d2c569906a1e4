"""Compile the kernel for this Python environment: ``python -m modelwatch.io.session.kernel``."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from modelwatch.io.terminal import say
from modelwatch.stats.states.kernel import Kernel
from modelwatch.stats.states.kernel_library import OFF, VARIABLE, library_path, source

FLAGS = ("-std=c11", "-O3", "-ffp-contract=off", "-shared", "-fPIC")
"""No fused multiplication, because the last digits would depend on the processor."""
_LIMIT_SECONDS = 120


def compiled(path: Path, environment: Mapping[str, str] = os.environ) -> None:
    """Compile the library to a path.

    ``CC`` names the compiler, by default ``cc``. OSError or subprocess.SubprocessError without a
    compiler, or if it fails; an existing library is kept.
    """
    compiler = shlex.split(environment.get("CC", "")) or ["cc"]
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made = Path(folder, path.name)
        text = Path(folder, "kernel.c")
        text.write_bytes(source())
        subprocess.run(
            [*compiler, *FLAGS, "-o", str(made), str(text), "-lm"],
            check=True,
            capture_output=True,
            text=True,
            timeout=_LIMIT_SECONDS,
        )
        Kernel(made)
        made.replace(path)


def main() -> int:
    """Compile the kernel, and print its location or why there is none.

    The exit code is always 0, because the kernel is optional.
    """
    path = library_path()
    if path is None:
        say(f"The kernel is not compiled: {VARIABLE} is {OFF}.")
        return 0
    # The default name contains the digest of the source.
    if os.environ.get(VARIABLE) or not path.is_file():
        try:
            compiled(path)
        except (OSError, subprocess.SubprocessError) as error:
            lines = str(getattr(error, "stderr", None) or error).strip().splitlines()
            reason = lines[-1] if lines else type(error).__name__
            say(f"The kernel is not compiled; numpy computes the same states: {reason}")
            return 0
    say(f"The compiled kernel is {path}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
