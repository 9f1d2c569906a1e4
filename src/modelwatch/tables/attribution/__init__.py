"""Where and why performance changed."""
