"""The command line: flags in, one library call, a report out.

`app` is the root; importing it imports no command, and no command imports
anything numerical before it runs.
"""

from __future__ import annotations

from mlefit.cli._root import app

__all__ = ["app"]
