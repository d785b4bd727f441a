"""Every system there is: the records of the files of this package."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path

from mlefit.translations._system import Translator

_FIRST = ("sklearn", "glum", "glmnet", "statsmodels", "torch", "xgboost", "lightgbm", "brms")


@cache
def systems() -> tuple[Translator, ...]:
    """Every system, library by library, in the order of the table."""
    folder = str(Path(__file__).parent)
    names = [m.name for m in pkgutil.iter_modules([folder]) if not m.name.startswith("_")]
    ordered = sorted(names, key=lambda name: (*_FIRST, name).index(name))
    modules = (importlib.import_module(f"mlefit.translations.{name}") for name in ordered)
    return tuple(system for module in modules for system in module.SYSTEMS)
