"""Read, plan, aggregate, evaluate, write."""
