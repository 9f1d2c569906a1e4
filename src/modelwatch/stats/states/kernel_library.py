"""The compiled library of the kernel: its location and distribution.

``python -m modelwatch.io.session.kernel`` compiles it with the C compiler of the machine, into the
Python environment. Its name contains the digest of the source, so the library of another version is
never loaded. Functions for Python workers contain its bytes: a cluster with the same platform needs
no installation.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from modelwatch.log import LOG
from modelwatch.stats.states.kernel import Kernel

VARIABLE = "MODELWATCH_KERNEL"
"""Path of the library, instead of the usual one; ``off`` for none."""
OFF = "off"


@dataclass(frozen=True)
class KernelLibrary:
    """A compiled library, and the platform that it runs on."""

    content: bytes
    platform: str


def source() -> bytes:
    """The C source, from a package that may be an archive."""
    return files(__package__).joinpath("kernel.c").read_bytes()


def this_platform() -> str:
    """System and processor."""
    return f"{sys.platform}-{platform.machine()}-{'little' if sys.byteorder == 'little' else 'big'}"


def library_path(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The path of the library, whether it exists or not; None if it is turned off."""
    setting = environment.get(VARIABLE, "")
    if setting.strip().lower() == OFF:
        return None
    if setting:
        return Path(setting)
    digest = hashlib.sha256(source()).hexdigest()[:16]
    return Path(sys.prefix, "lib", "modelwatch", f"kernel-{digest}.so")


def installed_library() -> KernelLibrary | None:
    """The library of this environment; None if there is none, which is logged once."""
    return _read(library_path())


@lru_cache(maxsize=2)
def _read(path: Path | None) -> KernelLibrary | None:
    if path is None:
        LOG.info("states are counted by numpy: %s is %s", VARIABLE, OFF)
        return None
    if not path.is_file():
        LOG.info("states are counted by numpy: there is no compiled kernel at %s", path)
        return None
    library = KernelLibrary(path.read_bytes(), this_platform())
    if kernel_of(library) is None:
        return None
    LOG.debug("states are counted by the compiled kernel at %s", path)
    return library


@lru_cache(maxsize=2)
def kernel_of(library: KernelLibrary | None) -> Kernel | None:
    """The kernel in a library; None if it does not load here, which is logged once per process.

    The library is loaded from a separate file, which is then deleted.
    """
    if library is None:
        return None
    if library.platform != this_platform():
        LOG.info(
            "states are counted by numpy: the compiled kernel is for %s, and this is %s",
            library.platform,
            this_platform(),
        )
        return None
    with tempfile.TemporaryDirectory(prefix="modelwatch-kernel-") as folder:
        path = Path(folder, "kernel.so")
        path.write_bytes(library.content)
        try:
            return Kernel(path)
        except (OSError, AttributeError) as error:
            LOG.info("states are counted by numpy: the compiled kernel does not load: %s", error)
            return None
