"""`mlefit likelihood` as a user meets it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2] / "sample_data"
RIVERS = str(SAMPLES / "rivers.csv")
TWO = ("--at", "mu=590,k=2.5", "--at", "mu=500,k=2")
GAMMA = ("likelihood", RIVERS, "-y", "length_miles", "-F", "gamma")


def rows_of(out: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(out), delimiter=delimiter))


def test_the_textbook_in_two_lines(run):
    points = ("--at", "mu=170,sigma=10", "--at", "mu=180,sigma=8")
    code, out, err = run("likelihood", "185", "--family", "normal", *points)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "L(mu = 170, sigma = 10 | X = 185) = 0.0129518",
        "L(mu = 180, sigma =  8 | X = 185) = 0.0410201     <- 3.17 times better supported",
    ]


def test_the_product_of_a_few_values_is_written_out(run):
    _, out, _ = run("likelihood", "3", "5", "2", "-F", "poisson", "--at", "mu=3")
    assert out.splitlines()[0] == (
        "L(mu = 3 | X = 3, 5, 2) = 0.224 x 0.1008 x 0.224 = 0.00506057   ln L = -5.28628"
    )


def test_a_product_that_no_double_holds_stands_next_to_its_log(run):
    code, out, err = run(*GAMMA, *TWO)
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0].split() == ["Gamma", "sample", "·", "length_miles", "141", "rows"]
    assert lines[1] == (
        "L(mu = 590, k = 2.5 | length_miles) = 10^-440.01   ln L = -1013.15"
        "     <- 686 times better supported"
    )
    assert lines[2] == "L(mu = 500, k =   2 | length_miles) = 10^-442.84   ln L = -1019.68"
    assert "  why the log: the product of 141 densities is too small" in out
    # the three readings of the second point, as its table tells them at full precision
    _, table, _ = run(*GAMMA, *TWO, "-f", "csv", "--table", "readings")
    assert [round(float(row["statistic"]), 4) for row in rows_of(table)][3:] == [
        13.1386,
        11.74,
        12.6473,
    ]
    for number in ("13.1386", "11.7400", "12.6473"):
        assert number in out


def test_of_many_points_the_best_is_told_from_the_next(run):
    points = [word for mu in (170, 180, 0) for word in ("--at", f"mu={mu}")]
    _, out, _ = run("likelihood", "185", "-F", "normal", "--fix", "sigma=10", *points)
    assert "<- 2.72 times better supported than the next" in out.splitlines()[1]
    assert "L(mu =   0, sigma = 10 | X = 185) = 1.91543e-76" in out.splitlines()[2]


def test_tables_are_tidy_and_at_full_precision(run):
    _, out, _ = run(*GAMMA, *TWO, "-f", "csv")
    first, second = rows_of(out)
    assert float(first["log_likelihood"]) == pytest.approx(-1013.1502397747321, rel=1e-14)
    assert float(second["height_p"]) == pytest.approx(0.0014027, rel=1e-4)
    _, out, _ = run(*GAMMA, *TWO, "-f", "tsv", "--table", "directions")
    assert [row["parameter"] for row in rows_of(out, "\t")] == ["mu", "k", "mu", "k"]
    _, out, _ = run(*GAMMA, "--over", "mu=500:600", "--steps", "4", "-f", "csv", "--table", "curve")
    values = [float(row["mu"]) for row in rows_of(out)]
    assert values == sorted(values)
    assert {500.0, 525.0, 550.0, 575.0, 600.0} <= set(values)
    assert all(float(row["k"]) > 2 for row in rows_of(out))
    _, out, _ = run(*GAMMA, *TWO, "--steps", "3", "-f", "csv", "--table", "surface")
    assert len(rows_of(out)) == 16
    assert list(rows_of(out)[0]) == ["mu", "k", "log_likelihood", "below_maximum"]
    _, out, _ = run(*GAMMA, *TWO, "-f", "csv", "--table", "rows")
    assert len(rows_of(out)) == 282
    assert rows_of(out)[0]["row"] == "2"


def test_pictures_stand_above_their_numbers_and_fit(run):
    code, out, _ = run(*GAMMA, *TWO, "--plot", "always", "--ascii")
    assert code == 0
    assert out.isascii()
    lines = out.splitlines()
    curve = lines.index("The profile likelihood of mu, k at its best for each")
    surface = lines.index("The likelihood over mu and k")
    assert (
        "  95% interval of mu: 534.039 to 656.782 | where the curve is 1.9207 below the top" in out
    )
    key = next(line for line in lines if "# 50%   + 80%   - 95%   . 99%" in line)
    assert curve < surface < lines.index(key)
    assert lines[-1].split() == ["99%", "4.6052", *lines[-1].split()[2:]]
    # the second point is far outside, the first beside the maximum
    drawn = [line for line in lines[surface:] if "|" in line or "+" in line]
    assert sum("x" in line for line in drawn) == 1
    assert sum("2 " in line.partition("|")[2] for line in drawn) == 1


def test_without_pictures_nothing_is_drawn_that_was_not_asked_for(run):
    _, out, _ = run(*GAMMA, *TWO, "-f", "json")
    document = json.loads(out)
    assert document["schema"] == "mlefit/likelihood/1"
    assert (document["curve"], document["surface"], document["rows"]) == (None, None, [])
    assert document["maximum"]["status"] == "converged"
    assert document["data"]["rows_used"] == 141


def test_a_picture_is_drawn_into_a_file(run, tmp_path):
    path = tmp_path / "gamma.svg"
    code, _, _ = run(*GAMMA, "--over", "mu", "--steps", "6", "--plot", str(path))
    text = path.read_text(encoding="utf-8")
    assert code == 0
    assert ">ln L less its top<" in text
    assert ">534.04<" in text


def test_markdown_has_the_same_parts(run):
    _, out, _ = run(*GAMMA, *TWO, "-f", "md")
    assert out.startswith("### Gamma sample · length\\_miles\n")
    assert "#### Against the maximum" in out


def test_values_may_be_negative_or_levels_or_come_from_a_pipe(run):
    _, out, _ = run("likelihood", "-F", "normal", "--at", "mu=0,sigma=1", "--", "-1.5", "2")
    assert out.startswith("L(mu = 0, sigma = 1 | X = -1.5, 2) = 0.1295 x 0.05399")
    _, out, _ = run("likelihood", "b", "a", "-F", "softmax", "--levels", "a,b", "--at", "b=0")
    assert out.startswith("L(b = 0 | X = b, a) = 0.5 x 0.5 = 0.25")
    code, out, _ = run(
        "likelihood", "-", "-y", "n", "-F", "poisson", "--at", "mu=2", stdin="n\n1\n2\n"
    )
    assert code == 0
    assert out.splitlines()[1].startswith("L(mu = 2 | n) = 0.0732626   ln L = ")
    _, out, _ = run("likelihood", "7", "-F", "binomial", "--trials", "10", "--at", "mu=.7")
    assert out.startswith("L(mu = 0.7 | X = 7) = 0.266828")


def test_refusals_exit_with_their_codes(run):
    for expected, arguments, words in (
        (2, ("185", "-F", "normal"), "no point of the likelihood is named"),
        (2, ("185", "--at", "mu=1"), "no family"),
        (2, ("1", "2", "x", "-F", "poisson", "--at", "mu=1"), "'x' is neither"),
        (2, ("185", "-F", "normal", "--at", "mu=1,sigm=2"), "normal has no parameter 'sigm'"),
        (2, ("7", "-F", "binomial", "--at", "mu=.5"), "binomial needs the number of trials"),
        (2, ("1", "-F", "normal", "--at", "mu=1,sigma=1", "--trials", "3"), "has no trials"),
        (2, ("1", "2", "-F", "normal", "--over", "mu", "--steps", "1"), "--steps must be"),
        (3, ("1.5", "-F", "poisson", "--at", "mu=2"), "'X' does not suit poisson"),
        (3, ("nowhere.csv", "-F", "poisson", "--at", "mu=2"), "nowhere.csv"),
    ):
        code, out, err = run("likelihood", *arguments)
        assert (code, out) == (expected, ""), arguments
        assert words in err
        assert "Traceback" not in err
