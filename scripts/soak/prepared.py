"""Tables and a monitor over them, prepared once for all faults that need the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scripts.soak.fault import must
from scripts.soak.reader import Reader, Seen
from scripts.soak.world import World

OPEN, NEW = (1, 2, 3), 4
"""Number of days, of which the first run computes all but the last."""
AS_OF = NEW + 1
"""The day as of which the next run is."""


@dataclass(frozen=True)
class Prepared:
    """Tables with a published run, and the contents of the views before and after the next run."""

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
        """Restore tables and results."""
        self.world.bring_back(self.kept)
        self.reader.forget()


def prepare(reader: Reader, folder: Path, *, labelled: bool) -> Prepared:
    """Prepare tables in a folder. Without labels and segments, a run takes half as long."""
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
