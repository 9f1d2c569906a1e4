"""Texts that break out of where they are put, if anything lets them."""

from __future__ import annotations

HOSTILE: dict[str, str] = {
    "SQL": "x'; DROP TABLE runs; -- \\' OR 1=1 /* \" */",
    "backslashes": "\\\\'\\' \\u0027 \\n %_ \\%",
    "backticks": "a`b``c`; SELECT 1",
    "substitution": "${env:PATH} ${spark.master} ${system:user.name} $HOME {0} %s {{7*7}}",
    "HTML": "<script>alert(1)</script><img src=x onerror=alert(1)>&lt;\"'",
    "shell": "$(touch hacked) `touch hacked`; rm -rf / | & > /dev/null",
    "line ends": "one\ntwo\r\nthree\x0bfour\x85five\u2028six",
    "NUL": "before\x00after",
    "terminal": "\x1b[2J\x1b]0;title\x07\x08\x7f\x9b31m",
    "right to left": "\u202egnp.exe\u202c \u2066abc\u2069 \u200f",
    "path": "../../etc/passwd\x00.txt C:\\..\\..",
    "chat": "<!channel> <https://evil|here> *b* ```",
    "mail": "hello\r\nBcc: all@example.com\r\n\r\nbody",
    "formula": "=cmd|' /C calc'!A0",
    "YAML": "!!python/object/apply:os.system ['touch hacked'] &a *a <<: - ? |",
    "blank": " \t ",
    "marks": "Z\u0351\u0351\u0351\u0351 \ufeff \ufffe",
    "long": "1234567890abcdef" * (1 << 16),
}
"""By what they attack; the last is of a megabyte."""
