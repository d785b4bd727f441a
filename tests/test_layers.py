"""Imports point one way: from the command line down to links and errors."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "mlefit"
NUMERIC = {"numpy", "scipy"}


def words(text: str) -> set[str]:
    return set(text.split())


# module: the mlefit modules it may import; then the packages from outside
MAY_IMPORT: dict[str, tuple[set[str], set[str]]] = {
    "__init__": (words("comparing fitting"), set()),
    "__main__": (words("__init__ cli errors memory report"), set()),
    "_types": (set(), NUMERIC),
    "errors": (set(), set()),
    "request": (set(), set()),
    "results": (set(), set()),
    "expression": (words("errors"), set()),
    "formula": (words("errors expression"), set()),
    "special": (words("_types"), NUMERIC),
    "links": (words("_types errors"), NUMERIC),
    "support": (words("_types"), NUMERIC),
    "families": (words("_types errors links special support"), NUMERIC),
    "source": (words("errors memory"), {"polars"}),
    "design": (
        words("_types errors expression families formula request source support triangular"),
        {"numpy", "polars"},
    ),
    "engines": (words("_types design"), NUMERIC),
    "likelihood": (words("_types design families links support"), NUMERIC),
    "triangular": (words("_types"), NUMERIC),
    "symmetric": (words("_types triangular"), NUMERIC),
    "optimise": (words("_types symmetric triangular"), NUMERIC),
    "rank": (words("_types triangular"), NUMERIC),
    "pinball": (words("_types"), NUMERIC),
    "existence": (words("_types design engines families likelihood rank"), NUMERIC),
    "memory": (words("errors"), set()),
    "priors": (words("_types errors"), NUMERIC),
    "translations": (words("errors"), set()),
    "fisher": (words("_types design engines families likelihood links support"), NUMERIC),
    "penalty": (words("_types design fisher likelihood links optimise priors"), NUMERIC),
    "modes": (words("_types optimise"), NUMERIC),
    "location": (words("_types design engines likelihood optimise penalty pinball"), NUMERIC),
    "signs": (words("_types"), NUMERIC),
    "corners": (words("_types optimise signs symmetric"), NUMERIC),
    "together": (words("_types corners optimise signs symmetric"), NUMERIC),
    "few": (words("engines"), set()),
    "sparse": (
        words("_types corners design engines few likelihood optimise penalty together"),
        NUMERIC,
    ),
    "start": (words("_types design engines families likelihood"), NUMERIC),
    "conditioning": (
        words("_types design engines likelihood rank start symmetric"),
        NUMERIC,
    ),
    "scale": (words("_types design engines errors families likelihood"), NUMERIC),
    "refine": (words("_types design engines likelihood optimise"), NUMERIC),
    "several": (
        words("_types design engines families likelihood optimise pinball start"),
        NUMERIC,
    ),
    "exits": (words("_types engines likelihood optimise"), NUMERIC),
    "maximum": (
        words(
            "_types design engines existence families likelihood modes optimise penalty "
            "pinball rank several"
        ),
        NUMERIC,
    ),
    "maximise": (
        words(
            "_types conditioning engines errors existence exits families few fisher "
            "likelihood location maximum modes optimise penalty pinball priors rank refine "
            "scale several sparse start together"
        ),
        NUMERIC,
    ),
    "profile": (words("_types design likelihood maximise maximum optimise"), NUMERIC),
    "debiased": (words("_types design errors maximum penalty request symmetric"), NUMERIC),
    "jacobian": (words("_types links maximise maximum optimise penalty priors"), NUMERIC),
    "inference": (words("_types design errors families likelihood maximum symmetric"), NUMERIC),
    "boundary": (
        words(
            "_types design engines families inference likelihood maximise maximum optimise penalty"
        ),
        NUMERIC,
    ),
    "losses": (words("_types design families likelihood maximum optimise results"), NUMERIC),
    "residuals": (words("_types families special"), NUMERIC),
    "goodness": (words("_types design families losses maximum residuals sparse"), NUMERIC),
    "gof": (
        words("_types design errors families goodness maximise maximum optimise request residuals"),
        NUMERIC,
    ),
    "specify": (words("design errors families formula links request support"), NUMERIC),
    "influence": (words("_types design maximum special"), NUMERIC),
    "cautions": (
        words("_types design families inference influence maximum optimise rank source"),
        NUMERIC,
    ),
    "assign": (words("design errors families fisher links penalty priors request support"), set()),
    "posterior": (words("_types corners design maximum penalty sparse"), NUMERIC),
    "heldout": (words("_types design engines errors maximum sparse"), NUMERIC),
    "criteria": (words("maximum optimise request"), set()),
    "strength": (
        words(
            "_types design engines errors heldout likelihood maximise maximum optimise "
            "penalty posterior request results sparse together"
        ),
        NUMERIC,
    ),
    "verdict": (words("design existence fisher maximum support"), set()),
    "catalogue": (words("families links priors specify"), set()),
    "estimates": (
        words("_types design existence inference maximum optimise profile results support"),
        NUMERIC,
    ),
    "readings": (words("estimates families maximum optimise results"), NUMERIC),
    "certificate": (words("_types maximum posterior results symmetric verdict"), NUMERIC),
    "provenance": (words("design request results source"), set()),
    "assemble": (
        words(
            "__init__ assign cautions certificate criteria debiased design errors estimates "
            "goodness inference jacobian losses maximise maximum optimise posterior "
            "profile provenance readings request results source translations verdict"
        ),
        NUMERIC,
    ),
    "fitting": (
        words(
            "assemble assign boundary debiased design engines errors families gof "
            "inference likelihood links maximise maximum penalty request results source "
            "specify strength"
        ),
        NUMERIC,
    ),
    "nested": (words("families formula"), set()),
    "candidates": (
        words(
            "_types boundary criteria design engines errors expression fitting heldout "
            "likelihood maximise maximum optimise verdict"
        ),
        NUMERIC,
    ),
    "pairs": (words("candidates nested results"), NUMERIC),
    "ranking": (words("candidates results"), set()),
    "plain_loss": (words("candidates design families ranking results"), NUMERIC),
    "comparing": (
        words(
            "__init__ candidates design errors expression families fitting heldout "
            "maximise pairs plain_loss provenance ranking request results source"
        ),
        NUMERIC,
    ),
    "report": (words("errors memory results"), {"rich"}),
    "cli": (
        words(
            "__init__ catalogue comparing errors families fitting memory report request "
            "translations"
        ),
        {"typer"},
    ),
}

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
