"""`--derive`, `--table derived` and `--table elsewhere` at the command line, with real fits."""

from __future__ import annotations

import csv
import io
import json
import math

import pytest

RIVERS = ("fit", "sample_data/rivers.csv", "-y", "length_miles", "--family", "gamma")
VISITS = ("fit", "sample_data/doctor_visits.csv", "visits ~ age", "--family", "negbinom")
SD = ("--derive", "standard deviation = mu/sqrt(k)")


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_a_quantity_is_a_row_of_its_own_table_in_every_format(run):
    code, out, err = run(*RIVERS, *SD, "--derive", "cv = 1/sqrt(k)")
    assert (code, err) == (0, "")
    sd = next(line for line in out.splitlines() if "standard deviation" in line)
    assert sd.split()[2:] == ["mu/sqrt(k)", "log", "368.1", "28.3", "316.7", "428.0"]
    code, out, _ = run(*RIVERS, *SD, "--table", "derived", "-f", "csv")
    (row,) = rows(out)
    assert list(row) == [
        "name", "expression", "estimate", "std_error", "conf_low", "conf_high", "scale",
    ]  # fmt: skip
    ends = float(row["conf_low"]), float(row["conf_high"])
    assert math.sqrt(math.prod(ends)) == pytest.approx(float(row["estimate"]), rel=1e-12)
    code, out, _ = run(*RIVERS, *SD, "--table", "derived", "-f", "json")
    assert json.loads(out)[0]["std_error"] == pytest.approx(float(row["std_error"]))
    code, out, _ = run(*RIVERS, *SD, "--table", "derived", "-f", "md")
    assert out.startswith("| derived | formula | scale | estimate |")


def test_profiles_have_no_scale_and_say_what_they_are(run):
    derive = ("--derive", "log sd = log(mu/sqrt(k))", *SD, "--ci", "profile")
    code, out, _ = run(*RIVERS, *derive, "--table", "derived")
    assert code == 0
    assert out.split("95%")[0].split() == ["derived", "formula", "estimate", "std", "error"]
    assert "95% interval (profile likelihood; std error: observed information)" in out
    _, out, _ = run(*RIVERS, *derive, "--table", "derived", "-f", "csv")
    log_sd, sd = rows(out)
    for end in ("conf_low", "conf_high"):
        assert math.exp(float(log_sd[end])) == pytest.approx(float(sd[end]), rel=1e-8)
    _, out, _ = run(*RIVERS, *derive, "--table", "elsewhere", "-f", "csv")
    shape, rate, _, scale, *_ = rows(out)
    assert 1 / float(rate["conf_low"]) == pytest.approx(float(scale["conf_high"]), rel=1e-8)
    _, out, _ = run(*RIVERS, "--ci", "profile", "-f", "csv")
    assert float(shape["conf_low"]) == pytest.approx(float(rows(out)[1]["conf_low"]), rel=1e-8)


def test_an_error_of_the_words_is_2_and_shows_what_would_work(run):
    code, out, err = run(*VISITS, "--derive", "ratio = exp(b[agee])")
    assert (code, out) == (2, "")
    assert err == (
        "error: there is no coefficient b[agee]\n"
        "  there are: b[Intercept], b[age], k\n"
        "  try:  --derive 'ratio = exp(b[age])'\n"
    )


def test_an_error_of_the_words_is_told_by_a_dry_run_too(run):
    assert run(*VISITS, "--derive", "ratio = exp(age)", "--dry-run")[0] == 2


def test_what_is_not_defined_at_the_estimates_is_2_with_the_values(run):
    code, out, err = run(*RIVERS, "--derive", "x = log(1 - k)")
    assert (code, out) == (2, "")
    assert err.startswith("error: x: log(1-k) has no finite value at the estimates\n  1-k = -1.57")


def test_a_table_that_nobody_asked_for_is_2(run):
    code, _, err = run(*RIVERS, "--table", "derived")
    assert (code, err.splitlines()[-1]) == (
        2,
        "  try:  --derive 'NAME = exp(mu)' --table derived",
    )
    code, _, err = run(*VISITS, "--table", "elsewhere")
    assert code == 2
    assert "with covariates every row has a distribution of its own" in err
    assert err.endswith("try:  'visits ~ 1'\n")


def test_the_calls_elsewhere_end_the_report_of_a_plain_sample_only(run):
    _, out, _ = run(*RIVERS)
    block = out.partition("The same distribution elsewhere\n")[2].splitlines()[:3]
    assert block == [
        "  R: dgamma(x, shape = 2.579, rate = 0.004362)",
        "  scipy: gamma(a=2.579, scale=229.3)",
        "  Stan: gamma(2.579, 0.004362)",
    ]
    assert "The same distribution elsewhere" not in run(*VISITS)[1]


def test_the_calls_of_a_truncated_sample_are_of_the_distribution_before(run):
    _, out, _ = run(*RIVERS, "--truncated-below", "134.5")
    assert "The same distribution elsewhere, before its truncation\n  R: dgamma(" in out


def test_the_table_elsewhere_has_a_row_for_each_argument(run):
    _, out, _ = run(*RIVERS, "--table", "elsewhere", "-f", "csv")
    table = rows(out)
    assert [(row["system"], row["argument"], row["expression"]) for row in table] == [
        ("R", "shape", "k"),
        ("R", "rate", "k/mu"),
        ("scipy", "a", "k"),
        ("scipy", "scale", "mu/k"),
        ("Stan", "alpha", "k"),
        ("Stan", "beta", "k/mu"),
    ]
    assert table[0]["call"] == "dgamma(x, shape = {shape}, rate = {rate})"
    assert float(table[1]["estimate"]) * float(table[3]["estimate"]) == pytest.approx(1)


def test_a_saved_fit_shows_them_again(run, tmp_path):
    saved = tmp_path / "rivers.json"
    _, printed, _ = run(*RIVERS, *SD, "-o", str(saved))
    assert run("show", str(saved))[1] == printed
    assert json.loads(saved.read_text())["elsewhere"][1]["call"].startswith("gamma(a=2.5787")


def test_the_list_of_families_has_the_formulas(run):
    _, out, _ = run("list", "families", "-f", "json")
    gamma = next(row for row in json.loads(out) if row["family"] == "gamma")
    assert gamma["R"] == "dgamma(x, shape = k, rate = k/mu)"
    assert gamma["Stan"] == "gamma(k, k/mu)"
