"""Compare every statistic with an oracle on random draws; print the largest error of each.

Run: python -m scripts.oracles [--quick] [--draws 1000] [--seconds 1500] [--seed 19] [--page]
Exit code 1 if an error exceeds its bound.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path

import numpy as np

# States are built with the functions of the tests, row by row.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

from scripts.oracles import drift, inference, performance, tests
from scripts.oracles.draws import NUMBERS, SCORES
from scripts.oracles.errors import Errors

QUICK = 60
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "oracles.md"
HEAD = """# Statistics compared with oracles

Written by `make oracles ARGS=--page`. Each row is one metric on random draws of difficult
distributions: how often it was compared with its oracle, how often it is undefined although the
oracle has a value, how often its bound is unknown, and the largest error relative to its bound.
*Error / bound* is the error divided by the sum of bound and rounding, and at most 1.
[Statistics](statistics.md) defines the bound of each statistic.
"""


def one_draw(errors: Errors, seed: int, number: int) -> None:
    """One draw of each group of statistics; distributions alternate."""
    random = np.random.default_rng([seed, number])
    numbers, scores = list(NUMBERS), list(SCORES)
    drift.numbers(errors, random, numbers[number % len(numbers)])
    drift.categories(errors, random)
    drift.blocks(errors, random)
    performance.binary(errors, random, scores[number % len(scores)])
    performance.multiclass(errors, random)
    performance.regression(errors, random, numbers[number % len(numbers)])
    tests.tails(errors, random)
    apart = np.random.default_rng([seed, number, 1])
    for inferred in (
        inference.shares,
        inference.strata,
        inference.pairs,
        inference.days,
        inference.areas,
    ):
        inferred(errors, apart)


def main() -> int:
    """Draw until there are enough draws or the time is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=1500.0)
    parser.add_argument("--seed", type=int, default=19)
    parser.add_argument("--page", action="store_true", help=f"also write {PAGE.name}")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} draws")
    options = parser.parse_args()
    wanted = QUICK if options.quick else options.draws
    errors, done, begin = Errors(), 0, time.monotonic()
    with warnings.catch_warnings():
        # Oracles warn about inputs that are intentional here.
        warnings.simplefilter("ignore")
        while done < wanted and time.monotonic() - begin < options.seconds:
            one_draw(errors, options.seed, done)
            done += 1
    found = f"{errors.table()}\n\n{done} draws of {wanted}, seed {options.seed}."
    print(found)
    if options.page:
        PAGE.write_text(f"{HEAD}\n{found}\n", encoding="utf-8")
    if errors.broken:
        print(f"Beyond their bounds, or never compared: {', '.join(errors.broken)}")
    return 1 if errors.broken or done < wanted else 0


if __name__ == "__main__":
    sys.exit(main())
