"""Other tools, measured in a separate environment, ``.venv-peers``."""
