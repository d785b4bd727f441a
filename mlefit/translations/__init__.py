"""One prior, many settings: what other libraries call the same penalty. Standard library only.

A file here is a library: its docstring states the objective it minimises, its `SYSTEMS`
are that objective as records. `_base` has the penalty of a prior on the summed NLL,
`_system` the units in which a system states it, `_reading` the words of a setting and
`_convert` the way through.

How to add a library: copy a file like it; write the objective first; let
tests/test_translations.py fit it there and compare the coefficients.
"""

from __future__ import annotations

from mlefit.translations._base import LINKS, MissingNumberError, PriorSpec, Strength, Translation
from mlefit.translations._convert import Conversion, convert, read_setting, settings_for
from mlefit.translations._registry import systems

__all__ = [
    "LINKS",
    "Conversion",
    "MissingNumberError",
    "PriorSpec",
    "Strength",
    "Translation",
    "convert",
    "read_setting",
    "settings_for",
    "systems",
]
