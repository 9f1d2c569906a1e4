"""Fingerprints of a configuration: what makes stored results stale when it changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from typing import Any

from modelwatch.model.config.monitor import MonitorConfig


def config_fingerprint(config: MonitorConfig) -> str:
    """Of the whole configuration; comments and layout of the file don't count. SHA-256, hex."""
    return _sha256(config.model_dump(mode="json"))


def states_fingerprint(config: MonitorConfig) -> str:
    """Of what the states of the days depend on: with another one, all days are computed anew."""
    whole = config.model_dump(mode="json")
    keys = ("time_zone", "inputs", "predictions", "features", "segments", "pairs")
    parts = {key: whole[key] for key in keys}
    # `top` is how many pairs are written, which is no part of their states.
    parts["pairs"] = {key: value for key, value in whole["pairs"].items() if key != "top"}
    # How the reference is called is no matter, and how windows are compared with it neither.
    rows = {"days", "table", "version", "day"}
    fitted = config.binning_reference.model_dump(mode="json", include=rows)
    parts["binning"] = {**whole["binning"], "reference": fitted}
    return _sha256(_without_idle(config, parts) | _apart(config, ("inputs", "predictions")))


def _without_idle(config: MonitorConfig, parts: dict[str, Any]) -> dict[str, Any]:
    """Keys that came later are left out while they say nothing: the states are the same."""
    for section in ("features", "predictions"):
        for options in ((parts[section] or {}).get("columns") or {}).values():
            if not options["sensitive"]:
                del options["sensitive"]
    if not any(options.sensitive for options in config.features.columns.values()):
        del parts["features"]["salt_env"]
    return parts


def _apart(config: MonitorConfig, tables: Collection[str]) -> dict[str, Any]:
    """The rules by which rows are kept out of the states; nothing where there are none."""
    rules = [rule for rule in config.rules if rule.table in tables and rule.sets_apart]
    untold = {"description", "tolerance"}
    return {"rules": [r.model_dump(mode="json", exclude=untold) for r in rules]} if rules else {}


def evaluation_fingerprint(config: MonitorConfig) -> str:
    """Of what is asked of the states: with another one, all windows are evaluated anew."""
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
    """Of what the states of performance depend on, those of the features among it.

    None without labels. With another one, the performance of all days is computed anew.
    """
    if config.labels is None or config.performance is None:
        return None
    whole = config.model_dump(mode="json")
    performance = dict(whole["performance"])
    performance["values"] = whole["performance"]["values"]["expressions"]
    del performance["causes"]
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
    """Of what is asked of the states of performance; None without labels."""
    if config.labels is None or config.performance is None:
        return None
    whole = config.model_dump(mode="json")
    return _sha256(
        {
            "windows": whole["windows"],
            "references": _references(whole),
            "cells": config.performance.values.cells,
            "causes": whole["performance"]["causes"],
            "comparison": whole["comparison"],
            "judged": _judged(config),
            "thresholds": {
                key: threshold.threshold for key, threshold in config.performance_thresholds.items()
            },
        }
    )


def _judged(config: MonitorConfig) -> dict[str, Any]:
    """How figures become verdicts; days that are missing are looked at in every run anyway."""
    untold = {"late_days", "holidays", "performance"}
    return config.verdicts.model_dump(mode="json", exclude=untold)


def _references(whole: dict[str, Any]) -> list[dict[str, Any]]:
    """The references by their days: those of the first days have got them from the table."""
    return [
        {key: value for key, value in one.items() if key != "first_days"}
        for one in whole["references"]
    ]


def _sha256(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
