"""Windows and references of a plan, among stored states."""
