"""Any command of modelwatch as a task, with secrets in variables of its environment.

``with_secrets.py SCOPE [VARIABLE=KEY ...] COMMAND ...``: each variable gets the secret of a key of
the scope. On serverless compute a task has no other way to them.
"""

from __future__ import annotations

import os
import sys
from itertools import takewhile

from databricks.sdk.runtime import dbutils

from modelwatch.cli import main

if __name__ == "__main__":
    scope, *words = sys.argv[1:]
    pairs = [*takewhile(lambda word: "=" in word, words)]
    for variable, key in (pair.split("=", 1) for pair in pairs):
        os.environ[variable] = dbutils.secrets.get(scope, key)
    sys.exit(main(words[len(pairs) :]))
