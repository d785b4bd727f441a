"""Maximum likelihood at the shell.

Rows contribute log-densities; their sum is the log-likelihood; its maximum is
the estimate; its curvature is the standard error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlefit.comparing import compare
    from mlefit.fitting import fit

__all__ = ["__version__", "compare", "fit"]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Load a function only when it is asked for: importing mlefit must not import numpy."""
    if name == "compare":
        from mlefit.comparing import compare

        return compare
    if name == "fit":
        from mlefit.fitting import fit

        return fit
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
