"""Names and levels come from data, so they may hold anything; a report must not obey them."""

from __future__ import annotations

import re

# Control characters, escape codes, direction overrides, invisible signs, and
# halves of characters (bytes of a path that are not UTF-8).
UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)

_ASCII_SIGNS = str.maketrans({"\N{MIDDLE DOT}": "|", "\N{RIGHTWARDS ARROW}": "->"})


def clean(text: str, *, ascii_only: bool = False) -> str:
    r"""The text on one line, with what would steer a terminal shown as `\xNN` or `\uNNNN`."""
    printable = UNPRINTABLE.sub(_code, text)
    if not ascii_only:
        return printable
    return printable.translate(_ASCII_SIGNS).encode("ascii", "backslashreplace").decode("ascii")


def _code(match: re.Match[str]) -> str:
    number = ord(match[0])
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
