"""Data contracts, and the constraints that check them."""
