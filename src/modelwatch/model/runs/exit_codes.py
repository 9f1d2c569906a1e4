"""Exit codes of runs and commands."""

from __future__ import annotations

EXIT_SUCCESS = 0
"""Nothing to report."""
EXIT_ATTENTION = 1
"""Something needs attention."""
EXIT_FAILED = 2
"""The run or command failed."""
EXIT_UNDECIDED = 3
"""The evidence does not suffice for an answer."""
