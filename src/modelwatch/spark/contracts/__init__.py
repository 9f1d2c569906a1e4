"""Data contracts and the constraints that they are checked by."""
