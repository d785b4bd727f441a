"""The recorded way of Newton's method: where it went, and the curve and parabola it saw."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from mlefit import fitting
from mlefit.report import ReportOptions, render
from mlefit.search.optimise import Step, newton

VISITS = "sample_data/doctor_visits.csv"
RIVERS = "sample_data/rivers.csv"


class Sums:
    """Of exp(x) - 3 x, least at log 3."""

    def __init__(self, x):
        self.nll = float(np.exp(x[0]) - 3 * x[0])
        self.score = np.array([np.exp(x[0]) - 3])
        self.information = np.array([[np.exp(x[0])]])


def test_every_place_of_the_way_is_recorded():
    places: list[Step] = []
    optimum = newton(lambda x, kind: Sums(x), np.array([0.0]), record=places.append)
    assert [place.number for place in places] == list(range(optimum.steps + 1))
    assert places[0].gamma == 0.0
    assert places[-1].gamma == optimum.gamma
    for here, after in itertools.pairwise(places):
        assert after.totals.nll <= here.totals.nll + 1e-15
    # from 0 Newton's method goes to (3 - 1)/1 = 2, and promises 2^2/2
    assert places[0].direction == pytest.approx([2.0])
    assert places[0].decrement == pytest.approx(2.0)


@pytest.fixture(scope="module")
def regression():
    return fitting.fit(VISITS, "visits ~ age + illness", family="poisson", explain=True)


def test_the_way_leads_to_the_fit(regression):
    search = regression.search
    assert search.terms == ["mu:Intercept", "mu:age", "mu:illness"]
    assert search.steps[-1].log_likelihood == pytest.approx(regression.fit.log_likelihood)
    estimates = [row.estimate for row in regression.coefficients]
    np.testing.assert_allclose(search.steps[-1].estimates, estimates, rtol=1e-9)
    heights = [step.log_likelihood for step in search.steps]
    assert heights == sorted(heights)
    assert len(search.steps) == regression.certificate.iterations + 1


def test_the_parabola_has_the_height_slope_and_top_of_its_step(regression):
    first, second, *_ = regression.search.steps
    across, curve = np.array(first.across), np.array(first.curve)
    parabola = np.array(first.parabola)
    at = int(np.argmin(np.abs(across)))
    step = across[1] - across[0]
    assert across[at] == pytest.approx(0, abs=1e-12)
    assert curve[at] == pytest.approx(first.log_likelihood, rel=1e-12)
    assert parabola[at] == pytest.approx(first.log_likelihood, rel=1e-12)
    # both have one tangent: between neighbours their slopes agree but for the third derivative
    slopes = [(line[at + 1] - line[at - 1]) / (2 * step) for line in (curve, parabola)]
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-2)
    top = int(np.argmin(np.abs(across - 1)))
    assert parabola[top] == pytest.approx(first.log_likelihood + first.predicted_rise)
    assert parabola.max() == parabola[top]
    # this step went all the way, so the next place is on the curve
    assert first.length == pytest.approx(1.0)
    assert curve[top] == pytest.approx(second.log_likelihood, rel=1e-10)


def test_a_maximum_in_closed_form_is_searched_for_from_aside():
    fit = fitting.fit(RIVERS, target="length_miles", family="exponential", explain=True)
    assert fit.certificate.iterations == 0
    assert fit.search.away
    assert fit.search.steps[0].log_likelihood < fit.fit.log_likelihood - 10
    assert fit.search.steps[-1].log_likelihood == pytest.approx(fit.fit.log_likelihood)


def test_without_being_asked_nothing_is_recorded():
    assert fitting.fit(RIVERS, target="length_miles", family="exponential").search is None


def test_under_a_prior_the_curve_is_that_of_the_posterior():
    fit = fitting.fit(VISITS, "visits ~ age", family="poisson", l2=50.0, explain=True)
    assert fit.search.objective == "log-posterior"
    last = fit.search.steps[-1].log_likelihood
    assert last == pytest.approx(fit.fit.log_likelihood + fit.fit.log_prior)
    first = fit.search.steps[0]
    at = int(np.argmin(np.abs(np.array(first.across))))
    assert first.curve[at] == pytest.approx(first.log_likelihood)


def test_a_corner_has_no_steps_of_newton_to_show():
    fit = fitting.fit(VISITS, "visits ~ age", family="poisson", l1=5.0, explain=True)
    assert fit.search is None


def test_each_step_is_shown_with_its_picture_and_numbers(regression):
    shown = render(regression, ReportOptions(plot=True, width=80))
    assert "Step 1: to the top of the parabola" in shown
    assert shown.count("and its parabola, along the direction of the step") == 3
    assert "the parabola promises a rise of" in shown
    assert "promised rise" in shown
    assert "Step 1" in render(regression, ReportOptions(format="md"))
    assert render(regression, ReportOptions(plot=True, width=80, ascii_only=True)).isascii()
