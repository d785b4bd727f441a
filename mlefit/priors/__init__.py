"""The priors. A prior is one more addend of the log-likelihood; a file here is a prior everywhere.

How to add a prior: copy a file like it, write the docstring first, give `parameters`,
`log_density`, `slope` and `curvature` of its smooth part, for a corner `corner_weight`, and
where the log-density is not concave `wide`; a prior of all coefficients together gives
`of_information` instead, as `jeffreys` does. Then add points to
tests/priors/test_contract.py and run `pytest tests/priors`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlefit.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from mlefit.priors._base import Prior

NAMES = tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


def load(name: str) -> type[Prior]:
    """The prior with this name.

    Raises:
        UsageError: there is none.
    """
    if name not in NAMES:
        raise UsageError(
            f"no prior '{name}'",
            "priors: " + ", ".join(NAMES),
            tries=[f"--prior '{load(close).usage()}'" for close in did_you_mean(name, NAMES)],
        )
    prior: type[Prior] = importlib.import_module(f"{__name__}.{name}").PRIOR
    return prior


def every() -> Iterator[type[Prior]]:
    """All priors, in the order of their names."""
    return (load(name) for name in NAMES)
