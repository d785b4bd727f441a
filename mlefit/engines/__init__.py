"""Where the passes over the rows run. An engine adds up a function of blocks.

An engine is the file of its name here, which has a function `site`.
"""

from __future__ import annotations

import importlib

from mlefit.engines.contract import Site
from mlefit.errors import UsageError, did_you_mean

NAMES = ("local", "dask")


def site(name: str, scheduler: str | None = None, threads: int | None = None) -> Site:
    """The place that passes run at.

    Args:
        name: of the engine; what it needs is loaded now, and not before.
        scheduler: address of the scheduler of a cluster that is there.
        threads: at most so many of this machine; None for the cores this process may use.

    Raises:
        UsageError: no engine has this name, or it does not take these arguments.
        DataError: nothing answers there.
    """
    if name not in NAMES:
        close = did_you_mean(name, NAMES) or NAMES
        raise UsageError(f"no engine '{name}'", tries=[f"--engine {one}" for one in close])
    found: Site = importlib.import_module(f"{__name__}.{name}").site(scheduler, threads)
    return found
