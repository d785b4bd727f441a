"""Every refusal of `mlefit fit`: its code, its sentence, its evidence, and a way out that works."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

DATA = """\
day,x1,x2,group,two,flag,coded,frac,amount,total,count,w,id,blank,odd name
2024-01-01,0.5,3,a,no,true,1,0.25,10.75,5,1,1,u00,,1
2024-01-02,1.5,1,b,no,false,2,0.5,12.25,6,0,0,u01,,4
2024-01-03,2.5,4,c,no,false,2,0.75,13.75,7,2,2,u02,,2
2024-01-04,0.25,1,a,yes,true,2,0.25,10.375,5,3,1,u03,3,8
2024-01-05,1.75,5,b,yes,true,1,0.5,12.625,6,1,0,u04,4,5
2024-01-06,3.5,9,c,no,false,1,0.75,15.25,7,4,2,u05,5,7
2024-01-07,2.0,2,a,no,false,1,0.25,13.5,5,2,1,u06,9,1
2024-01-08,0.75,6,b,no,true,1,0.5,11.125,6,0,0,u07,7,4
2024-01-09,1.25,5,c,yes,true,2,0.75,11.875,7,1,2,u08,6,2
2024-01-10,3.0,3,a,yes,false,2,0.25,14.5,5,3,1,u09,9,8
2024-01-11,2.25,5,b,no,false,2,0.5,12.5,6,2,0,u10,8,5
2024-01-12,1.0,8,c,no,true,1,0.75,11.75,7,1,2,u11,11,7
"""
FILES = {
    "data.csv": DATA,
    "infinite.csv": "y,x\n1,1\n0,inf\n2,3\n1,5\n3,7\n",
    "negative.csv": "y,x,n,w\n1,1,2,1\n-1,2,2,-1\n2,3,2,1\n",
    "constant.csv": "y,g\n2,yes\n2,yes\n2,yes\n",
    "header.csv": "y,x\n",
    "empty.csv": "",
    "numbers.csv": "1,2\n3,4\n",
    "spoilt.csv": "y,x\n1,2\n2,3\n?,4\n0,5\n",
    "digits.csv": "y,x\n1,2\n2,3\n٣,4\n0,5\n",
    "tiny.csv": "y,x\n1e-200,2\n3e-200,3\n-2e-200,1\n",
    "words.csv": "a,b\nx,y\nz,y\nx,w\n",
}
COLUMNS = (
    "  columns: day, x1, x2, group, two, flag, coded, frac, amount, total, count, w, ... and 3 more"
)
P = "-F poisson"
CORNER = "only the expected information has a curvature to use"

# command line behind `mlefit fit` -> exit code, first line, a line of evidence, suggestions
REFUSED = {
    # data
    f"dat.csv 'count ~ x1' {P}": (3, "no file dat.csv", None, None),
    f"no/data.csv 'count ~ x1' {P}": (3, "no file no/data.csv: there is no directory no", None, []),
    f"empty.csv 'y ~ x' {P}": (3, "empty.csv is empty", None, []),
    f"header.csv 'y ~ x' {P}": (3, "header.csv has a header but no rows", None, []),
    f"'' 'y ~ x' {P}": (
        2, "the name of the data file is empty",
        "  is it a variable of the shell that is not set?", [],
    ),
    f"numbers.csv 'y ~ x' {P}": (
        2, "no column 'y' in numbers.csv",
        "  its first row holds numbers only, so it is no header", [],
    ),
    f"spoilt.csv 'y ~ x' {P}": (
        3, "column 'y' holds text, but poisson needs 0, 1, 2, ...",
        "  first: row 4 = '?' (1 of 4 rows)", [],
    ),
    f"digits.csv 'y ~ x' {P}": (
        3, "column 'y' holds text, but poisson needs 0, 1, 2, ...",
        "  first: row 4 = '٣' (1 of 4 rows)", ["--family categorical", "--family ordinal"],
    ),
    f"header.csv {P}": (3, "header.csv has a header but no rows", None, []),
    f"infinite.csv 'y ~ x' {P}": (
        3, "column 'x' holds infinite values", "  first: row 3 = inf (1 of 5 rows)",
        ["--where '\"x\" - \"x\" = 0'"],
    ),
    "tiny.csv 'y ~ x' -F normal": (
        3, "y has only values below 1e-150, whose squares vanish",
        "  largest: row 3 = 3e-200", ["the same in smaller units, such as I(y * 1e100)"],
    ),
    # family
    "data.csv 'count ~ x1'": (
        2, "no family: which distribution does 'count' have, or which loss?", None,
        ["--family poisson", "--family negbinom", "--family laplace", "--family normal"],
    ),
    "data.csv 'two ~ x1'": (
        2, "no family: which distribution does 'two' have, or which loss?", None,
        ["--family bernoulli"],
    ),
    "data.csv -y flag": (
        2, "no family: which distribution does 'flag' have, or which loss?", None,
        ["--family bernoulli"],
    ),
    "data.csv": (
        2, "no family: which distribution, or which loss?", None, ["mlefit list families"],
    ),
    "data.csv 'count ~ x1' -F poison": (
        2, "no family or loss 'poison'", None,
        ["--family poisson", "--family hurdle-poisson"],
    ),
    "data.csv 'two ~ x1' --loss hinge": (
        2, "'hinge' is not the negative logarithm of any density",
        "  exp(-loss) does not integrate to a constant over y for every prediction",
        ["--loss log-loss"],
    ),
    f"data.csv 'count ~ x1' {P} --loss mse": (
        2, "--family and --loss cannot stand together", None, ["--family", "--loss"],
    ),
    # support
    f"data.csv 'amount ~ x1' {P}": (
        3, "'amount' does not suit poisson: it has non-integers",
        "  first: row 2 = 10.75, row 3 = 12.25 (12 of 12 rows)",
        ["--family gamma", "--family lognormal", "--family weibull", "--family laplace",
         "--family normal"],
    ),
    f"negative.csv 'y ~ x' {P}": (
        3, "'y' does not suit poisson: it has negative values",
        "  first: row 3 = -1 (1 of 3 rows)", ["--family laplace", "--family normal"],
    ),
    "data.csv 'coded ~ x1' -F bernoulli": (
        3, "'coded' does not suit bernoulli: it has values other than 0 and 1",
        "  first: row 3 = 2, row 4 = 2 (6 of 12 rows)", ["'coded == 2 ~ x1'"],
    ),
    "data.csv -y coded -x x1,group -F bernoulli": (
        3, "'coded' does not suit bernoulli: it has values other than 0 and 1",
        "  first: row 3 = 2, row 4 = 2 (6 of 12 rows)", ["'coded == 2 ~ x1 + group'"],
    ),
    "data.csv 'frac ~ x1' -F bernoulli": (
        3, "'frac' does not suit bernoulli: it has values other than 0 and 1",
        "  first: row 2 = 0.25, row 3 = 0.5 (12 of 12 rows)",
        ["--family beta", "--family gamma", "--family lognormal", "--family weibull",
         "--family laplace"],
    ),
    "data.csv 'group ~ x1' -F bernoulli": (
        3, "column 'group' has 3 levels, but bernoulli needs two", "  levels: 'a', 'b', 'c'",
        ["\"group == 'c' ~ x1\""],
    ),
    "constant.csv 'g ~ 1' -F bernoulli": (
        3, "column 'g' has 1 level, but bernoulli needs two", "  levels: 'yes'", [],
    ),
    f"data.csv 'group ~ x1' {P}": (
        3, "column 'group' holds text, but poisson needs 0, 1, 2, ...",
        "  first: row 2 = 'a' (12 of 12 rows)", ["--family categorical", "--family ordinal"],
    ),
    f"data.csv 'two ~ x1' {P}": (
        3, "column 'two' holds text, but poisson needs 0, 1, 2, ...",
        "  first: row 2 = 'no' (12 of 12 rows)", ["--family bernoulli"],
    ),
    "data.csv 'day ~ x1' -F normal": (
        2, "column 'day' holds dates or times, where numbers are needed", None, [],
    ),
    "data.csv 'total ~ x1' -F binomial --trials count": (
        3, "'total' does not suit binomial: it has more successes than trials",
        "  first: row 2 = 5, row 3 = 6 (12 of 12 rows)", [],
    ),
    # columns
    f"data.csv 'cout ~ x1' {P}": (
        2, "no column 'cout' in data.csv", COLUMNS, ["'count ~ x1'"],
    ),
    f"data.csv 'count ~ x1 + log(totl)' {P}": (
        2, "no column 'totl' in data.csv", COLUMNS, ["'count ~ x1 + log(total)'"],
    ),
    f"data.csv 'count ~ grup + log(totl)' {P}": (
        2, "no column 'grup' in data.csv", COLUMNS, ["'count ~ group + log(total)'"],
    ),
    f"data.csv 'count ~ `odd nam`' {P}": (
        2, "no column 'odd nam' in data.csv", COLUMNS, ["'count ~ `odd name`'"],
    ),
    f"data.csv -y coun {P}": (
        2, "no column 'coun' in data.csv", COLUMNS, ["-y count"],
    ),
    f"data.csv -y count -x x1,grup {P}": (
        2, "no column 'grup' in data.csv", COLUMNS, ["-x x1,group"],
    ),
    f"data.csv -y count -x x1,odd_name {P}": (
        2, "no column 'odd_name' in data.csv", COLUMNS, ["-x 'x1,odd name'"],
    ),
    "data.csv 'count ~ x1' -F binomial --trials totl": (
        2, "no column 'totl' in data.csv", COLUMNS, ["--trials total"],
    ),
    f"data.csv 'count ~ x1' {P} --exposure totl": (
        2, "no column 'totl' in data.csv", COLUMNS, ["--exposure total"],
    ),
    f"data.csv 'count ~ x1' {P} --offset oddname": (
        2, "no column 'oddname' in data.csv", COLUMNS, ["--offset 'odd name'"],
    ),
    f"data.csv 'count ~ x1' {P} --se cluster --cluster grup": (
        2, "no column 'grup' in data.csv", COLUMNS, ["--cluster group"],
    ),
    "data.csv 'amount ~ x1' -F normal --model 'sigma ~ grup'": (
        2, "no column 'grup' in data.csv", COLUMNS, ["--model 'sigma ~ group'"],
    ),
    f"data.csv 'count ~ x1' {P} --where 'totl > 1'": (
        2, "--where 'totl > 1': no column 'totl' in data.csv", COLUMNS, ["total"],
    ),
    # target and features
    f"data.csv -y count -x count,x1 {P}": (
        2, "the target 'count' cannot also be a feature", None, ["-x x1"],
    ),
    f"data.csv 'count ~ count' {P}": (
        2, "the response count cannot also be a term", "  count ~ count", [],
    ),
    f"data.csv -x x1 {P}": (
        2, "-x names features, but nothing names the target", None, ["-y count"],
    ),
    f"data.csv 'count ~ x1' -y count {P}": (
        2, "a formula already names the target and the features: leave out -y and -x", None,
        ["'count ~ x1'"],
    ),
    f"data.csv --strict {P}": (
        2, "--strict allows no guess, and neither a formula nor -y names the target", None,
        ["-y count -x 'x1,x2,group,two,flag,coded,frac,amount,total,w,blank,odd name'"],
    ),
    f"words.csv {P}": (
        2, "no column of words.csv suits poisson, whose values are 0, 1, 2, ...", None, [],
    ),
    # terms
    f"data.csv 'count ~ day + x1' {P}": (
        2, "column 'day' holds dates or times, where numbers are needed", None,
        ["'count ~ C(day) + x1'"],
    ),
    f"data.csv -y count -x all {P} --where 'x2 > 0'": (
        2, "column 'day' holds dates or times, where numbers are needed", None, None,
    ),
    f"data.csv 'count ~ . - id' {P}": (
        2, "column 'day' holds dates or times, where numbers are needed", None,
        ["'count ~ . - id - day'"],
    ),
    f"data.csv 'count ~ log(group) + x1' {P}": (
        2, "column 'group' holds text, where in log(group) numbers are needed", None,
        ["'count ~ group + x1'"],
    ),
    f"data.csv \"count ~ I(x2 == 'b')\" {P}": (
        2, "column 'x2' holds numbers and cannot be compared with the text 'b'",
        "  values: 3.0, 1.0, 4.0, ...", [],
    ),
    f"data.csv \"count ~ I(x2 == '5')\" {P}": (
        2, "column 'x2' holds numbers and cannot be compared with the text '5'",
        "  values: 3.0, 1.0, 4.0, ...", ["'count ~ I(x2 == 5)'"],
    ),
    f"data.csv \"count ~ C(group, ref='d')\" {P}": (
        2, "C(group) has no level 'd'", "  levels: 'a', 'b', 'c'",
        ["\"count ~ C(group, ref='a')\""],
    ),
    f"data.csv 'count ~ log(w)' {P}": (
        3, "log(w) is not a finite number in 4 of 12 rows", "  first: row 3, where w = 0.0", [],
    ),
    f"data.csv 'count ~ x1/x2' {P}": (
        2, "'/' cannot stand between terms", "  for a quotient: I(a/b)", [],
    ),
    f"data.csv 'count ~ lg(x1)' {P}": (
        2, "no function 'lg'", "  did you mean:  log, log2", [],
    ),
    f"data.csv 'count ~ (x1' {P}": (2, "expected ')'", "  count ~ (x1", []),
    f"data.csv '~ x1' {P}": (
        2, "the formula has no target on its left side", "  write  TARGET ~ x1", [],
    ),
    # roles
    "data.csv 'count ~ x1' -F binomial": (
        2, "binomial needs the number of trials of each row: --trials COL",
        "  for one trial a row, the family is bernoulli", [],
    ),
    f"data.csv 'count ~ x1' {P} --trials total": (
        2, "--trials is for binomial and beta-binomial, not for poisson", None,
        ["--family binomial", "--family beta-binomial"],
    ),
    "data.csv 'count ~ x1' -F binomial --trials amount": (
        3, "trials 'amount' has values that are no counts",
        "  first: row 2 = 10.75, row 3 = 12.25 (12 of 12 rows)", [],
    ),
    f"data.csv 'count ~ x1' {P} --exposure w": (
        3, "exposure 'w' has values that are not > 0",
        "  first: row 3 = 0, row 6 = 0 (4 of 12 rows)", [],
    ),
    f"data.csv 'count ~ x1' {P} --offset group": (
        2, "--offset needs numbers, and column 'group' holds text", None, [],
    ),
    f"data.csv 'count ~ x1' {P} --freq-weights x1": (
        3, "frequency weights 'x1' count rows, but some are not whole numbers",
        "  first: row 2 = 0.5, row 3 = 1.5 (9 of 12 rows)", [],
    ),
    "negative.csv 'n ~ x' -F normal --sampling-weights w": (
        3, "weights 'w' has negative values", "  first: row 3 = -1 (1 of 3 rows)", [],
    ),
    f"data.csv 'count ~ x1' {P} --precision-weights x1": (
        2, "precision weights scale a variance, and poisson has no scale of its own",
        "  for repeated rows: --freq-weights COL", [],
    ),
    "data.csv 'amount ~ x1' -F normal --precision-weights x2 --link sigma=identity": (
        2, "precision weights need the log link on sigma", None, ["--link sigma=log"],
    ),
    # model
    f"data.csv 'count ~ x1' {P} --link identityy": (
        2, "no link 'identityy'", None, ["--link identity"],
    ),
    f"data.csv 'count ~ x1' {P} --link logit": (
        2, "the logit link does not suit mu, which is the mean count (> 0)",
        "  links for it: identity, log, inverse, inverse-squared, sqrt", ["--link mu=log"],
    ),
    "data.csv 'amount ~ x1' -F normal --link sigm=log": (
        2, "normal has no parameter 'sigm' for --link sigm=log", "  parameters: mu, sigma",
        ["--link sigma=log"],
    ),
    "data.csv 'amount ~ x1' -F normal --model 'sigm ~ x2'": (
        2, "normal has no parameter 'sigm' for --model 'sigm ~ x2'",
        "  parameters with a --model: sigma", ["--model 'sigma ~ x2'"],
    ),
    "data.csv 'amount ~ x1' -F normal --fix sigm=1": (
        2, "--fix sigm=1: no parameter or coefficient 'sigm'",
        "  there are: mu, sigma, Intercept, x1", ["--fix sigma=1"],
    ),
    f"data.csv 'count ~ x1' {P} --fix x1": (
        2, "--fix 'x1' is not NAME=NUMBER", "  for example --fix sigma=1, or --fix x=0", [],
    ),
    "data.csv 'amount ~ x1' -F normal --fix sigma=-1": (
        2, "--fix sigma=-1: sigma must be > 0", None, [],
    ),
    # rows
    f"data.csv 'count ~ x1' {P} --where 'x1 > 100'": (
        3, "no row of data.csv satisfies --where 'x1 > 100'", None, [],
    ),
    f"data.csv 'count ~ blank' {P} --missing error": (
        3, "column 'blank' lacks 3 of 12 values", "  first: row 2, in all 3 empty",
        ["--missing drop"],
    ),
    f"data.csv 'count ~ blank' {P} --max-dropped 1": (
        3, "missing values cost 3 of 12 rows, more than 1",
        "  12 rows read, 9 usable, dropped: 3 missing:blank", ["--max-dropped 3"],
    ),
    f"data.csv 'count ~ blank' {P} --max-dropped many": (
        2, "--max-dropped 'many' is neither a percentage nor a number of rows", None,
        ["--max-dropped 1%", "--max-dropped 20"],
    ),
    # the rest
    "data.csv 'amount ~ x1' -F laplace --se HC1": (
        2, f"laplace has a corner at its location, where {CORNER}", None, ["--se expected"],
    ),
    f"data.csv 'count ~ x1' {P} --se HC4": (
        2, "no --se 'HC4'", None, ["--se HC3", "--se HC2", "--se HC1"],
    ),
    f"data.csv 'count ~ x1' {P} --conf-levle 0.9": (
        2, "no option --conf-levle in mlefit fit", None, ["--conf-level"],
    ),
    f"data.csv count ~ x1 {P}": (
        2, "got unexpected extra argument(s) (~ x1)",
        "  a formula is one argument: put it in quotes", [],
    ),
}  # fmt: skip

# Suggestions that name a flag to choose, or values that are only examples.
NOT_RUN = {"--family", "--loss", "--conf-level", "--max-dropped 1%"}


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("line", REFUSED)
def test_an_error_says_what_is_wrong_and_what_would_work(run, line):
    code, problem, evidence, suggestions = REFUSED[line]
    found, out, err = run("fit", *shlex.split(line))
    assert (found, out) == (code, "")
    first, *more = err.splitlines()
    assert first == f"error: {problem}"
    assert evidence is None or evidence in more
    assert suggestions is None or tries(err) == suggestions
    assert "Traceback" not in err


def runnable():
    for line, (*_, suggestions) in REFUSED.items():
        for suggestion in suggestions or ():
            if suggestion not in NOT_RUN and ("~" in suggestion or suggestion.startswith("-")):
                yield pytest.param(line, suggestion, id=f"{line} -> {suggestion}")


@pytest.mark.parametrize(("line", "suggestion"), list(runnable()))
def test_a_suggestion_works(run, line, suggestion):
    code, out, err = run("fit", *corrected(shlex.split(line), shlex.split(suggestion)))
    assert code in (0, 4), err
    assert out
    assert "error:" not in err


@pytest.mark.parametrize(
    "line", [f"data.csv 'cout ~ x1' {P}", f"empty.csv 'y ~ x' {P}", "data.csv 'count ~ x1'"]
)
def test_a_process_says_the_same(line):
    code, problem, *_ = REFUSED[line]
    done = subprocess.run(
        [sys.executable, "-m", "mlefit", "fit", *shlex.split(line)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.splitlines()[0] == f"error: {problem}"
    assert tries(done.stderr) == REFUSED[line][3]


@pytest.mark.parametrize("family", ["normal", "poisson", "laplace"])
def test_a_constant_target_ends_in_a_verdict(run, family):
    code, _, err = run("fit", "constant.csv", "y ~ 1", "-F", family)
    assert code in (0, 4)
    assert "internal error" not in err


def test_many_misfits_name_the_first_rows_only(run, tmp_path):
    (tmp_path / "long.csv").write_text("y\n" + "0.5\n" * 200_000, encoding="utf-8")
    code, _, err = run("fit", "long.csv", "y ~ 1", "-F", "poisson")
    assert code == 3
    assert "  first: row 2 = 0.5, row 3 = 0.5 (200000 of 200000 rows)" in err.splitlines()


def tries(err):
    """The suggestions of an error."""
    listed = [line.removeprefix("  try:  ") for line in err.splitlines() if "  try:  " in line]
    return listed[0].split("   or   ") if listed else []


def corrected(words, suggestion):
    """The command line with a suggested formula or suggested flags in the place of its own."""
    if not suggestion[0].startswith("-"):
        data, *rest = without(words, ["-y", "-x"])
        return [data, *suggestion, *(word for word in rest if "~" not in word)]
    given = {"--family": ["-F", "--family"]}.get(suggestion[0], suggestion[::2])
    kept = without(words, given)
    return [*(word for word in kept if word != "--strict"), *suggestion]


def without(words, flags):
    """The command line less some flags and their values."""
    places = {i for i, word in enumerate(words) if word in flags}
    return [word for i, word in enumerate(words) if i not in places and i - 1 not in places]
