"""Text -> tokens, names -> text, and errors that mark the place in the text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

from mlefit.errors import UsageError
from mlefit.frozen import frozen


@frozen
class Span:
    """Where something stands in the original text: `text[start:end]`."""

    start: int
    end: int


_WINDOW = 30  # characters shown on each side of the mark


def marked(text: str, at: Span) -> tuple[str, str]:
    """The text around a place and, below it, a line of carets under the place."""
    start, end = max(0, at.start - _WINDOW), max(at.end, at.start + 1)
    before = ("..." if start else "") + _printable(text[start : at.start])
    here = _printable(text[at.start : min(end, at.start + _WINDOW)])
    after = _printable(text[end : end + _WINDOW]) + ("..." if end + _WINDOW < len(text) else "")
    return before + here + after, " " * _width(before) + "^" * max(1, _width(here))


def syntax_error(problem: str, text: str, at: Span, *more: str) -> UsageError:
    """An error, for the caller to raise, whose evidence marks the place and then says `more`."""
    return UsageError(problem, *marked(text, at), *more)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _width(text: str) -> int:
    """Terminal columns: two for wide characters, none for combining ones."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


@frozen
class Token:
    """One word of the text: `value` is what it means (a name without its backticks)."""

    kind: str
    value: str
    at: Span


_PATTERN = re.compile(
    r"""(?P<space>\s+)
    | (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<quoted>`[^`]*(?:``[^`]*)*`)
    | (?P<text>'[^']*(?:''[^']*)*'|"[^"]*(?:""[^"]*)*")
    | (?P<symbol>\*\*|[<>=!]=|%in%|[-+*/^()<>,=~:|])""",
    re.VERBOSE,
)
_QUOTED_KEY = re.compile(r"""\[\s*('[^']*(?:''[^']*)*'|"[^"]*(?:""[^"]*)*")\s*\]""")


def tokenize(text: str) -> Iterator[Token]:
    """The words of an expression or formula, then one token of kind "end".

    Kinds: number, name, quoted (a name in backticks), text, key (`[...]`), symbol, end.
    Which symbols mean what is not known here, so formulas share it.

    Raises:
        UsageError: a character that belongs to no word, or a quote or bracket left open.
    """
    start = 0
    while start < len(text):
        match = _PATTERN.match(text, start)
        if match and match.lastgroup:
            kind, end, value = match.lastgroup, match.end(), _unquoted(match[0])
        elif (end := _name_end(text, start)) > start:
            kind, value = "name", text[start:end]
        elif text[start] == "[":
            kind = "key"
            end, value = _bracketed(text, start)
        else:
            raise _stray_character(text, start)
        if kind != "space":
            yield Token(kind, value, Span(start, end))
        start = end
    yield Token("end", "", Span(len(text), len(text)))


def _unquoted(word: str) -> str:
    mark = word[0]
    return word[1:-1].replace(mark * 2, mark) if mark in "`'\"" else word


def _name_end(text: str, start: int) -> int:
    """Where a bare name that begins at `start` ends; `start` itself if none begins there."""
    if not (text[start] == "." or text[start].isidentifier()):
        return start
    end = start + 1
    while end < len(text) and (text[end] == "." or ("_" + text[end]).isidentifier()):
        end += 1
    return end


def _bracketed(text: str, start: int) -> tuple[int, str]:
    """The end and the content of the bracket that opens at `start`."""
    if quoted := _QUOTED_KEY.match(text, start):
        return quoted.end(), _unquoted(quoted[1])
    open_brackets = 0
    for bracket in re.compile(r"[\[\]]").finditer(text, start):
        open_brackets += 1 if bracket[0] == "[" else -1
        if open_brackets == 0:
            return bracket.end(), text[start + 1 : bracket.start()].strip()
    raise syntax_error("the bracket is never closed", text, Span(start, start + 1))


def _stray_character(text: str, start: int) -> UsageError:
    here, character = Span(start, start + 1), text[start]
    if character in "`'\"":
        return syntax_error("the quote is never closed", text, here)
    called = unicodedata.name(character, ascii(character)).lower()
    return syntax_error(f"unexpected character {character!r} ({called})", text, here)


# All other columns, and the constant one: a column of such a name is told apart by backticks.
_TAKEN = (".", "Intercept")


def quote(name: str) -> str:
    """A column's name as it must be written in a formula: in backticks unless it is plain."""
    if (
        name
        and name not in _TAKEN
        and not re.match(r"\.?[0-9]", name)
        and _name_end(name, 0) == len(name)
    ):
        return name
    return "`" + name.replace("`", "``") + "`"


def respelt(text: str, name: str, better: str) -> str:
    """The same text with one column's name replaced, for a command that would work."""
    parts, start = [], 0
    for token, after in pairwise(tokenize(text)):
        called = after.value in ("(", "=")  # a function, or the ref= of C(g, ref='b')
        if token.kind in ("name", "quoted") and token.value == name and not called:
            parts += [text[start : token.at.start], quote(better)]
            start = token.at.end
    return "".join([*parts, text[start:]])
