"""Rules for rows, and the rows that break them."""
