"""Fingerprints of a configuration: a change of one makes stored results stale."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from typing import Any

from modelwatch.model.config.monitor import MonitorConfig


def config_fingerprint(config: MonitorConfig) -> str:
    """Fingerprint of the whole configuration, without comments and layout. SHA-256, hexadecimal."""
    return _sha256(config.model_dump(mode="json"))


def states_fingerprint(config: MonitorConfig) -> str:
    """Fingerprint of what the states of days depend on. If it changes, all days are computed
    again."""
    whole = config.model_dump(mode="json")
    keys = ("time_zone", "inputs", "predictions", "features", "segments", "pairs")
    parts = {key: whole[key] for key in keys}
    # `top` limits the pairs that are written, and does not affect their states.
    parts["pairs"] = {key: value for key, value in whole["pairs"].items() if key != "top"}
    # Neither the name of the reference nor how windows are compared with it affects the states.
    rows = {"days", "table", "version", "day"}
    fitted = config.binning_reference.model_dump(mode="json", include=rows)
    parts["binning"] = {**whole["binning"], "reference": fitted}
    return _sha256(_without_idle(config, parts) | _apart(config, ("inputs", "predictions")))


def _without_idle(config: MonitorConfig, parts: dict[str, Any]) -> dict[str, Any]:
    """Keys that were added later are left out if they are not set, because the states are the
    same."""
    for section in ("features", "predictions"):
        for options in ((parts[section] or {}).get("columns") or {}).values():
            if not options["sensitive"]:
                del options["sensitive"]
    if not any(options.sensitive for options in config.features.columns.values()):
        del parts["features"]["salt_env"]
    return parts


def _apart(config: MonitorConfig, tables: Collection[str]) -> dict[str, Any]:
    """The rules that keep rows out of the states; empty if there are none."""
    rules = [rule for rule in config.rules if rule.table in tables and rule.sets_apart]
    excluded = {"description", "tolerance"}
    return {"rules": [r.model_dump(mode="json", exclude=excluded) for r in rules]} if rules else {}


def evaluation_fingerprint(config: MonitorConfig) -> str:
    """Fingerprint of the evaluation of states. If it changes, all windows are evaluated again."""
    whole = config.model_dump(mode="json")
    thresholds = config.effective_thresholds
    return _sha256(
        {
            "windows": whole["windows"],
            "references": _references(whole),
            "thresholds": thresholds,
            "top_pairs": config.pairs.top,
            "judged": _judged(config),
        }
    )


def labels_fingerprint(config: MonitorConfig) -> str | None:
    """Fingerprint of what performance states depend on, including states of features.

    None without labels. If it changes, the performance of all days is computed again.
    """
    if config.labels is None or config.performance is None:
        return None
    whole = config.model_dump(mode="json")
    performance = dict(whole["performance"])
    performance["values"] = whole["performance"]["values"]["expressions"]
    del performance["attributed_metrics"]
    return _sha256(
        {
            "states": states_fingerprint(config),
            "labels": whole["labels"],
            "performance": performance,
            "challengers": whole["challengers"],
            **_apart(config, ("labels",)),
        }
    )


def performance_fingerprint(config: MonitorConfig) -> str | None:
    """Fingerprint of the evaluation of performance states; None without labels."""
    if config.labels is None or config.performance is None:
        return None
    whole = config.model_dump(mode="json")
    return _sha256(
        {
            "windows": whole["windows"],
            "references": _references(whole),
            "cells": config.performance.values.cells,
            "attributed_metrics": whole["performance"]["attributed_metrics"],
            "comparison": whole["comparison"],
            "judged": _judged(config),
            "thresholds": {
                key: threshold.threshold for key, threshold in config.performance_thresholds.items()
            },
        }
    )


def _judged(config: MonitorConfig) -> dict[str, Any]:
    """How metric values become verdicts. Missing days are checked in every run anyway."""
    excluded = {"late_days", "holidays", "performance"}
    return config.verdicts.model_dump(mode="json", exclude=excluded)


def _references(whole: dict[str, Any]) -> list[dict[str, Any]]:
    """The references by their days; days of growing references are determined by the table."""
    return [
        {key: value for key, value in one.items() if key != "first_days"}
        for one in whole["references"]
    ]


def _sha256(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
