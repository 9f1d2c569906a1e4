"""Tables and a monitor over them as faults find them, made once for all that want the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scripts.soak.fault import must
from scripts.soak.reader import Reader, Seen
from scripts.soak.world import World

OPEN, NEW = (1, 2, 3), 4
"""Days that a run has seen, and the day that the next one is to add."""
AS_OF = NEW + 1
"""The day as of which the next run is made."""


@dataclass(frozen=True)
class Prepared:
    """Tables with a run over some of their days, and what is seen before and after the next."""

    reader: Reader
    world: World
    kept: Path
    before: Seen
    after: Seen

    @property
    def command(self) -> list[str]:
        """The next run."""
        return self.world.command(AS_OF)

    def restore(self) -> None:
        """Bring tables and results back as they were kept."""
        self.world.bring_back(self.kept)
        self.reader.forget()


def prepare(reader: Reader, folder: Path, *, labelled: bool) -> Prepared:
    """Tables in a folder. Without labels and segments, a run costs half as much."""
    world = World(folder / "tables")
    if not labelled:
        for section in ("performance", "labels", "segments"):
            del world.config[section]
    world.open(*OPEN)
    must(reader.run(world.command(NEW)) in (0, 1), "the first run failed")
    before = reader.seen(world.output)
    world.open(NEW)
    world.keep(folder / "kept")
    must(reader.run(world.command(AS_OF)) in (0, 1), "the undisturbed run failed")
    after = reader.seen(world.output)
    must(before != after, "the undisturbed run changed nothing")
    return Prepared(reader, world, folder / "kept", before, after)
