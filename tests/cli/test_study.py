"""`mlefit study` on the command line: every format, every picture, every refusal."""

from __future__ import annotations

import csv
import io
import json

import pytest

from mlefit import documents
from mlefit.cli import study
from mlefit.report.document import dumps
from mlefit.study import INTERVALS, SHOWN
from mlefit.study.rivals import NAMES

QUICK = ["--replications", "20", "--rows", "20,40"]
GAMMA = ["study", "-F", "gamma", "--at", "mu=2,k=3", *QUICK]
EVERYTHING = [*GAMMA, "--prior", "normal(0, 0.1)", "--against", "mean", "--derive", "v = 1 / k"]


def table(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_flags_offer_what_there_is():
    assert study._PROPERTIES == SHOWN
    assert study._OTHERS == NAMES
    assert study._INTERVALS == INTERVALS


def test_the_document_comes_back_as_it_was(run):
    code, out, err = run(*EVERYTHING, "-f", "json")
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert document["schema"] == "mlefit/study/1"
    assert document["parameters"] == {"mu": 2.0, "k": 3.0}
    assert document["seed"] == 1
    assert document["command"] == [*EVERYTHING, "-f", "json"]
    assert dumps(documents.loads(out, "it")) == out


def test_a_seed_is_a_document(run):
    one, again, other = (run(*GAMMA, "-f", "csv", "--seed", seed)[1] for seed in "771")
    assert one == again != other


def test_each_table_alone(run):
    code, out, _ = run(*EVERYTHING, "-f", "csv")
    rows = table(out)
    assert (code, [row["parameter"] for row in rows]) == (0, ["mu", "mu", "k", "k"])
    assert [row["rows"] for row in rows] == ["20", "40"] * 2
    for name in study._TABLES:
        code, out, err = run(*EVERYTHING, "--table", name, "-f", "csv")
        assert (code, err) == (0, "")
        assert table(out), name
        assert run(*EVERYTHING, "--table", name)[0] == 0
    assert len(table(run(*EVERYTHING, "--table", "normality", "-f", "csv")[1])) == 4 * 9
    assert run(*GAMMA, "--table", "rivals")[1:] == ("", "")


def test_text_shows_every_property(run):
    code, out, _ = run(*EVERYTHING)
    assert code == 0
    for title in ("Consistency", "Efficiency", "Against", "Normality", "Coverage", "Invariance"):
        assert f"\n{title}: " in out or f"\n{title} " in out
    assert "\nOverfit: " in out
    assert out.splitlines()[0].startswith("Study of gamma · mu = 2, k = 3")
    assert "20 samples of 20, 40 rows, seed 1" in out
    assert "v = 1 / k" in out


def test_only_what_was_asked_for(run):
    _, out, _ = run(*GAMMA, "--show", "coverage,normality")
    assert "Coverage" in out
    assert "Consistency" not in out
    _, out, _ = run(*GAMMA, "--show", "overfit", "--covariates", "1")
    assert "1 column without effect on mu" in out
    assert "Coverage" not in out


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("plain", [True, False])
def test_pictures_and_lines_fit_the_terminal(run, monkeypatch, width, plain):
    monkeypatch.setattr("mlefit.report.terminal.width_of", lambda stream: width)
    _, out, _ = run(*EVERYTHING, "--plot", "always", *(["--ascii"] if plain else []))
    assert max(map(len, out.splitlines())) <= width
    assert out.count("slope -1/2") == 1
    assert "fresh, prior" in out
    assert not plain or out.isascii()


def test_coverage_of_every_kind_of_interval(run):
    _, out, _ = run(*GAMMA, "--show", "coverage", "--ci", "wald,profile,mean,outcome", "-f", "csv")
    kinds = [(row["name"], row["method"]) for row in table(out) if row["rows"] == "20"]
    parameters = [(name, method) for method in ("wald", "profile") for name in ("mu", "k")]
    assert kinds == [
        *parameters,
        ("mean of an outcome", "predicted"),
        ("new outcome", "predicted"),
    ]
    _, out, _ = run(*GAMMA, "--show", "coverage", "--ci", "outcome")
    assert "how probable one between the limits is" in out


def test_markdown_has_the_tables(run):
    _, out, _ = run(*EVERYTHING, "-f", "md")
    assert out.startswith("### Study of gamma")
    assert out.count("| parameter") == 4


def test_samples_without_a_maximum_are_told(run):
    argv = ["study", "-F", "negbinom", "--at", "mu=3,k=8", "--rows", "20", "--replications", "30"]
    code, out, _ = run(*argv)
    assert code == 0
    assert "of 30 samples of 20 rows: no overdispersion: the Poisson boundary" in out
    _, out, _ = run(*argv, "--table", "samples", "-f", "csv")
    assert sum(int(row["samples"]) for row in table(out)) == 30


def test_no_maximum_at_all_is_shown_and_ends_with_four(run):
    argv = ["study", "-F", "bernoulli", "--at", "mu=1e-9", "--rows", "5", "--replications", "3"]
    code, out, _ = run(*argv, "--plot", "always")
    assert code == 4
    assert "3 of 3 samples of 5 rows: no maximum exists" in out
    assert run(*argv, "-f", "json")[0] == 4


def test_an_unusual_family_is_drawn_from_too(run):
    argv = ["study", "-F", "categorical", "--levels", "a,b,c", "--at", "b=0.4,c=-1", *QUICK]
    assert run(*argv, "--show", "coverage")[0] == 0
    argv = ["study", "-F", "binomial", "--trials", "9", "--at", "mu=0.3", *QUICK]
    code, out, _ = run(*argv, "--show", "consistency")
    assert code == 0
    assert "trials 9" in out
    assert run("study", "--loss", "mse", "--at", "mu=0,sigma=1", *QUICK)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no family: a study draws its rows from one"),
        (["-F", "poisson"], "no value for mu of poisson"),
        (["-F", "poisson", "--at", "lambda=3"], "poisson has no parameter 'lambda'"),
        (["-F", "poisson", "--at", "mu=-3"], "must be > 0"),
        (["-F", "poisson", "--at", "mu=3", "--rows", "1"], "more than 1 rows"),
        (["-F", "poisson", "--at", "mu=3", "--rows", "ten"], "--rows must be a whole number"),
        (["-F", "poisson", "--at", "mu=3", "--replications", "1"], "at least 2, not '1'"),
        (["-F", "poisson", "--at", "mu=3", "--show", "covrage"], "try:  --show coverage"),
        (["-F", "poisson", "--at", "mu=3", "--prior", "normal(0)"], "normal takes 2 numbers"),
        (["-F", "poisson", "--loss", "mse"], "cannot stand together"),
        (["-F", "pareto", "--at", "alpha=3"], "--family pareto:1"),
        (["-F", "binomial", "--at", "mu=0.3"], "try:  --trials 10"),
    ],
)
def test_refusals_end_with_two(run, arguments, words):
    code, out, err = run("study", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert words in err
