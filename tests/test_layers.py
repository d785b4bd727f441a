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
    "__init__": (words("comparing documents fitting predicting simulating"), set()),
    "__main__": (words("__init__ cli errors memory report"), set()),
    "_types": (set(), NUMERIC),
    "errors": (set(), set()),
    "request": (set(), set()),
    "results": (set(), set()),
    "documents": (words("errors results"), set()),
    "expression": (words("errors"), set()),
    "algebra": (words("_types errors expression"), NUMERIC),
    "formula": (words("errors expression"), set()),
    "special": (words("_types"), NUMERIC),
    "links": (words("_types errors"), NUMERIC),
    "support": (words("_types"), NUMERIC),
    "families": (words("_types errors expression links special support"), NUMERIC),
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
    "sparse": (
        words("_types corners design engines likelihood optimise penalty together"),
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
    "exits": (words("_types engines families likelihood optimise support"), NUMERIC),
    "maximum": (
        words(
            "_types design engines existence families likelihood modes optimise penalty "
            "pinball rank several"
        ),
        NUMERIC,
    ),
    "maximise": (
        words(
            "_types conditioning engines errors existence exits families fisher "
            "likelihood location maximum modes optimise penalty pinball priors refine "
            "scale several sparse start together"
        ),
        NUMERIC,
    ),
    "constrained": (words("_types likelihood optimise"), NUMERIC),
    "refits": (words("constrained design engines maximise maximum optimise"), NUMERIC),
    "profile": (
        words("_types constrained design inference intervals maximise maximum refits several"),
        NUMERIC,
    ),
    "places": (words("links maximum"), set()),
    "intervals": (
        words("_types constrained errors families gof maximum penalty priors request results"),
        NUMERIC,
    ),
    "profiled": (
        words(
            "_types constrained inference intervals maximise maximum optimise places profile "
            "request"
        ),
        NUMERIC,
    ),
    "bootstrap": (
        words(
            "_types boundary design engines errors gof heldout maximise maximum optimise request"
        ),
        NUMERIC,
    ),
    "bca": (words("_types design engines inference maximum"), NUMERIC),
    "resampled": (
        words(
            "bca bootstrap constrained engines gof intervals maximise maximum places request "
            "results"
        ),
        NUMERIC,
    ),
    "uncertainty": (
        words(
            "criteria debiased design estimates inference intervals maximise maximum optimise "
            "profiled request resampled"
        ),
        NUMERIC,
    ),
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
    "quantile": (words("_types families"), NUMERIC),
    "distribution": (words("_types at errors families quantile"), NUMERIC),
    "centre": (words("_types families likelihood support"), NUMERIC),
    "outcome": (words("_types centre families likelihood quantile support"), NUMERIC),
    "saved": (
        words(
            "_types centre design errors expression families formula inference likelihood links "
            "request results specify support"
        ),
        NUMERIC,
    ),
    "scores": (
        words("_types centre design errors families influence outcome residuals saved"),
        NUMERIC,
    ),
    "sink": (words("errors"), {"polars"}),
    "predicting": (
        words(
            "design documents engines errors expression request results saved scores source",
        ),
        {"numpy", "polars"},
    ),
    "simulating": (
        words(
            "_types at design engines errors families outcome predicting quantile request saved "
            "source"
        ),
        {"numpy", "polars"},
    ),
    "judging": (words("__init__ _types design errors predicting request results"), NUMERIC),
    "goodness": (words("_types design families losses maximum residuals sparse"), NUMERIC),
    "gof": (
        words("_types design errors families goodness maximise maximum optimise request residuals"),
        NUMERIC,
    ),
    "specify": (words("design errors families formula links request support"), NUMERIC),
    "influence": (words("_types design families likelihood maximum special"), NUMERIC),
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
        words(
            "_types constrained design existence inference intervals maximum optimise results "
            "support"
        ),
        NUMERIC,
    ),
    "at": (words("__init__ design errors families support"), {"numpy"}),
    "batch": (words("_types design likelihood priors"), NUMERIC),
    "study": (
        words(
            "__init__ _types assign at batch boundary centre derived design engines errors "
            "families inference likelihood links maximise maximum optimise outcome penalty "
            "quantile quantities request results specify support symmetric"
        ),
        NUMERIC,
    ),
    "chance": (
        words("__init__ at distribution errors outcome predicting request results"),
        {"numpy"},
    ),
    "quantities": (words("design errors expression families"), set()),
    "derived": (
        words(
            "_types errors estimates expression intervals links maximum optimise quantities results"
        ),
        NUMERIC,
    ),
    "readings": (
        words("derived estimates expression maximum optimise quantities results"),
        set(),
    ),
    "reparameterised": (
        words("derived estimates expression families maximum optimise quantities results"),
        set(),
    ),
    "certificate": (words("_types maximum posterior results symmetric verdict"), NUMERIC),
    "provenance": (words("design request results source"), set()),
    "assemble": (
        words(
            "__init__ assign cautions certificate criteria debiased derived design errors "
            "estimates goodness intervals jacobian losses maximise maximum posterior provenance "
            "readings reparameterised request results source translations uncertainty verdict"
        ),
        NUMERIC,
    ),
    "span": (words("_types design engines rank"), NUMERIC),
    "testing": (
        words(
            "_types boundary conditioning criteria derived design engines errors expression "
            "families formula likelihood maximise maximum optimise profile quantities request "
            "results span special specify start symmetric triangular"
        ),
        NUMERIC,
    ),
    "steps": (words("_types design maximise maximum optimise results sparse"), NUMERIC),
    "fitting": (
        words(
            "assemble assign boundary debiased design engines errors families gof "
            "inference intervals likelihood links maximise maximum optimise penalty quantities "
            "request results source specify steps strength testing uncertainty"
        ),
        NUMERIC,
    ),
    "subjects": (
        words(
            "constrained derived errors expression intervals links maximise maximum places profile "
            "quantities"
        ),
        {"numpy"},
    ),
    "profiling": (
        words(
            "__init__ boundary errors fitting inference intervals maximise maximum optimise "
            "profile profiled provenance request results subjects verdict"
        ),
        {"numpy"},
    ),
    "nested": (words("families formula"), set()),
    "candidates": (
        words(
            "_types boundary criteria design engines errors expression fitting heldout "
            "likelihood maximise maximum optimise penalty verdict"
        ),
        NUMERIC,
    ),
    "pairs": (words("candidates design errors nested results special span"), NUMERIC),
    "ranking": (words("candidates results"), set()),
    "plain_loss": (words("candidates design families ranking results"), NUMERIC),
    "recalled": (
        words(
            "_types assign candidates design engines errors fitting predicting request saved "
            "source support"
        ),
        NUMERIC,
    ),
    "comparing": (
        words(
            "__init__ candidates design errors expression families fitting heldout "
            "maximise pairs plain_loss predicting provenance ranking recalled request results "
            "saved source"
        ),
        NUMERIC,
    ),
    "explaining": (
        words(
            "__init__ _types algebra design errors expression families fitting links maximum "
            "priors request results specify support translations"
        ),
        NUMERIC,
    ),
    "sample": (
        words("_types at design engines errors families fitting likelihood links"),
        {"numpy"},
    ),
    "points": (words("_types likelihood results sample special symmetric"), NUMERIC),
    "curve": (
        words(
            "_types constrained design errors intervals maximise maximum optimise profile results "
            "sample"
        ),
        {"numpy"},
    ),
    "weighing": (
        words(
            "__init__ at boundary curve errors families fitting maximise maximum optimise points "
            "profile provenance request results sample verdict"
        ),
        {"numpy", "polars"},
    ),
    "report": (words("errors memory results"), {"matplotlib", "rich"}),
    "cli": (
        words(
            "__init__ catalogue chance comparing documents errors explaining families fitting "
            "judging memory predicting profiling report request simulating sink study "
            "translations weighing"
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
