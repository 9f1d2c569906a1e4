"""Requirements of a promotion, and the decision."""
