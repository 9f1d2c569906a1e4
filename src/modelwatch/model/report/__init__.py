"""Past runs computed again, and single predictions traced."""
