"""`mlefit predict` and `mlefit simulate`: rows in every format, complete files, and exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import polars as pl
import pytest

from mlefit import fit
from mlefit.report.document import dumps

FRAME = pl.DataFrame(
    {"id": [11, 12, 13, 14, 15, 16], "x": [1.0, 2, 3, 4, 5, 6], "g": list("ababab")}
).with_columns(y=pl.Series([1.1, 2.3, 2.9, 4.2, 4.8, 6.1]))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("predict")
    (folder / "m.json").write_text(dumps(fit(FRAME, "y ~ x + g", family="normal")))
    FRAME.write_csv(folder / "new.csv")
    return folder


@pytest.fixture
def at(place, monkeypatch):
    monkeypatch.chdir(place)
    return place


def test_rows_come_as_csv_in_the_order_they_came_in(run, at):
    code, out, err = run("predict", "new.csv", "--model", "m.json", "--keep", "id")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "id,fitted,std_error,conf_low,conf_high,residual,nll"
    assert [line.split(",")[0] for line in lines[1:]] == ["11", "12", "13", "14", "15", "16"]


def test_standard_input_is_a_table(run, at):
    code, out, _ = run("predict", "-m", "m.json", stdin="x,g\n1,a\n2,b\n")
    assert (code, len(out.splitlines())) == (0, 3)


@pytest.mark.parametrize("form", ["csv", "tsv", "json", "ndjson"])
def test_every_format_of_rows_holds_the_same(run, at, form):
    arguments = ("predict", "new.csv", "-m", "m.json", "--keep", "id,g")
    _, expected, _ = run(*arguments, "-f", "ndjson")
    rows = [json.loads(line) for line in expected.splitlines()]
    code, out, err = run(*arguments, "-f", form)
    assert (code, err) == (0, "")
    if form == "json":
        assert json.loads(out) == rows
    elif form != "ndjson":
        frame = pl.read_csv(out.encode(), separator="\t" if form == "tsv" else ",")
        assert frame.to_dicts() == rows


def test_text_is_for_people(run, at):
    arguments = ("predict", "-m", "m.json", "--keep", "g,note", "-f", "text", "--unseen", "null")
    table = "x,g,note\n1,a,one\\two\n,b,\x1b[31mred\n25,b,\n"
    code, out, err = run(*arguments, stdin=table)
    assert (code, err.count("note:")) == (0, 2)
    assert out == (
        "g  note           fitted  std_error  conf_low  conf_high\n"
        "a  one\\two       1.05833  0.0201269   1.01889    1.09778\n"
        "b  \\x1b[31mred\n"
        "b               23.8875   0.139184   23.6147    24.1603\n"
    )


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("p.csv", pl.read_csv),
        ("p.tsv", lambda path: pl.read_csv(path, separator="\t")),
        ("p.json", pl.read_json),
        ("p.jsonl", pl.read_ndjson),
        ("p.parquet", pl.read_parquet),
        ("p.arrow", pl.read_ipc),
    ],
)
def test_a_file_has_the_format_of_its_name(run, at, name, read):
    _, expected, _ = run("predict", "new.csv", "-m", "m.json", "--keep", "all", "--what", "fitted")
    code, out, err = run(
        "predict", "new.csv", "-m", "m.json", "--keep", "all", "--what", "fitted", "-o", name
    )
    assert (code, out, err) == (0, "", "")
    assert read(at / name).equals(pl.read_csv(expected.encode()))


@pytest.mark.parametrize("name", ["half.csv", "half.parquet", "half.arrow"])
def test_a_refusal_on_the_way_leaves_no_file(run, at, name):
    FRAME.with_columns(g=pl.Series([*"abab", "c", "a"])).write_csv(at / "odd.csv")
    (at / name).write_text("old")
    code, out, err = run("predict", "odd.csv", "-m", "m.json", "-o", name)
    assert (code, out) == (3, "")
    assert err == (
        "error: 'g' has the level 'c', which the fit had not seen\n"
        "  first: row 6\n  levels: 'a', 'b'\n"
        "  try:  --unseen null, which leaves such rows without a prediction\n"
    )
    assert (at / name).read_text() == "old"
    assert not [path for path in at.iterdir() if path.name.startswith(".mlefit")]


def test_rows_without_a_prediction_are_counted_on_standard_error(run, at):
    table = "x,g,y\n1,a,1\n,a,2\n3,c,NA\n4,b,NA\n"
    code, out, err = run("predict", "-m", "m.json", "--unseen", "null", stdin=table)
    assert code == 0
    assert [line == ",,,,," for line in out.splitlines()[1:]] == [False, True, True, False]
    assert err == (
        "note: 2 of 4 rows without a prediction: 1 missing:x, 1 unseen:g\n"
        "note: 1 of 4 rows without a residual and an NLL: 1 missing:y\n"
    )
    assert run("predict", "-m", "m.json", "--unseen", "null", "-q", stdin=table)[2] == ""


def test_whole_numbers_of_a_format_without_them_have_no_point(run, at):
    lines = '{"id": 11, "x": 1, "g": "a"}\n{"id": 12, "x": 2.5, "g": "b"}\n'
    arguments = ("predict", "-m", "m.json", "--keep", "id,x", "--what", "parameters")
    code, out, _ = run(*arguments, stdin=lines)
    assert code == 0
    assert [line.split(",")[:2] for line in out.splitlines()[1:]] == [["11", "1.0"], ["12", "2.5"]]


def test_blank_lines_are_no_rows(run, at):
    code, out, _ = run("predict", "-m", "m.json", stdin="x,g\n1,a\n\n2,b\n,\n")
    assert (code, len(out.splitlines())) == (0, 3)


def test_the_nll_of_all_rows_is_a_report_and_a_document(run, at):
    code, out, err = run("predict", "new.csv", "-m", "m.json", "--aggregate")
    assert (code, err) == (0, "")
    assert out.startswith("Rows of new.csv · y ~ x + g · normal")
    assert "nats per row" in out
    code, out, _ = run("predict", "new.csv", "-m", "m.json", "--aggregate", "-q", "-o", "h.json")
    assert (code, out) == (0, "")
    document = json.loads((at / "h.json").read_text())
    assert document["schema"] == "mlefit/predict/1"
    assert document["mean_nll"] == pytest.approx(document["fit_mean_nll"], rel=1e-12)
    assert run("show", "h.json", "-f", "json")[1] == (at / "h.json").read_text()
    assert run("show", "h.json", "-f", "csv")[1].splitlines()[0].startswith("model,family")
    assert run("predict", "new.csv", "-m", "m.json", "--aggregate", "-f", "md")[0] == 0


def test_rows_the_model_holds_impossible_make_the_nll_infinite(run, at, tmp_path):
    counts = pl.DataFrame({"n": [0, 1, 2, 1, 3]})
    (tmp_path / "c.json").write_text(dumps(fit(counts, "n ~ 1", family="poisson")))
    arguments = ("predict", "-m", str(tmp_path / "c.json"), "--aggregate")
    code, out, err = run(*arguments, stdin="n\n1\n1.5\n2\n")
    assert code == 0
    assert "the negative log-likelihood is infinite" in out
    assert err.startswith("warning: 1 row has a target that poisson cannot have under this model")
    code, out, _ = run(*arguments, "-f", "json", stdin="n\n1\n1.5\n2\n")
    assert json.loads(out)["mean_nll"] is None
    code, _, err = run(*arguments, stdin="n\nNA\n")
    assert (code, err.splitlines()[0]) == (3, "error: no row of stdin can be judged")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("predict", "new.csv"), 2, "error: no model: which fit is to predict?"),
        (("predict", "new.csv", "-m", "no.json"), 2, "error: cannot read 'no.json'"),
        (("predict", "new.csv", "-m", "new.csv"), 2, "error: 'new.csv' is no document of mlefit"),
        (("predict", "no.csv", "-m", "m.json"), 3, "error: no file no.csv"),
        (
            ("predict", "new.csv", "-m", "m.json", "-f", "md"),
            2,
            "error: -f md is for reports, and here are rows",
        ),
        (
            ("predict", "new.csv", "-m", "m.json", "-o", "p.txt"),
            2,
            "error: cannot tell a format from the name 'p.txt'",
        ),
        (
            ("predict", "new.csv", "-m", "m.json", "--quantiles", "0.5,1"),
            2,
            "error: --quantiles must be a number above 0 and below 1, not '1'",
        ),
        (
            ("predict", "new.csv", "-m", "m.json", "--what", "residuals"),
            2,
            "error: --what has no 'residuals'",
        ),
        (("simulate", "-m", "m.json"), 2, "error: the rows of 'm.json' depend on covariates"),
        (
            ("simulate", "-m", "m.json", "-F", "normal"),
            2,
            "error: --model and --family cannot stand together",
        ),
    ],
)
def test_what_is_refused(run, at, arguments, code, message):
    found = run(*arguments)
    assert (found[0], found[1]) == (code, "")
    assert found[2].startswith(message)


def test_a_model_without_a_maximum_predicts_nothing(run, at, tmp_path):
    separated = pl.DataFrame({"y": [0, 0, 1, 1], "x": [1.0, 2, 3, 4]})
    (tmp_path / "s.json").write_text(dumps(fit(separated, "y ~ x", family="bernoulli")))
    code, out, err = run("predict", "new.csv", "-m", str(tmp_path / "s.json"))
    assert (code, out) == (4, "")
    assert "holds no maximum: its fit ended as no-maximum" in err


def test_a_reader_that_leaves_early_ends_the_work(at):
    many = pl.concat([FRAME] * 60_000)
    many.write_parquet(at / "many.parquet")
    command = [sys.executable, "-m", "mlefit", "predict", "many.parquet", "-m", "m.json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=at, env=os.environ
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")


def test_draws_come_in_the_formats_of_rows(run, at):
    arguments = ("simulate", "-F", "poisson", "--at", "mu=3", "--rows", "4")
    code, out, err = run(*arguments, "--seed", "5")
    assert (code, err, out.splitlines()[0]) == (0, "", "y")
    assert run(*arguments, "--seed", "5")[1] == out
    assert run(*arguments, "--seed", "6")[1] != out
    assert run(*arguments, "--seed", "5", "-o", "d.parquet")[:2] == (0, "")
    assert pl.read_parquet(at / "d.parquet")["y"].to_list() == [
        int(line) for line in out.splitlines()[1:]
    ]


def test_a_table_is_given_outcomes(run, at):
    code, out, err = run("simulate", "new.csv", "-m", "m.json", "--keep", "id", "-f", "ndjson")
    assert (code, err) == (0, "")
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["id"] for row in rows] == FRAME["id"].to_list()
    assert list(rows[0]) == ["id", "y"]
