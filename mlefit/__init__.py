"""Maximum likelihood at the shell.

Rows contribute log-densities; their sum is the log-likelihood; its maximum is
the estimate; its curvature is the standard error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlefit.checking.gate import check
    from mlefit.comparison.comparing import compare
    from mlefit.documents import read
    from mlefit.fitting import fit
    from mlefit.prediction.predicting import predict
    from mlefit.prediction.simulating import simulate

__all__ = ["__version__", "check", "compare", "fit", "predict", "read", "simulate"]

__version__ = "0.1.0"

_HOMES = {
    "check": "checking.gate",
    "compare": "comparison.comparing",
    "fit": "fitting",
    "read": "documents",
    "predict": "prediction.predicting",
    "simulate": "prediction.simulating",
}


def __getattr__(name: str) -> object:
    """Load a function only when it is asked for: importing mlefit must not import numpy."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"mlefit.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
