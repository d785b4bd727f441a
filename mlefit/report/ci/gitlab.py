"""GitLab's code-quality report: an issue for each outcome that did not pass."""

from __future__ import annotations

import hashlib
import json

from mlefit.results.check import CheckResult, Outcome

_SEVERITY = {"fail": "major", "error": "critical", "warn": "minor"}


def render(result: CheckResult) -> str:
    """The document, ending in a line break."""
    issues = [
        {
            "description": f"{_called(one)}: {one.message}",
            "check_name": f"mlefit.{one.type}",
            "fingerprint": _fingerprint(one),
            "severity": _SEVERITY[one.status],
            "location": {"path": _path(result), "lines": {"begin": one.line or 1}},
        }
        for one in result.outcomes
        if one.status in _SEVERITY
    ]
    return json.dumps(issues, indent=2, ensure_ascii=False) + "\n"


def _called(one: Outcome) -> str:
    return f"{one.name} {one.subject}".strip()


def _path(result: CheckResult) -> str:
    """Where a person would change the gate: the checks file, else the baseline, else the data."""
    if result.checks_file is not None:
        return result.checks_file
    if result.baseline is not None:
        return result.baseline.source
    return "" if result.today is None else result.today.source


def _fingerprint(one: Outcome) -> str:
    """The same for the same check of every day, so that GitLab sees it come and go."""
    name = f"{one.type}\0{_called(one)}".encode("utf-8", "backslashreplace")
    return hashlib.sha256(name).hexdigest()[:32]
