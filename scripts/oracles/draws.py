"""Random samples of distributions that are difficult for statistics."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Draw = Callable[[np.random.Generator, int], np.ndarray]

NUMBERS: dict[str, Draw] = {
    "normal": lambda r, n: r.normal(size=n),
    "ties": lambda r, n: np.round(r.normal(size=n), 1),
    "spike": lambda r, n: np.where(r.random(n) < 0.4, 0.0, r.normal(size=n)),
    "far clusters": lambda r, n: r.normal(size=n) + 1e6 * (r.random(n) < 0.3),
    "lognormal sd 3": lambda r, n: np.exp(3.0 * r.normal(size=n)),
    "t1": lambda r, n: r.standard_t(1, n),
    "Pareto .5": lambda r, n: r.pareto(0.5, n),
    "exponential, one far row": lambda r, n: np.append(r.exponential(10.0, n - 1), 1e4),
    "near-constant": lambda r, n: 5.0 + 1e-9 * r.normal(size=n),
    "constant": lambda r, n: np.full(n, 3.0),
    "1e300": lambda r, n: 1e300 * r.normal(size=n),
    "integers": lambda r, n: r.poisson(3.0, n).astype(np.float64),
    "many integers": lambda r, n: np.round(r.gamma(1.0, 300.0, n)),
}
"""Samples of about n values, by name of their distribution."""


def two_samples(random: np.random.Generator, draw: Draw) -> tuple[np.ndarray, np.ndarray]:
    """A current and a reference sample, from one distribution, or shifted, or scaled."""
    reference = draw(random, int(random.integers(30, 1500)))
    current = draw(random, int(random.integers(5, 800)))
    change = random.integers(4)
    if change == 1:
        current = current * (1.0 + 0.5 * random.random())
    elif change == 2:
        spread = float(np.subtract(*np.quantile(current / 2.0, [0.75, 0.25])))
        current = current + spread * random.random()
    elif change == 3:
        current = random.permutation(current)[: max(2, len(current) // 10)]
    return current, reference


def words(random: np.random.Generator) -> tuple[list[str], list[str]]:
    """Two samples of categories, some of them frequent, many rare, and in half of the draws some
    unseen."""
    kinds = int(random.integers(2, 400))
    chance = random.dirichlet(np.full(kinds, random.choice([0.05, 0.3, 2.0])))
    other = chance if random.random() < 0.5 else random.dirichlet(50.0 * chance + 0.05)
    names = np.array([f"w{i}" for i in range(kinds)])
    sides = [
        random.choice(names, size=int(random.integers(20, 2000)), p=p / p.sum())
        for p in (other, chance)
    ]
    if random.random() < 0.5:
        known = sides[0][np.isin(sides[0], sides[1])]
        sides[0] = known if len(known) else sides[1]
    return sides[0].tolist(), sides[1].tolist()


def _rare(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    rows = int(random.integers(10_000, 20_000))
    label = np.zeros(rows, dtype=np.int64)
    label[: max(1, rows // 10_000)] = 1
    score = np.clip(random.beta(1.0, 50.0, rows) + 0.2 * label * random.random(rows), 0.0, 1.0)
    return label, score


def _usual(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    rows = int(random.integers(20, 600))
    truth = random.normal(size=rows)
    label = (random.random(rows) < 1.0 / (1.0 + np.exp(-truth))).astype(np.int64)
    return label, 1.0 / (1.0 + np.exp(-(truth + random.normal(size=rows))))


def _coarse(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    label, score = _usual(random)
    return label, np.round(score, 1)


def _one_class(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    label, score = _usual(random)
    return np.full_like(label, int(random.integers(2))), score


def _equal(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    label, score = _usual(random)
    return label, np.full_like(score, score[0])


def _extreme(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    label, score = _usual(random)
    return label, np.where(random.random(len(score)) < 0.3, np.round(score), score**8)


SCORES: dict[str, Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray]]] = {
    "usual scores": _usual,
    "few scores": _coarse,
    "one class": _one_class,
    "all scores equal": _equal,
    "scores at 0 and 1": _extreme,
    "imbalance 1:10,000": _rare,
}
"""Labels 0 and 1, and scores in [0, 1], by name of their distribution."""
