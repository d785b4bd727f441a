"""A change of variables moves a mode: both are told, and agree with closed forms."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize_scalar

from mlefit.fitting import fit

COUNTS = pl.DataFrame({"y": [3, 0, 2, 5, 1]})


@pytest.mark.parametrize(("shape", "rate"), [(2.0, 1.0), (7.5, 0.3)])
def test_a_gamma_prior_of_a_poisson_mean_has_both_modes_in_closed_form(shape, rate):
    """(a + sum y - 1)/(r + n) for the density of mu, (a + sum y)/(r + n) for that of log mu."""
    result = fit(COUNTS, "y ~ 1", family="poisson", prior=f"mu ~ gamma({shape}, {rate})")
    (prior,) = result.model.prior
    total, n = COUNTS["y"].sum(), len(COUNTS)
    natural, linked = (shape + total - 1) / (rate + n), (shape + total) / (rate + n)
    assert prior["modes"] == pytest.approx({"natural": natural, "link": linked}, rel=1e-9)
    assert result.parameters[0].estimate == pytest.approx(natural, rel=1e-9)
    (note,) = [note for note in result.notes if "density" in note]
    assert note == (
        f"mu = {natural:.4g} is the mode of the density of mu, which its prior is written for; "
        f"the density of log(mu) has its mode at mu = {linked:.4g}"
    )


def test_a_prior_on_the_link_scale_tells_the_mode_of_the_parameter_itself():
    frame = pl.DataFrame({"y": [1, 0, 0, 0, 1, 0]})
    result = fit(frame, "y ~ 1", family="bernoulli", prior="mu ~ normal(1, 0.8)")

    def density_of_mu(p):
        eta = math.log(p / (1 - p))
        posterior = 2 * math.log(p) + 4 * math.log(1 - p) - 0.5 * ((eta - 1) / 0.8) ** 2
        return math.log(p) + math.log(1 - p) - posterior  # less log |d mu / d eta|

    best = minimize_scalar(density_of_mu, bounds=(0.01, 0.99), options={"xatol": 1e-10})
    (prior,) = result.model.prior
    assert prior["modes"]["natural"] == pytest.approx(best.x, abs=1e-6)
    assert prior["modes"]["link"] == pytest.approx(result.parameters[0].estimate)
    assert any("the density of logit(mu), which its prior is" in note for note in result.notes)


@pytest.mark.parametrize("beside", [[], ["x ~ laplace(0, 0.05)"]], ids=["alone", "corner"])
@pytest.mark.parametrize("family", ["normal", "laplace"])
def test_a_scale_is_told_with_the_other_coefficients_free(family, beside):
    rng = np.random.default_rng(3)
    x = rng.normal(size=12)
    frame = pl.DataFrame({"x": x, "y": x + rng.normal(size=12)})
    name = {"normal": "sigma", "laplace": "b"}[family]
    result = fit(frame, "y ~ x", family=family, prior=[f"{name} ~ gamma(3, 2)", *beside])
    prior = result.model.prior[0]
    # a power more of the scale is a shape of one more, and no other change
    more = fit(frame, "y ~ x", family=family, prior=[f"{name} ~ gamma(4, 2)", *beside])
    assert prior["modes"]["link"] == pytest.approx(more.parameters[0].estimate, rel=1e-8)


@pytest.mark.parametrize(
    ("family", "prior", "link"),
    [("poisson", "mu ~ gamma(2, 1)", "identity"), ("poisson", "mu ~ gamma(2e9, 1e9)", "log")],
)
def test_modes_that_agree_are_not_worth_a_word(family, prior, link):
    result = fit(COUNTS, "y ~ 1", family=family, prior=prior, link=link)
    assert not any("density" in note for note in result.notes)


def test_slopes_have_no_other_scale():
    frame = COUNTS.with_columns(x=pl.Series([0.1, 0.5, 0.2, 0.9, 0.3]))
    result = fit(
        frame, "y ~ x", family="poisson", prior=["normal(0, 1)", "Intercept ~ normal(0, 1)"]
    )
    assert all("modes" not in prior for prior in result.model.prior)
