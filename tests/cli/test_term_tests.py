"""`fit --test`, `fit --anova` and `compare --lrt` as a user meets them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

import mlefit
from mlefit import documents, report
from mlefit.report import ReportOptions
from mlefit.results.fit import TermTest

SAMPLES = Path(__file__).parents[2] / "sample_data"
CLAIMS = str(SAMPLES / "insurance.csv")
CALLS = str(SAMPLES / "callbacks.csv")
HOUSES = str(SAMPLES / "house_prices.csv")
FIT = ("fit", CLAIMS, "claims ~ age + group", "-F", "poisson", "--exposure", "holders")


def test_a_table_has_a_row_for_each_test(run):
    code, out, _ = run(
        *FIT, "--test", "group", "--test", "+ C(district)", "-f", "csv", "--table", "tests"
    )
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert list(rows[0]) == list(TermTest.__dataclass_fields__)
    assert [(row["terms"], row["test"], row["df"]) for row in rows] == [
        ("group", "likelihood ratio", "3"),
        ("group", "Wald", "3"),
        ("group", "score", "3"),
        ("C(district)", "likelihood ratio", "3"),
        ("C(district)", "score", "3"),
    ]


def test_the_document_keeps_them(run, tmp_path):
    path = tmp_path / "claims.json"
    asked = (*FIT, "--test", "group", "--anova")
    code, out, _ = run(*asked, "-o", str(path))
    document = json.loads(path.read_text(encoding="utf-8"))
    assert code == 0
    assert [test["test"] for test in document["tests"]] == ["likelihood ratio", "Wald", "score"]
    assert [row["terms"] for row in document["anova"]] == ["age", "group"]
    read = documents.read(path)
    assert {type(one) for one in (*read.tests, *read.anova)} == {TermTest}
    assert run("show", str(path))[1] == out


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal(many, width, ascii_only):
    text = report.render(many, ReportOptions(width=width, ascii_only=ascii_only))
    _, _, block = text.partition("Do these terms say anything?")
    block, _, _ = block.partition("The same fit")
    assert max(map(len, block.splitlines())) <= width
    assert not ascii_only or block.isascii()
    assert "no likelihood ratio or score test of" in block
    assert "Term by term" in block


@pytest.fixture(scope="module")
def many():
    """Tests of many terms, some of which have no number."""
    terms = "driveway + recreation + fullbase + gasheat + aircon + prefer"
    formula = f"price ~ lotsize * bedrooms + {terms}"
    return mlefit.fit(
        HOUSES, formula, family="normal", test=[terms, "lotsize"], anova=True, se="HC1"
    )


def test_markdown_has_the_same_numbers(run):
    _, text, _ = run(*FIT, "--test", "group", "--table", "tests")
    _, markdown, _ = run(*FIT, "--test", "group", "--table", "tests", "-f", "md")
    assert "| group | likelihood ratio | 90.10 | 3 | \\<1e-15 | chi2(3) |" in markdown
    assert "likelihood ratio      90.10   3" in text


def test_a_fit_without_a_maximum_says_why_nothing_was_tested(run, tmp_path):
    path = tmp_path / "split.csv"
    path.write_text("y,x\n" + "".join(f"{int(i > 9)},{i}\n" for i in range(20)), encoding="utf-8")
    code, out, _ = run("fit", str(path), "y ~ x", "-F", "bernoulli", "--test", "x", "--anova")
    assert code == 4
    assert "no likelihood ratio, Wald or score test of x: the fit has no maximum" in out


ERRORS = [
    (("--test", "grup"), "error: --test grup: the model has no term grup\n", "--test group"),
    (("--test", "agee ~ x"), "error: poisson has no parameter 'agee'", ""),
    (("--test", "group +"), "error: expected a term\n  ~ group +\n", ""),
    (("--test", "+ grop"), "error: no column 'grop'", "--test '~ + group'"),
    (("--test", "+ group"), "error: --test '+ group' adds group, which the model has", "group"),
    (("--test", "group", "--l2", "1"), "error: --test asks whether terms are zero", "without"),
    (("--table", "tests"), "error: no terms were tested\n", "--test 'x' --table tests"),
    (("--table", "anova"), "error: no terms were tested\n", "--anova --table anova"),
]


@pytest.mark.parametrize(("flags", "problem", "remedy"), ERRORS, ids=str)
def test_a_wrong_word_is_a_usage_error(run, flags, problem, remedy):
    code, out, err = run(*FIT, *flags, "-f", "csv")
    assert (code, out) == (2, "")
    assert problem in err
    assert remedy in err


def test_what_an_error_suggests_works(run):
    asked = ("fit", HOUSES, "price ~ lotsize * driveway", "-F", "normal", "--table", "tests")
    code, _, err = run(*asked, "--test", "lotsize")
    assert code == 2
    assert "try:  --test 'lotsize + lotsize:driveway'   or   --anova" in err
    code, out, _ = run(*asked, "--test", "lotsize + lotsize:driveway")
    assert code == 0
    assert "chi2(2)" in out


def test_nested_formulas_in_order(run):
    formulas = ("call ~ city", "call ~ city * honors", "call ~ city + honors")
    asked = ("compare", CALLS, *formulas, "--families", "bernoulli", "--cv", "2", "--lrt")
    code, out, _ = run(*asked, "--table", "tests", "-f", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert [(row["candidate"], row["against"], row["df"]) for row in rows] == [
        ("bernoulli (3)", "bernoulli (1)", "1"),
        ("bernoulli (2)", "bernoulli (3)", "1"),
    ]


def test_formulas_that_are_not_nested_have_no_order(run):
    code, out, err = run("compare", CALLS, "call ~ city", "call ~ honors", "--lrt")
    assert (code, out) == (2, "")
    assert "'call ~ honors' does not hold 'call ~ city'" in err
