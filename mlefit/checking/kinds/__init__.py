"""The checks. A file here is a check everywhere: in checks files, in the list, in completion.

How to add one: copy a file like it, say what it measures in `quantities`, observe, and give its
levels without a checks file in `by_default`, if it should be run then. Then add a row to
tests/checking/test_kinds.py.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlefit.checking._base import Check

NAMES = tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


def load(name: str) -> Check:
    """The check with this name, one of `NAMES`."""
    check: Check = importlib.import_module(f"{__name__}.{name}").CHECK
    return check


def every() -> Iterator[Check]:
    """All checks, in the order in which a report has them."""
    return iter(sorted(map(load, NAMES), key=lambda check: (check.order, check.name)))
