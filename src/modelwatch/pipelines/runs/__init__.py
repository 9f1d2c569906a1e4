"""Runs: how one goes, ends and is recorded."""
