"""Every link: inverse undoes forward, every derivative is the slope of the one before."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from mlefit.errors import UsageError
from mlefit.links import LINKS, resolve
from tests.numeric import slope

POINTS = {
    "identity": [-3.0, 0.0, 2.5],
    "log": [-3.0, 0.0, 2.5],
    "logit": [-6.0, -0.3, 0.0, 4.0],
    "probit": [-3.0, -0.3, 0.0, 2.0],
    "cloglog": [-6.0, -0.3, 0.0, 1.2],
    "loglog": [-1.2, -0.3, 0.0, 6.0],
    "cauchit": [-30.0, -0.3, 0.0, 12.0],
    "inverse": [-2.0, 0.3, 5.0],
    "inverse-squared": [0.2, 1.0, 6.0],
    "sqrt": [0.2, 1.0, 6.0],
    "tan-half": [-30.0, -0.3, 0.0, 12.0],
}
# eta and the exact value of 1 - inverse(eta), far in the tail that a subtraction loses
TAILS = {
    "logit": (40.0, lambda eta: 1 / (1 + mpmath.exp(eta))),
    "probit": (9.0, lambda eta: mpmath.erfc(eta / mpmath.sqrt(2)) / 2),
    "cloglog": (3.7, lambda eta: mpmath.exp(-mpmath.exp(eta))),
    "loglog": (40.0, lambda eta: -mpmath.expm1(-mpmath.exp(-eta))),
    "cauchit": (1e9, lambda eta: mpmath.mpf(1) / 2 - mpmath.atan(eta) / mpmath.pi),
}
every_link = pytest.mark.parametrize("name", LINKS)


@pytest.mark.parametrize("name", TAILS)
def test_a_link_onto_the_unit_interval_can_be_stretched(name):
    eta = np.array(POINTS[name])
    link, plain = resolve(name).stretched(1.0, 4.0), resolve(name)
    assert (link.name, link.ends) == (f"{name} from 1 to 4", plain.ends)
    np.testing.assert_allclose(link.inverse(eta), 1 + 3 * plain.inverse(eta), rtol=1e-15)
    np.testing.assert_allclose(link.forward(link.inverse(eta)), eta, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(link.slope(eta), slope(lambda s: link.inverse(eta + s), 0.0), 1e-8)
    numeric = slope(lambda s: link.slope(eta + s), 0.0)
    np.testing.assert_allclose(link.curvature(eta), numeric, rtol=1e-8, atol=1e-10)
    assert resolve("log").stretched(1.0, 4.0) is resolve("log")


def test_no_link_is_untested():
    assert set(POINTS) == set(LINKS)
    assert set(TAILS) == {name for name, link in LINKS.items() if link.onto == "unit"}


@every_link
def test_inverse_undoes_forward(name):
    link, eta = LINKS[name], np.array(POINTS[name])
    np.testing.assert_allclose(link.forward(link.inverse(eta)), eta, rtol=1e-11, atol=1e-13)


@every_link
def test_the_slope_is_the_slope_of_the_inverse(name):
    link = LINKS[name]
    for eta in POINTS[name]:
        numeric = slope(lambda t: link.inverse(np.array([t])), eta, width(name, eta))
        np.testing.assert_allclose(link.slope(np.array([eta])), numeric, rtol=1e-8, atol=1e-11)


@every_link
def test_the_curvature_is_the_slope_of_the_slope(name):
    link = LINKS[name]
    for eta in POINTS[name]:
        numeric = slope(lambda t: link.slope(np.array([t])), eta, width(name, eta))
        np.testing.assert_allclose(link.curvature(np.array([eta])), numeric, rtol=1e-8, atol=1e-10)


@every_link
def test_the_complement_is_one_minus_the_inverse(name):
    link, eta = LINKS[name], np.array(POINTS[name])
    np.testing.assert_allclose(link.complement(eta), 1 - link.inverse(eta), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", TAILS)
def test_the_complement_keeps_its_digits_where_subtraction_loses_them(name):
    eta, exact = TAILS[name]
    with mpmath.workdps(60):
        expected = float(exact(mpmath.mpf(eta)))
    assert LINKS[name].complement(np.array([eta]))[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", [name for name, link in LINKS.items() if link.onto == "unit"])
def test_derivatives_are_finite_far_in_both_tails(name):
    eta = np.array([-900.0, -60.0, 60.0, 900.0])
    for values in (LINKS[name].slope(eta), LINKS[name].curvature(eta), LINKS[name].inverse(eta)):
        assert np.isfinite(values).all()


@pytest.mark.parametrize("name", ["inverse-squared", "sqrt"])
def test_a_linear_predictor_outside_the_links_range_gives_nan(name):
    assert np.isnan(LINKS[name].inverse(np.array([-1.0, 0.0]))).all()


def test_names_are_found_in_any_case_and_misspelt_ones_are_told():
    assert resolve("Inverse_Squared").name == "inverse-squared"
    with pytest.raises(UsageError, match="no link 'lgoit'") as caught:
        resolve("lgoit")
    assert caught.value.tries == ("--link logit",)


def width(name: str, eta: float) -> float:
    return (
        abs(eta) / 2
        if LINKS[name].inverse(np.array([-1.0])) != LINKS[name].inverse(np.array([-1.0]))
        or name == "inverse"
        else 1.0
    )
