"""Tables of others, a drafted configuration, and a planted fault: what a new user meets."""
