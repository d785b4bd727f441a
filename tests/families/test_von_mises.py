"""The von Mises family: digits at either end of its concentration, turns and links."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from mpmath import mp, mpf

from mlefit import families, fit
from mlefit.errors import DataError

VON_MISES = families.load("von-mises")
SNAILS = Path(__file__).parents[2] / "sample_data" / "periwinkles.csv"
RADIANS = "direction_degrees * 0.017453292519943295"


@pytest.mark.parametrize("kappa", [1e-8, 0.1, 29.999, 30.0, 700.0, 1e7])
def test_height_slope_and_bend_keep_their_digits(kappa):
    angle = 0.7 / math.sqrt(1 + kappa)

    def height(k):
        return k * mp.cos(mpf(angle)) - mp.log(2 * mp.pi * mp.besseli(0, k))

    with mp.workdps(80):
        exact = [float(mp.diff(height, mpf(kappa), n, h=mpf(10) ** -25 * kappa)) for n in range(3)]
    given = np.array([angle]), np.zeros(1), np.array([kappa])
    assert VON_MISES.log_density(*given)[0] == pytest.approx(exact[0], rel=1e-13)
    assert VON_MISES.score(*given)[1][0] == pytest.approx(exact[1], rel=1e-12)
    assert VON_MISES.observed(*given)[1, 1][0] == pytest.approx(-exact[2], rel=5e-13)


def test_an_angle_and_its_full_turn_are_one():
    y, kappa = np.linspace(-6, 0, 7), np.full(7, 3.0)
    here, there = (VON_MISES.log_density(at, np.full(7, 0.4), kappa) for at in (y, y + 2 * math.pi))
    np.testing.assert_allclose(here, there, rtol=1e-13)


def test_the_mean_direction_is_that_of_the_sum_of_unit_vectors():
    result = fit(SNAILS, f"{RADIANS} ~ 1", family="von-mises")
    angle = np.loadtxt(SNAILS, delimiter=",", skiprows=1)[:, 0] * math.pi / 180
    direction = math.atan2(np.sin(angle).sum(), np.cos(angle).sum())
    assert result.parameters[0].estimate == pytest.approx(direction, rel=1e-12)
    half = fit(SNAILS, f"{RADIANS} ~ 1", family="von-mises", link="tan-half")
    assert half.parameters[0].estimate == pytest.approx(direction, rel=1e-12)
    # the error is the delta method's, the same through either link at a maximum
    assert half.parameters[0].std_error == pytest.approx(result.parameters[0].std_error, rel=1e-10)


def test_degrees_are_refused_with_the_formula_that_turns_them_to_radians():
    with pytest.raises(DataError, match="beyond a full turn") as refused:
        fit(SNAILS, "direction_degrees ~ distance_cm", family="von-mises")
    (instead,) = refused.value.tries
    ours = fit(SNAILS, instead.strip("'"), family="von-mises")
    known = fit(SNAILS, f"{RADIANS} ~ distance_cm", family="von-mises")
    assert ours.fit.log_likelihood == pytest.approx(known.fit.log_likelihood, rel=1e-12)


def test_other_families_know_no_link_to_a_circle():
    from mlefit.specify import suitable_links

    for family in families.every():
        for parameter in family.parameters:
            offered = "tan-half" in suitable_links(parameter)
            assert offered == ((family.name, parameter.name) == ("von-mises", "mu"))
