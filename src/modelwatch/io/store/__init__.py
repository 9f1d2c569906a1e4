"""Output tables and views."""
