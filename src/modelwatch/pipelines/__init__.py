"""The steps of a run: read, plan, aggregate, evaluate, write."""
