"""Jeffreys' prior: against 50 digits (firth.json), R's brglm2 (firth_r.json), and closed forms."""

from __future__ import annotations

import json
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlefit.design.predictors import split
from mlefit.engines.local import LocalEngine
from mlefit.errors import UsageError
from mlefit.fitting import fit, prepare
from mlefit.likelihood import Model
from mlefit.request import Request
from mlefit.search.fisher import Fisher
from tests.numeric import slope

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "tests" / "reference"
EXACT = json.loads((REFERENCE / "firth.json").read_text(encoding="utf-8"))
WITNESS = json.loads((REFERENCE / "firth_r.json").read_text(encoding="utf-8"))
PARTED = pl.DataFrame(EXACT["tables"]["parted"])

every_model = pytest.mark.parametrize(
    "model", [pytest.param(model, id=model["id"]) for model in EXACT["models"]]
)

# ---- against 50 digits, and R ----

# An estimate is settled to 1e-10 standard errors, an end of an interval to 1e-10 of its
# distance, and a p-value is the tail of a root of a difference of heights.
DIGITS = {"estimate": 1e-9, "std_error": 1e-8, "p_value": 1e-6, "conf_low": 1e-8, "conf_high": 1e-8}


@every_model
@pytest.mark.parametrize("name", DIGITS)
def test_a_fit_agrees_with_fifty_digits(model, name):
    found = {row.term: getattr(row, name) for row in fitted(model["id"]).coefficients}
    for row in model["coefficients"]:
        if name not in row:
            continue  # where even 120 digits lose the ends of the interval
        spread = float(row["std_error"])
        absolute = 0.0 if name == "p_value" else DIGITS[name] * spread
        expected = pytest.approx(float(row[name]), rel=DIGITS[name], abs=absolute)
        assert found[row["term"]] == expected


@every_model
def test_the_log_prior_is_half_the_log_determinant_for_the_users_columns(model):
    result = fitted(model["id"])
    assert result.certificate.status == "converged"
    assert result.fit.log_prior == pytest.approx(float(model["log_prior"]), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    "model", [pytest.param(model, id=model["id"]) for model in WITNESS["models"]]
)
def test_a_fit_agrees_with_brglm2(model):
    data = PARTED if model["data"] == "parted" else ROOT / "sample_data" / model["data"]
    link = {"link": model["link"]}
    result = fit(data, model["formula"], family=model["family"], prior="jeffreys", **link)
    for name, digits in (("estimate", 1e-9), ("std_error", 1e-9)):
        found = [getattr(row, name) for row in result.coefficients]
        np.testing.assert_allclose(found, [float(word) for word in model[name]], rtol=digits)


# ---- closed forms and laws ----


@pytest.mark.parametrize("hits", [0, 1, 3, 7])
def test_a_plain_sample_adds_half_a_hit_and_half_a_miss(hits):
    frame = pl.DataFrame({"y": [1] * hits + [0] * (7 - hits)})
    mu: Any
    (mu,) = fit(frame, "y ~ 1", family="bernoulli", prior="jeffreys").parameters
    assert mu.estimate == pytest.approx((hits + 0.5) / 8, rel=1e-12)
    assert mu.conf_low < mu.estimate < mu.conf_high


@pytest.mark.parametrize("counts", [[0, 0, 0], [2, 0, 5], [1]])
def test_a_sample_of_counts_adds_half_a_count(counts):
    (mu,) = fit(pl.DataFrame({"y": counts}), "y ~ 1", family="poisson", prior="jeffreys").parameters
    assert mu.estimate == pytest.approx((sum(counts) + 0.5) / len(counts), rel=1e-9)


