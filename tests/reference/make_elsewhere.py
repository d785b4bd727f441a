"""Write elsewhere.json: the densities that R has at the calls which mlefit prints for it.

    python -m tests.reference.make_elsewhere        (from the root, some seconds)

R is given each call as it stands, with x, and trials where the family has them. Calls that
are no densities (what a fitting function names its estimates) and packages that are not
installed are left out, and listed.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.reference.elsewhere import TRIALS, Case, cases, places

OUTPUT = Path(__file__).parent / "elsewhere.json"
CLASSES = ("categorical", "ordinal")

_HEAD = """options(digits = 17, warn = -1)
show <- function(values) {
  cat(paste(sprintf("%.17g", as.numeric(values)), collapse = " "), "\\n", sep = "")
}
"""


def main() -> None:
    asked = [case for case in cases("R") if ": " not in case.record.call.partition("(")[0]]
    asked = [case for case in asked if case.family.name not in CLASSES]
    packages = sorted({found for case in asked for found in re.findall(r"(\w+)::", case.call)})
    present = {name: version for name in packages if (version := _version(name))}
    missing = [name for name in packages if name not in present]
    kept = [case for case in asked if not any(f"{name}::" in case.call for name in missing)]
    lines = _run(_HEAD + "".join(_line(case) for case in kept)).splitlines()
    assert len(lines) == len(kept)
    record = {
        "command": "python -m tests.reference.make_elsewhere",
        "program": _run("cat(R.version.string)"),
        "packages": present,
        "missing": missing,
        "cases": [_entry(case, line) for case, line in zip(kept, lines, strict=True)],
    }
    OUTPUT.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _line(case: Case) -> str:
    x = ", ".join(map(repr, places(case).tolist()))
    return f"x <- c({x}); trials <- {TRIALS}; show({case.call})\n"


def _entry(case: Case, line: str) -> dict[str, Any]:
    return {
        "family": case.family.label,
        "call": case.call,
        "x": places(case).tolist(),
        "density": [float(number) for number in line.split()],
    }


def _version(package: str) -> str:
    return _run(f'cat(tryCatch(as.character(packageVersion("{package}")), error = function(e) ""))')


def _run(script: str) -> str:
    done = subprocess.run(
        ["Rscript", "-"], input=script, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


if __name__ == "__main__":
    main()
