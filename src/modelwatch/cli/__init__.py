"""The command ``modelwatch``: arguments in, one call of a pipeline, an answer and an exit code out.

Each module contains the commands of one capability. A command imports Spark and the models of the
configuration only when it needs them, so that help and errors in arguments are fast.
"""

from modelwatch.cli.command_line import main

__all__ = ["main"]
