from __future__ import annotations

import json
import sys
import types

import pytest

import mlefit

ROWS = [
    {"name": "poisson", "support": "counts 0, 1, 2, ...", "aliases": "count, poisson-loss"},
    {"name": "normal", "support": "any number | all of them", "aliases": "gaussian, mse"},
]


@pytest.fixture(autouse=True)
def catalogue(monkeypatch):
    module = types.ModuleType("mlefit.catalogue")
    for kind in ("families", "losses", "links", "priors", "checks"):
        setattr(module, kind, lambda: ROWS)
    monkeypatch.setitem(sys.modules, "mlefit.catalogue", module)
    monkeypatch.setattr(mlefit, "catalogue", module, raising=False)


@pytest.mark.parametrize("kind", [(), ("families",), ("losses",), ("priors",), ("LINKS",)])
def test_a_list_is_a_table(run, kind):
    code, out, err = run("list", *kind)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "name     support                   aliases",
        "poisson  counts 0, 1, 2, ...       count, poisson-loss",
        "normal   any number | all of them  gaussian, mse",
    ]


@pytest.mark.parametrize(
    ("form", "beginning"),
    [
        ("csv", 'name,support,aliases\npoisson,"counts 0, 1, 2, ..."'),
        ("tsv", "name\tsupport\taliases\npoisson\tcounts 0, 1, 2, ...\t"),
        ("md", "| name | support | aliases |\n| :-- | :-- | :-- |\n| poisson |"),
    ],
)
def test_a_list_comes_in_every_format(run, form, beginning):
    code, out, err = run("list", "-f", form)
    assert (code, err) == (0, "")
    assert out.startswith(beginning)


def test_a_list_as_json_is_its_rows(run):
    code, out, err = run("list", "-f", "json")
    assert (code, err, json.loads(out)) == (0, "", ROWS)


def test_an_unknown_list_is_refused(run):
    code, out, err = run("list", "famlies")
    assert (code, out) == (2, "")
    assert err.startswith(
        "error: no list 'famlies'\n  choices: families, losses, links, priors, checks\n"
    )
    assert "try:  mlefit list families" in err
