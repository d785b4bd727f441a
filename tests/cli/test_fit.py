from __future__ import annotations

import json

import pytest

from mlefit.errors import DataError, UntrustworthyError, UsageError
from mlefit.results.fit import DryRun

FIT = ("fit", "visits.csv", "visits ~ age", "-F", "poisson")


def test_the_report_goes_to_stdout_and_nothing_else_does(run, core):
    code, out, err = run(*FIT)
    assert (code, err) == (0, "")
    assert out.startswith("Poisson regression · visits ~ age + chronic · log link")


def test_a_request_holds_the_flags_as_they_were_written(run, core):
    flags = [
        "-y", "n", "-x", "a,b", "-x", '"c,d"', "--link", "log", "--link", "sigma=log",
             "--model", "sigma ~ z", "--fix", "b=1", "--trials", "t", "--cluster", "g",
             "--se", "hc1", "--conf-level", "0.9", "--tol", "1e-6", "--max-iter", "0",
             "--threads", "2", "--max-memory", "2GB", "--missing", "error",
             "--max-dropped", "1%", "--where", "a > 1",
             "--freq-weights", "w", "--input-format", "tsv", "--strict", "--small-sample",
             "--test", "a + b", "--test", "sigma ~ z", "--anova", "--derive", "r = exp(b[a])",
    ]  # fmt: skip
    code, _, err = run("fit", "d.txt", "--loss", "mse", *flags)
    assert (code, err) == (0, "")
    (request,) = core.requests
    told = {name: value for name, value in vars(request).items() if value not in (None, ())}
    assert told == {
        "data": "d.txt",
        "family": "mse",
        "target": "n",
        "features": ("a", "b", "c,d"),
        "links": ("log", "sigma=log"),
        "models": ("sigma ~ z",),
        "fix": ("b=1",),
        "trials": "t",
        "cluster": "g",
        "se": "HC1",
        "conf_level": 0.9,
        "derive": ("r = exp(b[a])",),
        "tol": 1e-6,
        "max_iter": 0,
        "seed": 1,
        "tests": ("a + b", "sigma ~ z"),
        "anova": True,
        "explain": False,
        "gof": False,
        "threads": 2,
        "engine": "local",
        "max_memory": "2GB",
        "missing": "error",
        "max_dropped": "1%",
        "where": "a > 1",
        "freq_weights": "w",
        "input_format": "tsv",
        "strict": True,
        "small_sample": True,
        "command": ("fit", "d.txt", "--loss", "mse", *flags),
    }


