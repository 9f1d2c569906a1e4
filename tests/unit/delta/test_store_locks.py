"""Writers of a table in a store that only puts, lists and removes files take turns."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock, Thread

import pytest

from modelwatch.io.delta import store_locks
from modelwatch.io.delta.locks import awaited_locks
from modelwatch.io.delta.store_locks import store_lock

BOUND_SECONDS = 60
DIFFERENCE_MS = 3_600_000
"""What the clock of the store is ahead of the machine's."""


class Listed:
    """A folder of a store, each of whose answers takes a while, before and after it is true."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.files: dict[str, int] = {}
        self._seconds = seconds
        self._one_at_a_time = Lock()

    def put(self, name: str) -> None:
        self._answer(lambda: self.files.__setitem__(name, self.now_ms()))

    def entries(self) -> dict[str, int]:
        found: list[dict[str, int]] = []
        self._answer(lambda: found.append(dict(self.files)))
        return found[0]

    def remove(self, name: str) -> None:
        self._answer(lambda: self.files.pop(name, None))

    def now_ms(self) -> int:
        return int(time.time() * 1000) + DIFFERENCE_MS

    def _answer(self, true: Callable[[], object]) -> None:
        time.sleep(random.random() * self._seconds)
        with self._one_at_a_time:
            true()
        time.sleep(random.random() * self._seconds)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_locks, "LOOK_SECONDS", 0.002)


def test_at_most_one_process_holds_the_lock_and_each_gets_it() -> None:
    folder, holding, seen = Listed(seconds=0.004), Lock(), []

    def write(number: int) -> None:
        for _ in range(5):
            with store_lock(folder, "runs"):
                assert holding.acquire(blocking=False)
                time.sleep(0.001)
                holding.release()
            seen.append(number)

    with ThreadPoolExecutor(6) as at_once:
        list(at_once.map(write, range(6)))
    assert sorted(seen) == sorted(list(range(6)) * 5)
    assert not folder.files


def test_what_a_dead_process_left_counts_no_more_after_a_while() -> None:
    folder = Listed()
    old = folder.now_ms() - int(store_locks.LEASE_SECONDS * 1000) - 2000
    folder.files["0-dead"] = old
    with store_lock(folder, "runs"):
        assert len(folder.files) == 1


def test_a_process_that_lives_keeps_the_lock_longer_than_its_lease(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store_locks, "LEASE_SECONDS", 0.5)
    monkeypatch.setattr(store_locks, "TOUCH_SECONDS", 0.02)
    folder, taken, signs = Listed(), Event(), set()

    def wait() -> None:
        with store_lock(folder, "runs"):
            taken.set()

    waiting = Thread(target=wait)
    with store_lock(folder, "runs"):
        waiting.start()
        end = time.monotonic() + BOUND_SECONDS
        while len(signs) < 60 and time.monotonic() < end:
            signs.add(awaited_locks().get("runs", 0))
        assert not taken.is_set()
    waiting.join()
    assert taken.is_set()
    assert len(signs) == 60
