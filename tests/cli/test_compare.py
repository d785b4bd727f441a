"""`mlefit compare` as a user meets it: streams, exit codes, tables, widths."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import polars as pl
import pytest

import mlefit
from mlefit import report
from mlefit.report import ReportOptions
from mlefit.results.compare import CandidateRecord

SAMPLES = Path(__file__).parents[2] / "sample_data"
RIVERS = str(SAMPLES / "rivers.csv")
HOUSES = str(SAMPLES / "house_prices.csv")
FEW = ("--families", "normal,gamma,exponential,lognormal", "--cv", "3")


@pytest.fixture(scope="module")
def several():
    """Two scales of one target, many columns, a family that is left out."""
    named = ["normal", "gamma", "lognormal", "generalised-gamma"]
    return mlefit.compare(
        HOUSES, "price ~ log(lotsize)", "log(price) ~ lotsize", families=named, cv=2
    )


def test_a_table_has_a_row_for_each_model(run):
    code, out, err = run("compare", RIVERS, *FEW, "-f", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert [row["rank"] for row in rows] == ["1", "2", "3", "4"]
    assert list(rows[0]) == list(CandidateRecord.__dataclass_fields__)
    assert err == "note: guessed: target 'length_miles', features none\n"


def test_a_table_has_a_row_for_each_test(run):
    code, out, _ = run("compare", RIVERS, *FEW, "-f", "tsv", "--table", "tests")
    rows = list(csv.DictReader(io.StringIO(out), delimiter="\t"))
    assert code == 0
    assert {(row["test"], row["candidate"], row["against"]) for row in rows} == {
        ("likelihood ratio", "gamma", "exponential"),
        ("Vuong", "lognormal", "gamma"),
        ("Vuong", "lognormal", "exponential"),
        ("Vuong", "lognormal", "normal"),
    }


def test_the_document_is_written_beside_the_report(run, tmp_path):
    path = tmp_path / "rivers.json"
    code, out, _ = run("compare", RIVERS, *FEW, "-o", str(path))
    document = json.loads(path.read_text(encoding="utf-8"))
    assert code == 0
    assert document["schema"] == "mlefit/compare/1"
    assert document["candidates"][0]["candidate"] == "lognormal"
    assert "Is mean squared error the right loss here?" in out


def test_rows_from_standard_input_leave_every_argument_to_formulas(run):
    text = Path(HOUSES).read_text(encoding="utf-8")
    formulas = ("price ~ lotsize", "price ~ lotsize + bedrooms")
    arguments = ("compare", *formulas, "--families", "normal", "--cv", "2", "-f", "json")
    code, out, _ = run(*arguments, stdin=text)
    document = json.loads(out)
    assert code == 0
    assert document["data"]["source"] == "stdin"
    assert document["formulas"] == list(formulas)


def test_no_maximum_anywhere_is_untrustworthy(run, tmp_path):
    path = tmp_path / "separated.csv"
    pl.DataFrame({"x": [1, 2, 3, 4], "y": [0, 0, 1, 1]}).write_csv(path)
    code, out, _ = run("compare", str(path), "y ~ x", "--cv", "2")
    assert code == 4
    assert "no-maximum" in out
    assert "binary cross-entropy cannot be judged: no maximum exists" in out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((RIVERS, "--families", "nromal"), 2, "no family or loss 'nromal'"),
        ((RIVERS, "--cv", "1"), 2, "--cv must be a whole number of at least 2"),
        ((HOUSES,), 2, "nothing names the target of the models\n  try:  mlefit compare"),
        ((HOUSES, "price ~ 1", "--strict"), 2, "--strict allows no guess: 'price' is taken for"),
        ((HOUSES, "price ~ 1", "lotsize ~ 1"), 2, "the formulas explain different columns"),
        ((str(SAMPLES / "callbacks.csv"), "-y", "call", "--families", "poisson"), 3,
         "column 'call' holds text, but poisson needs 0, 1, 2, ..."),
        (("nope.csv", "y ~ x"), 3, "no file nope.csv"),
    ],
)  # fmt: skip
def test_a_refusal_is_a_sentence_and_a_way_out(run, arguments, code, said):
    found, out, err = run("compare", *arguments)
    assert (found, out) == (code, "")
    assert err.startswith(f"error: {said}")


@pytest.mark.parametrize("width", [80, 100, 120])
def test_a_report_fits_its_terminal(several, width):
    lines = report.render(several, ReportOptions(width=width)).splitlines()
    assert max(map(len, lines)) <= width
    text = " ".join(lines)
    for one in several.candidates:
        assert one.candidate in text
    assert all(word in text for word in ("held out", "behind", "note"))


def test_a_wide_report_has_every_column_and_says_what_its_scale_is(several):
    text = report.render(several, ReportOptions())
    assert all(word in text for word in ("log-lik", "AICc", "BIC", "weight", " NLL "))
    assert "(2) log(price) ~ lotsize" in text
    assert "log-likelihoods are of price: a model of another scale has its Jacobian" in text


def test_markdown_has_the_same_tables(several):
    text = report.render(several, ReportOptions(format="md"))
    tables = [line for line in text.splitlines() if line.startswith("| :--")]
    assert len(tables) == 3
    assert "#### Is mean squared error the right loss here?" in text


def test_ascii_is_nothing_else(several):
    for form in ("text", "md"):
        assert report.render(several, ReportOptions(format=form, ascii_only=True)).isascii()


def test_a_family_that_does_not_suit_is_told_with_all_that_do(run):
    _, _, err = run("compare", str(SAMPLES / "callbacks.csv"), "-y", "call", "--families", "zip")
    assert err.endswith("\n  try:  --families bernoulli\n")


def test_saved_fits_are_candidates(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = "\n".join(f"{1 + x + 0.3 * (x * 7 % 5)},{x}" for x in range(40))
    (tmp_path / "d.csv").write_text(f"y,x\n{lines}\n")
    for name in ("gamma", "normal"):
        arguments = ("d.csv", "y ~ x", "-F", name, "-q", "-o", f"{name}.json")
        assert run("fit", *arguments)[0] == 0
    code, out, err = run("compare", "d.csv", "--models", "gamma.json,normal.json", "--cv", "3")
    assert (code, err) == (0, "")
    assert out.splitlines()[4].split()[0] == "normal.json"
