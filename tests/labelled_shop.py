"""A shop that learns what became of its predictions, and a monitor that holds them against it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from shop import Shop, config_of, day, labels_section

ROWS = 80
DELAY = 3
REGIONS = ("north", "south", "west")


@dataclass(frozen=True)
class Truth:
    """Scores, labels and amounts of a day."""

    score: np.ndarray
    label: np.ndarray
    amount: np.ndarray


def truth(of: date) -> Truth:
    random = np.random.default_rng(of.toordinal())
    score = random.beta(2, 3, ROWS)
    label = (random.random(ROWS) < score).astype(int)
    return Truth(score, label, random.integers(1, 100, ROWS).astype(float))


def labels_of(
    of: date, rows: range = range(ROWS), *, flipped: bool = False, after: int = 1
) -> pa.Table:
    """Labels of some predictions of a day, known some days after it."""
    label = truth(of).label[rows.start : rows.stop]
    return pa.table(
        {
            "id": [f"{of}-{i}" for i in rows],
            "day": pa.array([of] * len(rows), pa.date32()),
            "label": pa.array(1 - label if flipped else label),
            "known": pa.array([of + timedelta(days=after)] * len(rows), pa.date32()),
        }
    )


@dataclass
class LabelledShop(Shop):
    """A shop that learns what came true."""

    def open(self, *days: date) -> None:
        """Days of business."""
        for of in days:
            known = truth(of)
            ids = [f"{of}-{i}" for i in range(ROWS)]
            days_of = pa.array([of] * ROWS, pa.date32())
            regions = [REGIONS[i % 3] for i in range(ROWS)]
            amount = pa.array(known.amount)
            self.add(
                "inputs",
                pa.table({"id": ids, "day": days_of, "amount": amount, "region": regions}),
            )
            model = pa.array(["v1" if i % 4 else "v2" for i in range(ROWS)])
            score = pa.array(known.score)
            self.add(
                "predictions",
                pa.table({"id": ids, "day": days_of, "score": score, "model": model}),
            )
            rival = pa.array(1.0 - known.score[: ROWS // 2])  # wrong about everything
            shadow = {"id": ids[: ROWS // 2], "day": days_of[: ROWS // 2], "score": rival}
            self.add("shadow", pa.table(shadow))


def labelled_config(folder: Path, **sections: Any) -> dict[str, Any]:
    return config_of(
        folder,
        **{
            "features": {"include": ["amount", "region"]},
            "windows": ["day", {"name": "whole", "from": str(day(1)), "to": str(day(8))}],
            "references": [{"name": "start", "days": f"{day(1)}..{day(3)}"}],
            "binning": {"bins": 50},
            "labels": labels_section(str(folder / "labels"), DELAY),
            "performance": {
                "task": "binary",
                "score": "score",
                "decision": {"threshold": 0.5},
                "values": {
                    "true_positive": 10,
                    "false_positive": -4,
                    "expressions": {"lost": "if(label = 1 and decision = 0, amount, 0)"},
                },
            },
            "challengers": [
                {
                    "name": "shadow",
                    "table": {"path": str(folder / "shadow")},
                    "id": "id",
                    "day": {"column": "day"},
                    "score": "score",
                }
            ],
            "comparison": {"champion": "v1", "challenger": "v2", "expected_share": 0.5},
            **sections,
        },
    )
