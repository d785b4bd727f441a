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


# What every module may import: it stands in for a part of the standard library.
ANYWHERE = {"frozen"}

# module: the mlefit modules it may import; then the packages from outside
MAY_IMPORT: dict[str, tuple[set[str], set[str]]] = {
    "_types": (set(), NUMERIC),
    "errors": (set(), set()),
    "frozen": (set(), set()),
    "request": (set(), set()),
    "results": (set(), set()),
    "telling": (set(), set()),
    "documents": (words("errors results"), set()),
    "expression": (words("errors"), set()),
    "gram": (words("_types"), NUMERIC),
    "links": (words("_types errors"), NUMERIC),
    "memory": (words("errors"), set()),
    "room": (words("errors"), set()),
    "pinball": (words("_types"), NUMERIC),
    "priors": (words("_types errors"), NUMERIC),
    "special": (words("_types"), NUMERIC),
    "support": (words("_types"), NUMERIC),
    "translations": (words("errors"), set()),
    "triangular": (words("_types"), NUMERIC),
    "algebra": (words("_types errors expression"), NUMERIC),
    "families": (words("_types errors expression links special support"), NUMERIC),
    "formula": (words("errors expression"), set()),
    "report": (words("errors memory results telling"), {"matplotlib", "rich"}),
    "source": (words("errors memory"), {"polars"}),
    "arrow": (words("_types errors triangular"), NUMERIC),
    "symmetric": (words("_types arrow triangular"), NUMERIC),
    "products": (words("_types arrow design symmetric"), NUMERIC),
    "design": (
        words("_types errors expression families formula request source support triangular"),
        {"numpy", "polars"},
    ),
    "reading": (words("design errors expression families request room source telling"), set()),
    "distribution": (words("__init__ _types design errors families support"), NUMERIC),
    "engines": (
        words("__init__ _types design errors memory source telling"),
        NUMERIC | {"cloudpickle", "dask", "distributed"},
    ),
    "likelihood": (
        words("_types arrow design families gram links products support"),
        NUMERIC,
    ),
    "provenance": (words("design request results source"), set()),
    "specify": (words("design errors families formula links request support"), NUMERIC),
    "batch": (words("_types design families likelihood priors"), NUMERIC),
    "catalogue": (words("checking families links priors specify"), set()),
    "search": (
        words(
            "_types arrow design engines errors families likelihood links pinball priors "
            "products results support symmetric triangular"
        ),
        NUMERIC,
    ),
    "assign": (words("design errors families links priors request search support"), set()),
    "diagnosis": (
        words(
            "_types arrow design engines errors families likelihood products request results "
            "search special symmetric"
        ),
        NUMERIC,
    ),
    "inference": (
        words(
            "_types arrow design diagnosis engines errors expression families likelihood "
            "links priors products request results search support symmetric telling"
        ),
        NUMERIC,
    ),
    "cautions": (words("_types design diagnosis families inference search source"), NUMERIC),
    "certificate": (words("arrow design inference results search symmetric"), NUMERIC),
    "prediction": (
        words(
            "__init__ _types design diagnosis distribution documents engines errors "
            "expression families formula inference likelihood links products request results "
            "source specify support telling"
        ),
        {"numpy", "polars", "scipy"},
    ),
    "strength": (
        words("_types design diagnosis engines errors inference likelihood request results search"),
        NUMERIC,
    ),
    "testing": (
        words(
            "_types design diagnosis engines errors expression families formula inference "
            "likelihood request results search special specify symmetric triangular"
        ),
        NUMERIC,
    ),
    "assemble": (
        words(
            "__init__ arrow assign cautions certificate design diagnosis errors inference "
            "provenance request results search source translations"
        ),
        NUMERIC,
    ),
    "chance": (words("__init__ distribution errors prediction request results"), {"numpy"}),
    "study": (
        words(
            "__init__ _types assign batch design distribution engines errors families "
            "inference likelihood links prediction request results search specify support "
            "symmetric telling"
        ),
        NUMERIC,
    ),
    "fitting": (
        words(
            "assemble assign design diagnosis engines errors families inference likelihood "
            "links reading request results room search source specify strength telling "
            "testing"
        ),
        NUMERIC,
    ),
    "grouped": (
        words(
            "__init__ _types batch design engines errors families fitting inference "
            "provenance request results source telling"
        ),
        {"numpy", "polars"},
    ),
    "recoding": (
        words("assign design engines errors fitting inference prediction request source support"),
        {"numpy", "polars"},
    ),
    "checking": (
        words(
            "__init__ _types batch comparison design diagnosis documents engines errors "
            "expression families fitting grouped inference prediction reading recoding "
            "request results search source specify telling"
        ),
        {"numpy", "polars", "scipy"},
    ),
    "comparison": (
        words(
            "__init__ _types design diagnosis engines errors expression families fitting "
            "formula inference likelihood prediction provenance reading recoding request "
            "results search source special support telling"
        ),
        NUMERIC,
    ),
    "explaining": (
        words(
            "__init__ _types algebra design errors expression families fitting links priors "
            "request results search specify support translations"
        ),
        NUMERIC,
    ),
    "profiling": (
        words("__init__ errors fitting inference provenance request results search telling"),
        {"numpy"},
    ),
    "weighing": (
        words(
            "__init__ _types design distribution engines errors families fitting inference "
            "likelihood links provenance request results search special symmetric telling"
        ),
        {"numpy", "polars", "scipy"},
    ),
    "__init__": (words("checking comparison documents fitting prediction"), set()),
    "cli": (
        words(
            "__init__ catalogue chance checking comparison documents errors explaining "
            "families fitting grouped memory prediction profiling report request room study "
            "telling translations weighing"
        ),
        {"polars", "typer"},
    ),
    "__main__": (words("__init__ cli errors memory report"), set()),
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
            assert below in inside | ANYWHERE | {layer}, f"{layer} may not import {name}"
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
            if m not in done and (needs | ANYWHERE - {m}) - {"__init__"} <= done
        }
        assert ready, f"a cycle among {set(MAY_IMPORT) - done}"
        done |= ready


def test_no_two_modules_need_each_other():
    """Inside a layer too the arrows point one way."""
    modules = {dotted(path): path for path in FILES}
    needs = {
        own: {name for name in at_once(path) if name in modules and name != own}
        for own, path in modules.items()
    }
    while needs:
        ready = {name for name, needed in needs.items() if not needed & needs.keys()}
        assert ready, f"a cycle among {sorted(needs)}"
        for name in ready:
            del needs[name]


def test_only_the_report_prints():
    for path in FILES:
        if "report" not in path.parts:
            calls = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
            assert not [c for c in calls if ast.unparse(c.func) == "print"], path


def dotted(path: Path) -> str:
    return ".".join(("mlefit", *path.relative_to(ROOT).with_suffix("").parts))


def at_once(path: Path) -> Iterator[str]:
    """Modules that are imported with this one, and not only for its types."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


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
