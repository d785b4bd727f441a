"""Imports point one way: from the command line down to links and errors."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "mlefit"
NUMERIC = {"numpy", "scipy"}

# module: (mlefit modules it may import, packages from outside)
MAY_IMPORT: dict[str, tuple[set[str], set[str]]] = {
    "__init__": ({"fitting"}, set()),
    "__main__": ({"__init__", "cli", "errors", "memory", "report"}, set()),
    "_types": (set(), NUMERIC),
    "errors": (set(), set()),
    "request": (set(), set()),
    "results": (set(), set()),
    "expression": ({"errors"}, set()),
    "formula": ({"errors", "expression"}, set()),
    "special": ({"_types"}, NUMERIC),
    "links": ({"_types", "errors"}, NUMERIC),
    "support": ({"_types"}, NUMERIC),
    "families": ({"_types", "errors", "special", "support"}, NUMERIC),
    "source": ({"errors", "memory"}, {"polars"}),
    "design": (
        {"_types", "errors", "expression", "families", "formula", "request", "source", "support"},
        {"numpy", "polars"},
    ),
    "engines": ({"design"}, NUMERIC),
    "likelihood": ({"_types", "design", "families", "links", "support"}, NUMERIC),
    "optimise": ({"_types"}, NUMERIC),
    "rank": ({"_types"}, NUMERIC),
    "pinball": ({"_types"}, NUMERIC),
    "existence": ({"_types", "design", "engines", "likelihood", "rank"}, NUMERIC),
    "memory": ({"errors"}, set()),
    "priors": ({"_types", "errors"}, NUMERIC),
    "translations": ({"errors"}, set()),
    "penalty": ({"_types", "design", "likelihood", "links", "priors"}, NUMERIC),
    "corners": ({"_types", "optimise"}, NUMERIC),
    "start": ({"_types", "design", "engines", "families", "likelihood"}, NUMERIC),
    "scale": ({"_types", "design", "engines", "errors", "families", "likelihood"}, NUMERIC),
    "refine": ({"_types", "design", "engines", "likelihood", "optimise"}, NUMERIC),
    "maximise": (
        {
            "_types", "design", "engines", "errors", "families", "likelihood", "optimise", "existence",
            "pinball", "rank", "refine", "corners", "penalty", "scale", "start",
        },
        NUMERIC,
    ),
    "inference": ({"_types", "design", "likelihood", "maximise"}, NUMERIC),
    "losses": (
        {"_types", "design", "families", "likelihood", "maximise", "optimise", "results"}, NUMERIC,
    ),
    "goodness": ({"_types", "design", "families", "losses", "maximise"}, NUMERIC),
    "specify": (
        {"design", "errors", "families", "formula", "links", "request", "support"}, NUMERIC,
    ),
    "influence": ({"_types", "design", "maximise"}, NUMERIC),
    "cautions": (
        {
            "_types", "design", "families", "inference", "influence", "maximise", "optimise",
            "rank", "source",
        },
        NUMERIC,
    ),
    "assign": (
        {"design", "errors", "families", "links", "penalty", "priors", "request"}, set(),
    ),
    "posterior": ({"_types", "corners", "design", "maximise", "penalty"}, NUMERIC),
    "verdict": ({"design", "existence", "maximise"}, set()),
    "catalogue": ({"families", "links", "specify"}, set()),
    "estimates": (
        {
            "_types", "design", "existence", "inference", "maximise", "optimise", "results",
            "support",
        },
        NUMERIC,
    ),
    "assemble": (
        {
            "__init__", "_types", "cautions", "design", "errors", "estimates", "posterior", "goodness",
            "inference", "losses", "maximise", "optimise", "rank", "request", "results", "source",
            "verdict",
        },
        NUMERIC,
    ),
    "fitting": (
        {
            "assign", "penalty", "assemble", "design", "engines", "errors", "families", "inference", "likelihood",
            "links", "maximise", "request", "results", "source", "specify",
        },
        NUMERIC,
    ),
    "report": ({"errors", "results"}, {"rich"}),
    "cli": (
        {"__init__", "memory", "translations", "catalogue", "errors", "families", "fitting", "report", "request"}, {"typer"},
    ),
}  # fmt: skip

FILES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_downwards(path):
    layer = path.relative_to(ROOT).parts[0].removesuffix(".py")
    assert layer in MAY_IMPORT, f"give {layer} its place in this table first"
    inside, outside = MAY_IMPORT[layer]
    for name in imported(path):
        top, _, rest = name.partition(".")
        if top == "mlefit":
            below = rest.split(".")[0] or "__init__"
            assert below in inside | {layer}, f"{layer} may not import {name}"
        else:
            assert top in outside or top in sys.stdlib_module_names, f"{layer} imports {name}"


def test_every_layer_still_exists():
    present = {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in FILES}
    assert present == set(MAY_IMPORT)


def test_the_table_has_no_cycle():
    done: set[str] = set()
    while len(done) < len(MAY_IMPORT):
        ready = {
            m
            for m, (needs, _) in MAY_IMPORT.items()
            if m not in done and needs - {"__init__"} <= done
        }
        assert ready, f"a cycle among {set(MAY_IMPORT) - done}"
        done |= ready


def test_only_the_report_prints():
    for path in FILES:
        if "report" not in path.parts:
            calls = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
            assert not [c for c in calls if ast.unparse(c.func) == "print"], path


def imported(path: Path) -> Iterator[str]:
    known = set(MAY_IMPORT)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                # `from mlefit import families` names a module, `from mlefit import x` may not
                inner = node.module == "mlefit" and alias.name in known
                yield f"mlefit.{alias.name}" if inner else str(node.module)
