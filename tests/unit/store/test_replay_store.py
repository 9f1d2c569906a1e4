"""A replay reads the models of the past run, and writes its own beside its tables."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from modelwatch.io.store.replay_store import ReplayStore
from modelwatch.model.sources.tables import OutputAddress


@pytest.mark.parametrize("place", [None, "s3a://lake/fitted"])
def test_it_reads_the_models_of_the_output_and_writes_others(place: str | None) -> None:
    no_session: Any = None
    output = OutputAddress(path="s3a://lake/results")
    scratch = OutputAddress(path="s3a://lake/scratch")
    store = ReplayStore(no_session, output, scratch, ["run"], datetime.now(timezone.utc))
    assert store.stored_models(place) == (place or "s3a://lake/results/models")
    assert store.models(place) == "s3a://lake/scratch/models"
