"""Whether two programs found the same maximum."""

from __future__ import annotations

import json

from compare import FailedError

Answer = dict[str, float]


def ours(output: str) -> Answer:
    """Coefficients and parameters of mlefit's JSON document, on a path those of every step."""
    document = json.loads(output)
    found = {
        f"{row['parameter']} {row['term'] or ''}".strip(): row["estimate"]
        for row in document["coefficients"]
    }
    found |= {row["parameter"]: row["estimate"] for row in document["parameters"]}
    path = document.get("path") or {"steps": []}
    for number, step in enumerate(path["steps"], 1):
        for name, value in zip(path["terms"], step["estimates"], strict=True):
            found[f"{number} {name.replace(':', ' ')}"] = value
    return found


def theirs(output: str) -> Answer:
    """The lines of a peer that are a name, a tab and a value."""
    rows = (line.split("\t") for line in output.splitlines() if line.count("\t") == 1)
    return {name: float(value) for name, value in rows}


def difference(mine: Answer, other: Answer) -> float:
    """The largest difference of what the other tells: absolute below 1, relative above.

    Raises:
        FailedError: it tells nothing, or something that mlefit does not.
    """
    if not other:
        raise FailedError("no coefficient in its answer")
    if unknown := sorted(set(other) - set(mine)):
        raise FailedError(f"mlefit has no coefficient {unknown[0]!r}")
    return max(abs(mine[name] - value) / max(1, abs(mine[name])) for name, value in other.items())
