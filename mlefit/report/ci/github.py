"""GitHub's runner: annotations on the run, and the report in its summary.

A message escapes %, CR and LF, a property also : and , (the runner's workflow commands). The
runner shows ten annotations of a kind for each step, so the tenth says how many more there are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from mlefit.errors import DataError
from mlefit.report.clean import clean
from mlefit.results.check import CheckResult, Outcome

_MOST = 9
_SUMMARY_BYTES = 900_000
_COMMANDS = {"error": ("fail", "error"), "warning": ("warn",)}


def is_here(environ: Mapping[str, str]) -> bool:
    """Whether this runs in a GitHub workflow."""
    return environ.get("GITHUB_ACTIONS") == "true"


def commands(result: CheckResult, environ: Mapping[str, str]) -> str:
    """The workflow commands, one on each line; empty where all is well."""
    lines: list[str] = []
    for command, statuses in _COMMANDS.items():
        found = [one for one in result.outcomes if one.status in statuses]
        lines += [_command(command, one, result, environ) for one in found[:_MOST]]
        if len(found) > _MOST:
            lines.append(f"::{command}::{len(found) - _MOST} more: see the report of mlefit")
    return "".join(f"{line}\n" for line in lines)


def _command(command: str, one: Outcome, result: CheckResult, environ: Mapping[str, str]) -> str:
    properties = {"title": f"mlefit: {one.name} {one.subject}".strip()}
    if result.checks_file is not None and one.line is not None:
        properties |= {"file": _in_workspace(result.checks_file, environ), "line": str(one.line)}
    shown = ",".join(f"{key}={escaped_property(value)}" for key, value in properties.items())
    return f"::{command} {shown}::{escaped(chr(10).join(_sentences(one)))}"


def _sentences(one: Outcome) -> Iterator[str]:
    yield clean(one.message)
    yield from map(clean, one.evidence)


def _in_workspace(path: str, environ: Mapping[str, str]) -> str:
    """The path from the root of the repository, which annotations are shown at."""
    workspace = environ.get("GITHUB_WORKSPACE")
    return os.path.relpath(path, workspace) if workspace else path


def escaped(message: str) -> str:
    """A message as the runner reads it."""
    return message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escaped_property(value: str) -> str:
    """A property's value as the runner reads it."""
    return escaped(clean(value)).replace(":", "%3A").replace(",", "%2C")


def append_summary(text: str, environ: Mapping[str, str]) -> None:
    """Add Markdown to the summary of the step, if it has one.

    Raises:
        DataError: the file cannot take it.
    """
    path = environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    raw = text.encode()
    if len(raw) > _SUMMARY_BYTES:
        raw = raw[:_SUMMARY_BYTES].rpartition(b"\n")[0] + b"\n\n(cut: the report is longer)\n"
    try:
        with Path(path).open("ab") as file:
            file.write(raw + b"\n")
    except OSError as error:
        raise DataError(f"cannot write the summary '{path}': {error.strerror}") from error
