"""Other tools, measured in an environment of their own, ``.venv-peers``."""
