"""First contact of a new user: unknown tables, a drafted configuration, and an injected fault."""