@pytest.mark.parametrize(
    ("arguments", "data", "formula"),
    [
        (["d.csv", "y ~ x"], "d.csv", "y ~ x"),
        (["-", "y ~ x"], "-", "y ~ x"),
        (["y ~ x"], "-", "y ~ x"),
        (["~/d.csv"], "~/d.csv", None),
        (["d.csv"], "d.csv", None),
        ([], "-", None),
    ],
)
def test_data_and_formula_are_told_apart(run, core, arguments, data, formula):
    code, _, err = run("fit", *arguments)
    assert (code, err) == (0, "")
    assert (core.requests[0].data, core.requests[0].formula) == (data, formula)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--conf-level", "95"],
         "error: --conf-level must be a number above 0 and below 1, not '95'"),
        (["--tol", "0"], "error: --tol must be a number above 0, not '0'"),
        (["--tol", "nan"], "error: --tol must be a number above 0, not 'nan'"),
        (["--max-iter", "-1"], "error: --max-iter must be a whole number of at least 0, not '-1'"),
        (["--threads", "0"], "error: --threads must be a whole number of at least 1, not '0'"),
        (["--threads", "two"], "error: --threads must be a whole number of at least 1, not 'two'"),
        (["-f", "jsn"], "error: no --format 'jsn'"),
        (["--se", "robust"], "error: no --se 'robust'"),
        (["-x", "a,,b"], "error: -x has an empty name in 'a,,b'"),
        (["--loss", "mse"], "error: --family and --loss cannot stand together"),
        (["--freq-weights", "a", "--sampling-weights", "b"],
         "error: --freq-weights and --sampling-weights cannot stand together"),
        (["-o", "model.jsn"], "error: cannot tell a format from the name 'model.jsn'"),
        (["-o", "no/such/model.json"], "error: cannot write 'no/such/model.json': no directory"),
        (["extra", "words"], "error: got unexpected extra argument(s) (extra words)"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_before_any_work(run, core, flags, said):
    code, out, err = run(*FIT, *flags)
    assert (code, out, core.requests) == (2, "", [])
    assert err.startswith(said)


@pytest.mark.parametrize(
    ("error", "code"), [(UsageError, 2), (DataError, 3), (UntrustworthyError, 4)]
)
def test_an_error_is_a_sentence_its_evidence_and_a_way_out(run, core, error, code):
    core.answer = error("'amount' does not suit", "row 2 = \x1b[2J11.7", tries=["--family gamma"])
    said = "error: 'amount' does not suit\n  row 2 = \\x1b[2J11.7\n  try:  --family gamma\n"
    assert run(*FIT) == (code, "", said)


def test_debug_adds_the_traceback_of_an_error(run, core):
    core.answer = DataError("no")
    code, out, err = run(*FIT, "--debug")
    assert (code, out) == (3, "")
    assert err.startswith("Traceback (most recent call last):")
    assert err.endswith("\nerror: no\n")


def test_what_did_not_converge_is_printed_and_exits_4(run, core, odd_result):
    core.answer = odd_result
    code, out, err = run(*FIT)
    assert code == 4
    assert out.startswith("NOT CONVERGED: the step limit was reached before the maximum\n")
    assert err == (
        "note: the target was guessed\n"
        "warning: no maximum exists: \\x1b[2Jx separates the classes\n"
    )


def test_quiet_drops_notes_and_keeps_warnings_and_the_result(run, core, odd_result):
    core.answer = odd_result
    code, out, err = run(*FIT, "-q")
    assert code == 4
    assert out.startswith("NOT CONVERGED")
    assert err.startswith("warning: ")


def test_verbose_tells_the_steps_on_stderr(run, core):
    code, out, err = run(*FIT, "-v")
    assert (code, err) == (0, "reading\n")
    assert "reading" not in out


@pytest.mark.parametrize("form", ["json", "csv", "tsv", "md"])
def test_a_format_changes_stdout_and_not_the_code(run, core, odd_result, form):
    core.answer = odd_result
    code, out, _ = run(*FIT, "-f", form)
    assert code == 4
    assert out.endswith("\n")
    assert "\x1b" not in out


def test_the_document_is_strict_json_with_the_schema_first(run, core, odd_result):
    core.answer = odd_result
    _, out, _ = run(*FIT, "-f", "json")
    document = json.loads(out, parse_constant=pytest.fail)
    assert next(iter(document.items())) == ("schema", "mlefit/fit/1")
    assert document["fit"]["log_likelihood"] is None


def test_an_output_file_is_the_document_and_the_report_still_shows(run, core, tmp_path):
    model = tmp_path / "model.json"
    code, out, err = run(*FIT, "-o", str(model), "--table", "terms")
    assert (code, err) == (0, "")
    assert out.split()[0] == "term"
    assert json.loads(model.read_text())["schema"] == "mlefit/fit/1"
    assert [path.name for path in tmp_path.iterdir()] == ["model.json"]


def test_quiet_with_an_output_file_prints_nothing(run, core, tmp_path):
    table = tmp_path / "terms.csv"
    assert run(*FIT, "-q", "-o", str(table)) == (0, "", "")
    assert table.read_text().startswith("parameter,term,estimate,")


@pytest.mark.parametrize(
    ("flags", "env", "coloured"),
    [
        ([], {}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "0"}, False),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colour_is_the_flags_then_the_environments_choice(run, core, flags, env, coloured):
    code, out, err = run(*FIT, *flags, env=env)
    assert (code, err) == (0, "")
    assert ("\x1b[" in out) is coloured


def test_ascii_leaves_nothing_else(run, core, odd_result):
    core.answer = odd_result
    _, out, _ = run(*FIT, "--ascii")
    assert out.isascii()


@pytest.mark.parametrize("form", ["text", "json", "csv", "md"])
def test_a_dry_run_tells_the_reading_and_stops(run, core, form):
    core.answer = DryRun(
        source="visits.csv", format="csv", rows_read=500, rows_used=498,
        rows_dropped={"missing:age": 2}, target="visits", target_source="guess",
        features=("age",), features_source="guess", family="poisson", links={"mu": "log"},
        formulas={"mu": "visits ~ age"}, columns=("mu:Intercept", "mu:age"), notes=("a guess",),
    )  # fmt: skip
    code, out, err = run(*FIT, "--dry-run", "-f", form)
    assert (code, err) == (0, "note: a guess\n")
    assert "mu:Intercept" in out
