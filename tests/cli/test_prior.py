"""`mlefit prior`: what a setting is called elsewhere."""

from __future__ import annotations

import json
import shlex

import pytest


def test_a_setting_is_shown_as_a_prior_and_as_every_other_setting(run):
    code, out, err = run("prior", "--from", "sklearn:LogisticRegression,C=0.5", "--rows", "1200")
    assert (code, err) == (0, "")
    heading, mine, *others = out.splitlines()
    assert heading.split() == ["system", "setting", "note"]
    assert "--prior 'normal(0, 0.7071067812)'" in mine
    assert "adds 2 sum b^2 / 2 to the summed NLL, as --l2 2 does" in mine
    settings = {line.split()[0]: line for line in others}
    assert "alpha=0.001666666667, l1_ratio=0)" in settings["glum:GeneralizedLinearRegressor"]
    assert "lambda = 0.001666666667, standardize = FALSE)" in settings["glmnet"]
    assert "liblinear" in settings["sklearn:LogisticRegression"]
    assert "  none  " in settings["torch:AdamW"]


def test_one_system_can_be_asked_for(run):
    code, out, err = run("prior", "--from", "normal(0, 0.7)", "--to", "sklearn:LogisticRegression")
    assert (code, err) == (0, "")
    assert "LogisticRegression(C=0.49)" in out
    assert len(out.splitlines()) == 3


def test_json_has_the_prior_in_numbers(run):
    code, out, err = run(
        "prior", "--from", "sklearn:Ridge,alpha=8", "--phi", "2", "--rows", "10", "-f", "json"
    )
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert document["prior"] == "normal(0, 0.5)"
    assert document["numbers"] == {"centre": 0.0, "scale": 0.5}
    assert document["penalty"] == {"l1": 0.0, "l2": 4.0}
    assert document["families"] == ["normal"]
    glmnet = next(row for row in document["translations"] if row["system"] == "glmnet")
    assert (glmnet["setting"], glmnet["exact"]) == (None, False)
    assert "sd_y" in glmnet["note"]


def test_markdown_is_a_table(run):
    code, out, err = run("prior", "--from", "sklearn:C=0.49", "--rows", "10", "-f", "md")
    assert (code, err) == (0, "")
    assert out.startswith("| system | setting | note |\n| :-- | :-- | :-- |\n| mlefit |")


def test_a_prior_without_a_family_is_said_for_those_without_a_dispersion(run):
    code, out, err = run("prior", "--from", "laplace(0, 0.5)", "--rows", "100", "-f", "json")
    assert (code, err) == (0, "")
    assert json.loads(out)["families"] == ["bernoulli", "poisson"]


def test_a_dispersion_says_that_the_family_is_normal(run):
    code, out, err = run(
        "prior", "--from", "normal(0, 1)", "--rows", "9", "--phi", "4", "-f", "csv"
    )
    assert (code, err) == (0, "")
    assert "Ridge(alpha=4)" in out
    assert "PoissonRegressor" not in out


@pytest.mark.parametrize(
    ("line", "flags"),
    [
        ("--from sklearn:LogisticRegression,C=0.5", "--rows 1000"),
        ("--from sklearn:Ridge,alpha=3 --rows 500", "--phi 1.5"),
        ("--from sklearn:Lasso", "--rows 1000 --phi 1.5"),
        ("--from 'normal(0, 1)' --to sklearn:Ridge", "--phi 1.5"),
        ("--from 'normal(0, 1)' --to glmnet --family normal", "--rows 1000 --phi 1.5 --sd-y 2.5"),
    ],
)
def test_a_number_that_is_needed_is_asked_for_by_a_command_that_runs(run, line, flags):
    code, out, err = run("prior", *shlex.split(line))
    assert (code, out) == (2, "")
    suggestion = f"mlefit prior {line} {flags}"
    assert err.endswith(f"  try:  {suggestion}\n")
    code, _, err = run(*shlex.split(suggestion)[1:])
    assert (code, err) == (0, "")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("--from sklearn:Rigde,alpha=1", "no system 'sklearn:Rigde'"),
        ("--from 'normal(0, 1)' --to sklearn:Rigde", "no system 'sklearn:Rigde'"),
        ("--from 'laplace(0, 1)' --to sklearn:Ridge --phi 1", "sklearn:Ridge has no setting for"),
        ("--from sklearn:C=1 --to sklearn:Ridge", "sklearn:Ridge does not fit bernoulli"),
        ("--from 'normal(0, 1)' --to torch:AdamW", "torch:AdamW has no setting for"),
        ("--from 'normal(0, 1)' --family tweedie", "no settings are known for the family"),
        ("--from 'normal(0, 1)' --rows -3", "--rows must be a number above 0"),
        ("--from sklearn:C=1 --phi 2", "bernoulli has no dispersion: its phi is 1"),
        ("--from 'jeffreys()'", "no system 'jeffreys()'"),
    ],
)
def test_what_cannot_be_translated_is_refused(run, line, problem):
    code, out, err = run("prior", *shlex.split(line))
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {problem}")


def test_the_setting_is_required(run):
    code, out, err = run("prior")
    assert (code, out) == (2, "")
    assert "--from" in err


def test_the_examples_of_the_help_run(run):
    code, out, _ = run("prior", "--help")
    assert code == 0
    examples = [line.strip() for line in out.splitlines() if line.startswith("    mlefit prior --")]
    assert len(examples) == 3
    for example in examples:
        code, _, err = run(*shlex.split(example)[1:])
        assert (code, err) == (0, "")
