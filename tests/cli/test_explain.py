"""`mlefit explain` at the command line: pages as people see them, and refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent.parent / "report" / "golden" / "explain"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("poisson.txt", "poisson sample_data/doctor_visits.csv -y visits"),
        ("mse.txt", "mse"),
        ("normal.md", "normal -f md"),
        ("zip-ascii.txt", "zip --ascii"),
        ("l2.txt", "l2 sample_data/insurance.csv 'claims ~ age' -F poisson --l2 5"),
    ],
)
def test_pages_are_as_they_were(run, current, name, arguments):
    code, out, _err = run("explain", *arguments_of(arguments))
    assert code == 0
    current(GOLDEN / name, out)


def arguments_of(line):
    import shlex

    return shlex.split(line)


def test_an_unknown_topic_is_refused_with_what_is_near(run):
    code, _out, err = run("explain", "poison")
    assert code == 2
    assert "nothing to explain is called 'poison'" in err
    assert "mlefit explain poisson" in err


def test_a_concept_takes_no_data(run):
    code, _out, err = run("explain", "newton", "sample_data/rivers.csv", "-y", "length_miles")
    assert code == 2
    assert "'newton' is explained without data" in err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["sample_data/rivers.csv"], "'sample_data/rivers.csv' is a file: what of it"),
        (["-y", "length_miles"], "explain what? name a family, a loss or a prior"),
        (
            ["poisson", "sample_data/rivers.csv", "-y", "length_miles", "-F", "gamma"],
            "'poisson' is the poisson family already, not gamma",
        ),
        (
            ["Ridge", "sample_data/rivers.csv", "-y", "length_miles", "-F", "gamma"],
            "'Ridge' is the normal family already, not gamma",
        ),
        (["hinge"], "'hinge' is not the negative logarithm of any density"),
        (["glm"], "nothing to explain is called 'glm'"),
    ],
)
def test_what_makes_no_page_is_refused(run, arguments, problem):
    code, _, err = run("explain", *arguments)
    assert code == 2
    assert problem in err


def test_rows_without_a_maximum_have_no_numbers(run):
    code, out, err = run("explain", "zinb", "sample_data/doctor_visits.csv", "-y", "visits")
    assert (code, out) == (4, "")
    assert "no extra zeros: the negative binomial boundary is the maximum" in err


def test_a_bad_target_is_refused_as_fit_refuses_it(run):
    code, _out, err = run("explain", "poisson", "sample_data/rivers.csv", "-y", "length_mile")
    assert code == 2
    assert "length_miles" in err


def test_a_page_is_written_to_a_file_in_the_format_of_its_name(run, tmp_path):
    file = tmp_path / "poisson.md"
    assert run("explain", "poisson", "-o", str(file))[0] == 0
    assert r"\frac{\mu^{y} e^{-\mu}}{y!}" in file.read_text(encoding="utf-8")


def test_formulas_as_a_table(run):
    _code, out, _err = run("explain", "poisson", "-f", "csv")
    header, first, *_ = out.splitlines()
    assert header == "step,name,text,latex,expression,value"
    assert first.startswith("one row,density,p(y | μ) = μ^y e^(−μ)/y!,")
    _, out, _ = run("explain", "poisson", "--table", "formulas")
    assert "density" in out
    assert "rows are independent" not in out
