"""The signs of mathematics in letters of ASCII: what a blackboard needs and a log file has not."""

from __future__ import annotations

import re

_LETTERS = "αβγδεηθκλμνξπρστφχψωΓΦℓ∂"
_WORDS = """alpha beta gamma delta epsilon eta theta kappa lambda mu nu xi pi rho sigma tau phi chi
psi omega Gamma Phi logL d"""
_NAMES = dict(zip(_LETTERS, _WORDS.split(), strict=True))
_SIGNS = {
    "−": "-",
    "×": "x",
    "→": "->",
    "←": "<-",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "½": "1/2 ",
    "…": "...",
    "∞": "inf",
    "\N{PRIME}": "'",
    "\N{COMBINING CIRCUMFLEX ACCENT}": "_hat",
    "ĝ": "g_hat",
    "±": "+-",
    "é": "e",
}
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"
_SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"


def in_ascii(text: str) -> str:
    """Formulas without a sign beyond ASCII; what is none of mathematics stays as it is."""
    text = re.sub(rf"[{_SUPERSCRIPTS}]+", _power, text)
    text = re.sub(rf"[{_SUBSCRIPTS}]", lambda m: str(_SUBSCRIPTS.index(m[0])), text)
    text = (
        text.replace("ₙ", "_n").replace("ᵢ", "_i").replace("\N{COMBINING CIRCUMFLEX ACCENT}n", "")
    )
    text = re.sub(r"√(?!\()", "sqrt ", text).replace("√", "sqrt")
    text = re.sub(r"(?<=[0-9])Σ", " Σ", text)
    text = re.sub(r"Σ ?", "sum ", text)
    for sign, word in _SIGNS.items():
        text = text.replace(sign, word)
    # between digits the middle dot is a product; elsewhere the report's own sign
    text = text.replace("·", "*")
    return _spelt(text)


def _power(match: re.Match[str]) -> str:
    digits = "".join("0123456789-"[_SUPERSCRIPTS.index(sign)] for sign in match[0])
    return f"^{digits}"


def _spelt(text: str) -> str:
    """Greek letters by their names, with a blank where they would run into a word."""
    found: list[str] = []
    for sign in text:
        name = _NAMES.get(sign)
        if name is None:
            found.append(sign)
            continue
        before = found[-1][-1:] if found else ""
        glue = " " if before.isalnum() and found[-1] != "d" else ""
        found.append(glue + name)
    return "".join(found)
