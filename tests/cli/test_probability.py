"""`mlefit probability` as a user meets it."""

from __future__ import annotations

import csv
import io
import json

NORMAL = ("probability", "-F", "normal", "--at", "mu=170,sigma=10")


def test_one_question_is_one_line(run):
    code, out, err = run(*NORMAL, "--above", "185")
    assert (code, err) == (0, "")
    assert out == "P(X > 185 | mu = 170, sigma = 10) = 0.0668072\n"


def test_several_questions_are_lines_that_agree_in_their_columns(run):
    _, out, _ = run(*NORMAL, "--above", "185,190", "--quantile", "0.975", "--equal", "185")
    assert out.splitlines() == [
        "P(X > 185      | mu = 170, sigma = 10) = 0.0668072",
        "P(X > 190      | mu = 170, sigma = 10) = 0.0227501",
        "f(X = 185      | mu = 170, sigma = 10) = 0.0129518",
        "quantile(0.975 | mu = 170, sigma = 10) = 189.59964   P(X <= 189.59964) = 0.975",
    ]


def test_parameters_may_come_one_by_one_and_the_family_by_its_loss(run):
    split = ("--at", "mu=170", "--at", "sigma=10", "--above", "185")
    assert run("probability", "--loss", "mse", *split) == run(*NORMAL, "--above", "185")


def test_a_count_shows_both_readings(run):
    _, out, _ = run("probability", "-F", "poisson", "--at", "mu=3", "--below", "5")
    assert out.splitlines() == [
        "P(X <= 5 | mu = 3) = 0.916082",
        "P(X < 5  | mu = 3) = 0.815263",
        "P(X = 5  | mu = 3) = 0.100819",
    ]


def test_far_tails_have_their_logarithms(run):
    _, out, _ = run("probability", "-F", "normal", "--at", "mu=0,sigma=1", "--above", "8,60")
    assert out.splitlines() == [
        "P(X > 8  | mu = 0, sigma = 1) = 6.22096e-16   (log10 -15.2061, ln -35.0134)",
        "P(X > 60 | mu = 0, sigma = 1) = 10^-783.91   (log10 -783.907, ln -1805.01)",
    ]
    _, out, _ = run("probability", "-F", "normal", "--at", "mu=0,sigma=1", "--below", "8")
    assert out == "P(X <= 8 | mu = 0, sigma = 1) = 1 - 6.22096e-16\n"


def test_a_table_has_a_row_for_each_answer_at_full_precision(run):
    _, out, _ = run(*NORMAL, "--above", "185", "-f", "csv")
    (row,) = csv.DictReader(io.StringIO(out))
    assert row["event"] == "X > 185"
    assert float(row["probability"]) == 0.0668072012688581
    _, out, _ = run(*NORMAL, "--above", "185", "-f", "tsv", "--table", "density")
    rows = list(csv.DictReader(io.StringIO(out), delimiter="\t"))
    assert len(rows) > 200
    assert {float(row["y"]) for row in rows} >= {185.0}


def test_the_document_and_markdown(run, tmp_path):
    path = tmp_path / "answers.json"
    code, _, _ = run(*NORMAL, "--between", "165,185", "-o", str(path), "-q")
    document = json.loads(path.read_text(encoding="utf-8"))
    assert code == 0
    assert document["schema"] == "mlefit/probability/1"
    assert document["distribution"]["at"] == {"mu": 170, "sigma": 10}
    assert document["answers"][0]["event"] == "165 < X < 185"
    _, out, _ = run(*NORMAL, "--above", "185", "-f", "md")
    assert out == "- P(X \\> 185 \\| mu = 170, sigma = 10) = 0.0668072\n"


def test_a_picture_stands_above_its_numbers(run):
    _, out, _ = run(*NORMAL, "--above", "185", "--plot", "always", "--ascii")
    lines = out.splitlines()
    assert lines[0] == "density of Normal(mu = 170, sigma = 10), what was asked filled"
    assert lines[-1].startswith("P(X > 185")
    assert out.isascii()
    assert all(len(line) <= 80 for line in lines)
    assert any("bbbb" in line for line in lines)


def test_refusals_exit_with_2(run):
    for arguments, words in (
        (("--above", "x"), "--above must be a number, not 'x'"),
        ((), "nothing is asked"),
        (("--above", "3", "--trials", "4"), "normal has no trials"),
        (("--above", "3", "--loss", "mse"), "--family and --loss cannot stand together"),
        (("--above", "3,,4"), "--above has an empty name"),
    ):
        code, out, err = run(*NORMAL, *arguments)
        assert (code, out) == (2, "")
        assert words in err
    code, _, err = run("probability", "-F", "normal", "--at", "mu=3,sgma=2", "--above", "1")
    assert code == 2
    assert "try:  --at sigma=2" in err
