"""The formulas on the page of a link are the link."""

from __future__ import annotations

import numpy as np
import pytest

from mlefit.algebra.calculus import slope
from mlefit.algebra.evaluate import value
from mlefit.algebra.functions import read
from mlefit.explaining.derivation import SLOPE_OF_LINK
from mlefit.explaining.links import FORWARD, inverse_of
from mlefit.links import LINKS

ETA = np.array([0.3, 0.8, 1.7])


@pytest.mark.parametrize("name", LINKS)
def test_inverse_link_and_slopes_are_those_that_fits_use(name):
    link, tree = LINKS[name], inverse_of(name)
    theta = link.inverse(ETA)
    np.testing.assert_allclose(value(tree, {"eta": ETA}), theta, rtol=1e-12)
    np.testing.assert_allclose(value(read(FORWARD[name]), {"theta": theta}), ETA, rtol=1e-10)
    first, steep = slope(tree, "eta"), link.slope(ETA)
    np.testing.assert_allclose(value(first, {"eta": ETA}) + 0 * ETA, steep, rtol=1e-10)
    second = value(slope(first, "eta"), {"eta": ETA}) + 0 * ETA
    np.testing.assert_allclose(second, link.curvature(ETA), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", SLOPE_OF_LINK)
def test_the_slope_in_the_parameter_itself(name):
    link = LINKS[name]
    claimed = value(read(SLOPE_OF_LINK[name]), {"theta": link.inverse(ETA)})
    np.testing.assert_allclose(claimed, link.slope(ETA), rtol=1e-12)
