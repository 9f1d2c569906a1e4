"""What the actions of commits show of the rows of a table."""

from __future__ import annotations

from typing import Any

from modelwatch.io.delta.log import loses_rows


def file(path: str, offset: int | None = None) -> dict[str, Any]:
    """A file, without the rows of a vector that stands somewhere in the file of vectors."""
    vector = {"storageType": "u", "pathOrInlineDv": "vectors", "offset": offset}
    held = {} if offset is None else {"deletionVector": vector}
    return {"path": path, "dataChange": True, **held}


def commit(*actions: dict[str, Any], by: str = "somebody") -> list[dict[str, Any]]:
    return [{"commitInfo": {"userMetadata": by}}, *actions]


DELETED = commit({"remove": file("a")}, {"add": file("a", 1)})


def test_a_deletion_loses_rows_and_taking_it_back_finds_them_again() -> None:
    restored = commit({"remove": file("a", 1)}, {"add": file("a")})
    assert loses_rows([DELETED], "us")
    assert not loses_rows([DELETED, restored], "us")


def test_vectors_in_one_file_are_distinguished_by_where_they_begin() -> None:
    assert loses_rows([commit({"remove": file("a", 1)}, {"add": file("a", 9)})], "us")


def test_own_commits_and_compactions_lose_nothing() -> None:
    compacted = {"remove": {**file("a"), "dataChange": False}}
    assert not loses_rows([commit({"remove": file("a")}, by="us"), commit(compacted)], "us")