def test_the_modified_score_of_firth_vanishes():
    """U*_r = sum (y - mu + h (1/2 - mu)) x_r, h the leverage (Heinze and Schemper 2002)."""
    result = fit(PARTED, "hit ~ x + z", family="bernoulli", prior="jeffreys")
    X = np.column_stack([np.ones(8), PARTED["x"], PARTED["z"]])
    beta = np.array([row.estimate for row in result.coefficients])
    mu = 1 / (1 + np.exp(-X @ beta))
    weight = mu * (1 - mu)
    h = weight * np.einsum("ij,ij->i", X, X @ np.linalg.inv((X.T * weight) @ X))
    score = X.T @ (PARTED["hit"].to_numpy() - mu + h * (0.5 - mu))
    np.testing.assert_allclose(score, 0, atol=1e-9)


@pytest.mark.parametrize(
    ("family", "link"),
    [("bernoulli", n) for n in ("logit", "probit", "cloglog", "loglog", "cauchit")]
    + [("poisson", "log"), ("poisson", "sqrt"), ("poisson", "inverse-squared")],
)
def test_the_second_pass_gives_the_slope_of_a_function_of_the_information(family, link):
    frame = PARTED.with_columns(w=pl.Series([1, 3, 2, 1, 1, 4, 1, 2]))
    target = "hit" if family == "bernoulli" else "count"
    request = Request(
        data=frame, formula=f"{target} ~ x + z", family=family, links=(link,), freq_weights="w"
    )
    prepared = prepare(request)
    engine = LocalEngine(prepared.table.columns, [p.without_basis() for p in prepared.predictors])
    fisher = Fisher(Model(prepared.family, prepared.links), engine)
    gamma = np.array([1.5, -0.1, 0.2])
    assert len(split(gamma, engine.predictors)) == 1
    claimed = fisher.pull(gamma, np.linalg.inv(fisher.information(gamma))).slope
    for j in range(3):

        def volume(t, j=j):
            there = gamma + t * np.eye(3)[j]
            return np.array(np.linalg.slogdet(fisher.information(there))[1])

        assert slope(volume, 0.0, 0.1) == pytest.approx(claimed[j], rel=1e-7, abs=1e-8)


def test_other_units_of_a_column_change_only_its_coefficient():
    one = fit(PARTED, "hit ~ x + z", family="bernoulli", prior="jeffreys")
    scaled = PARTED.with_columns(x=pl.col("x") * 1000 + 5)
    other = fit(scaled, "hit ~ x + z", family="bernoulli", prior="jeffreys")
    for name in ("estimate", "std_error", "conf_low", "conf_high"):
        for index, factor in ((1, 1000), (2, 1)):
            here, there = (getattr(r.coefficients[index], name) for r in (one, other))
            assert there * factor == pytest.approx(here, rel=1e-7)
    assert one.coefficients[1].p_value == pytest.approx(other.coefficients[1].p_value, rel=1e-7)


def test_loglog_is_cloglog_in_a_mirror_to_the_ends_of_its_intervals():
    """The ends lie where a probability, or its complement, has no digits left."""
    turned = PARTED.with_columns(hit=1 - pl.col("hit"))
    one = fit(PARTED, "hit ~ x + z", family="bernoulli", link="loglog", prior="jeffreys")
    other = fit(turned, "hit ~ x + z", family="bernoulli", link="cloglog", prior="jeffreys")
    here: Any
    there: Any
    for here, there in zip(one.coefficients, other.coefficients, strict=True):
        assert here.estimate == pytest.approx(-there.estimate, rel=1e-8)
        assert here.conf_low == pytest.approx(-there.conf_high, rel=1e-7)
        assert here.conf_high == pytest.approx(-there.conf_low, rel=1e-7)
        assert here.p_value == pytest.approx(there.p_value, rel=1e-6)


def test_a_redundant_column_is_left_out():
    frame = PARTED.with_columns(twice=2 * pl.col("x"))
    result = fit(frame, "hit ~ x + twice + z", family="bernoulli", prior="jeffreys")
    alone = fit(frame, "hit ~ x + z", family="bernoulli", prior="jeffreys")
    assert result.coefficients[2].estimate is None
    for name in ("estimate", "std_error", "p_value", "conf_low", "conf_high"):
        here, there = (getattr(fit.coefficients[1], name) for fit in (result, alone))
        assert here == pytest.approx(there, rel=1e-8)


