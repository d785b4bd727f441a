"""The command line as users meet it, in front of a core that answers what a test wants."""

from __future__ import annotations

import sys
import types
from dataclasses import dataclass, field
from typing import Any

import pytest
from typer.testing import CliRunner

import mlefit
from mlefit.cli import app
from mlefit.request import Request


@dataclass
class Core:
    """Stands for `mlefit.fitting`: remembers the request, returns or raises the answer."""

    answer: Any
    requests: list[Request] = field(default_factory=list)

    def run(self, request, log, progress=None):
        self.requests.append(request)
        log("reading")
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    def plan(self, request):
        return self.run(request, lambda line: None)


@pytest.fixture
def core(monkeypatch, poisson_result):
    stub = Core(poisson_result)
    module = types.ModuleType("mlefit.fitting")
    module.run, module.plan = stub.run, stub.plan  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mlefit.fitting", module)
    monkeypatch.setattr(mlefit, "fitting", module, raising=False)
    return stub


@pytest.fixture
def run(monkeypatch):
    """Run one command line: (exit code, stdout, stderr)."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    def invoke(*arguments: str, stdin: str = "", env: dict[str, str] | None = None):
        done = CliRunner(env=env).invoke(app, list(arguments), input=stdin)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    return invoke