def test_equal_rows_and_a_frequency_weight_are_the_same():
    weighted = fit(
        PARTED.with_columns(w=pl.lit(3)),
        "hit ~ x + z",
        family="bernoulli",
        prior="jeffreys",
        freq_weights="w",
    )
    repeated = fit(pl.concat([PARTED] * 3), "hit ~ x + z", family="bernoulli", prior="jeffreys")
    for one, other in zip(weighted.coefficients, repeated.coefficients, strict=True):
        assert one.estimate == pytest.approx(other.estimate, rel=1e-9)
        assert one.conf_high == pytest.approx(other.conf_high, rel=1e-8)


# ---- what is said ----


def test_the_interval_says_that_it_is_a_profile():
    result: Any = fit(PARTED, "hit ~ x + z", family="bernoulli", prior="jeffreys", conf_level=0.9)
    assert (result.model.interval.method, result.model.se_kind) == ("profile", "expected")
    (prior,) = result.model.prior
    assert (prior["prior"], prior["term"]) == ("jeffreys", "all coefficients")
    assert prior["penalty_value"] == pytest.approx(-result.fit.log_prior)
    wide: Any = fit(PARTED, "hit ~ x + z", family="bernoulli", prior="jeffreys")
    assert result.coefficients[1].conf_low > wide.coefficients[1].conf_low


@pytest.mark.parametrize(
    ("family", "formula", "options"),
    [
        ("bernoulli", "hit ~ x + z", {}),
        ("poisson", "jump ~ x + z", {}),
        ("binomial", "hit ~ x", {"trials": "one"}),
        ("bernoulli", "none ~ 1", {}),
    ],
)
def test_every_remedy_for_separated_rows_works(family, formula, options):
    frame = PARTED.with_columns(one=pl.lit(1), none=pl.lit(0), jump=pl.Series([0] * 7 + [9]))
    honest = fit(frame, formula, family=family, **options)
    assert honest.certificate.status == "no-maximum"
    line = next(line for line in honest.warnings[0].splitlines() if "try:" in line)
    remedies = [shlex.split(word) for word in line.partition("try:")[2].split("   or   ")]
    assert ["--prior", "jeffreys"] in remedies
    for words in remedies:
        if words[0] == "--prior":
            result = fit(frame, formula, family=family, prior=words[1], **options)
        else:
            result = fit(frame, words[0], family=family, **options)
        assert result.certificate.status in ("converged", "no-maximum")
        assert (result.certificate.status == "converged") or words[0] != "--prior"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"family": "normal"}, "jeffreys is for bernoulli, binomial, poisson"),
        ({"family": "bernoulli", "link": "log"}, "a link that keeps mu between 0 and 1"),
        ({"family": "bernoulli", "prior": ["jeffreys", "x ~ normal(0, 1)"]}, "without a name"),
        ({"family": "bernoulli", "prior": "x ~ jeffreys"}, "without a name"),
        ({"family": "bernoulli", "prior": "jeffreys", "se": "observed"}, "expected information"),
        ({"family": "bernoulli", "prior": "jeffreys", "sampling_weights": "x"}, "sampling weights"),
        ({"family": "bernoulli", "prior": "jeffreys(2)"}, "jeffreys takes no numbers, not 1"),
    ],
)
def test_what_has_no_such_prior_is_refused(options, message):
    with pytest.raises(UsageError, match=message):
        fit(PARTED, "hit ~ x + z", **({"prior": "jeffreys"} | options))


# ---- helpers ----


@cache
def fitted(id_):
    model = next(model for model in EXACT["models"] if model["id"] == id_)
    name = model["data"]
    data = pl.DataFrame(EXACT["tables"][name]) if name in EXACT["tables"] else None
    return fit(
        ROOT / "sample_data" / name if data is None else data,
        model["formula"],
        family=model["family"],
        link=model["link"],
        prior="jeffreys",
        **model["options"],
    )
