"""`profile` as a document: intervals beside Wald's, curves, names, refusals."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlefit.errors import UntrustworthyError, UsageError
from mlefit.fitting import fit
from mlefit.profiling import run
from mlefit.report import render
from mlefit.report.options import ReportOptions
from mlefit.request import ProfileRequest, Request
from mlefit.results.profile import ProfileResult

EXACT = json.loads(
    (Path(__file__).parent / "reference" / "profile.json").read_text(encoding="utf-8")
)
TABLES = {name: pl.DataFrame(columns) for name, columns in EXACT["tables"].items()}
Q = 1.9599639845400545


def profiled(
    table: Any, formula: str, family: str, *params: str, levels: Any = (0.95,), **more: Any
) -> ProfileResult:
    data = TABLES[table] if isinstance(table, str) else table
    points = more.pop("points", 21)
    request = Request(data=data, formula=formula, family=family, ci="profile", **more)
    return run(ProfileRequest(request, params, levels, points))


@pytest.fixture(scope="module")
def gamma() -> ProfileResult:
    return profiled("waits", "y ~ x", "gamma", levels=(0.5, 0.95))


def test_both_intervals_are_those_of_fits(gamma):
    by_profile, by_wald = (
        fit(TABLES["waits"], "y ~ x", family="gamma", ci=ci) for ci in ("profile", "wald")
    )
    found = [one for one in gamma.intervals if one.level == 0.95]
    names = [f"mu:{row.term}" for row in by_wald.coefficients]
    assert [one.name for one in found] == [*names, "k"]
    rows: Any = zip(
        found,
        [*by_profile.coefficients, *by_profile.parameters],
        [*by_wald.coefficients, *by_wald.parameters],
        strict=True,
    )
    for one, profile, wald in rows:
        assert (one.conf_low, one.conf_high) == pytest.approx((profile.conf_low, profile.conf_high))
        assert (one.wald_low, one.wald_high) == pytest.approx((wald.conf_low, wald.conf_high))
        assert (one.estimate, one.std_error) == pytest.approx((wald.estimate, wald.std_error))
    tests = {test.name: test for test in gamma.tests}
    assert list(tests) == names
    for row in by_profile.coefficients:
        assert tests[f"mu:{row.term}"].signed_root == pytest.approx(row.statistic)
        assert tests[f"mu:{row.term}"].p_value == pytest.approx(row.p_value)


def test_a_drop_is_that_of_a_fit_with_the_value_held(gamma):
    top = fit(TABLES["waits"], "y ~ x", family="gamma").fit.log_likelihood
    for name, flag in (("mu:x", "x"), ("k", "k")):
        points = [point for point in gamma.curves if point.name == name]
        assert len(points) == 21
        assert [point.value for point in points] == sorted(point.value for point in points)
        for point in (points[0], points[7], points[-1]):
            held = fit(TABLES["waits"], "y ~ x", family="gamma", fix=f"{flag}={point.value!r}")
            assert point.drop == pytest.approx(held.fit.log_likelihood - top, abs=1e-8)
            assert point.signed_root**2 / 2 == pytest.approx(-point.drop, abs=1e-9)
        middle = points[10]
        assert (middle.drop, middle.wald_drop) == (0.0, 0.0)


def test_walds_parabola_is_at_the_cut_at_walds_ends(gamma):
    """On the scale where it is symmetric, the log for k."""
    (one,) = (one for one in gamma.intervals if one.name == "k" and one.level == 0.95)
    assert one.wald_scale == "log"
    points = [point for point in gamma.curves if point.name == "k"]
    middle = math.log(one.estimate)
    error = (math.log(one.wald_high) - middle) / Q
    for point in points:
        expected = -0.5 * ((math.log(point.value) - middle) / error) ** 2
        assert point.wald_drop == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert gamma.cuts["0.95"] == pytest.approx(-(Q**2) / 2)


def test_the_drop_at_walds_ends_tells_how_far_they_are_from_the_cut():
    result = profiled("sample", "y ~ 1", "normal", "mu")
    (one,) = result.intervals
    y = TABLES["sample"]["y"].to_numpy()
    for end, drop in ((one.wald_low, one.wald_low_drop), (one.wald_high, one.wald_high_drop)):
        expected = -len(y) / 2 * math.log1p(((end - y.mean()) / y.std()) ** 2)
        assert drop == pytest.approx(expected, rel=1e-9)


def test_a_derived_quantity_is_profiled_under_its_name():
    result = profiled(
        "doses", "y ~ dose", "bernoulli", "ld50", derive=("ld50 = -b[Intercept] / b[dose]",)
    )
    (one,) = result.intervals
    exact = EXACT["models"]["logistic"]["quantities"]["-b0/b1"]
    low, high = (float(end) for end in exact["0.95"])
    assert (one.conf_low, one.conf_high) == pytest.approx((low, high), rel=1e-8)
    assert one.estimate == pytest.approx(float(exact["estimate"]), rel=1e-9)
    assert one.expression == "-b[Intercept] / b[dose]"


def test_what_is_positive_by_its_form_has_a_wald_interval_on_the_log_scale():
    result = profiled("waits", "y ~ 1", "weibull", "odds", derive=("odds = exp(b[k:Intercept])",))
    (one,) = result.intervals
    k = profiled("waits", "y ~ 1", "weibull", "k").intervals[0]
    assert (one.conf_low, one.conf_high) == pytest.approx((k.conf_low, k.conf_high), rel=1e-8)
    assert (one.wald_low, one.wald_high) == pytest.approx((k.wald_low, k.wald_high), rel=1e-8)
    assert one.wald_scale == "log"


def test_a_link_that_falls_is_shown_the_right_way_up():
    falling = profiled("waits", "y ~ 1", "exponential", links=("inverse",))
    plain = profiled("waits", "y ~ 1", "exponential")
    (one,), (other,) = falling.intervals, plain.intervals
    assert (one.conf_low, one.conf_high) == pytest.approx((other.conf_low, other.conf_high))
    values = [point.value for point in falling.curves]
    assert values == sorted(values)
    assert falling.curves[0].signed_root < 0 < falling.curves[-1].signed_root


def test_a_term_of_the_first_parameter_needs_no_name_before_it():
    one = profiled("waits", "y ~ x", "normal", "x", "sigma:x", models=("sigma ~ x",))
    assert [interval.name for interval in one.intervals] == ["mu:x", "sigma:x"]


def test_an_unknown_name_is_told_with_what_there_is():
    with pytest.raises(UsageError, match="'sigm'") as refused:
        profiled("sample", "y ~ 1", "normal", "sigm")
    assert refused.value.tries == ("--param sigma",)
    assert "there are: mu, sigma" in refused.value.evidence


def test_without_a_maximum_there_is_no_profile():
    data = pl.DataFrame({"x": [1.0, 2, 3, 4], "y": [0, 0, 1, 1]})
    with pytest.raises(UntrustworthyError, match="no profile: no maximum exists"):
        profiled(data, "y ~ x", "bernoulli")


def test_at_an_edge_there_is_no_profile_but_of_the_simpler_family():
    data = pl.DataFrame({"y": [2, 3, 2, 3, 2, 3]})
    with pytest.raises(UntrustworthyError, match="no profile") as refused:
        profiled(data, "y ~ 1", "negbinom")
    assert "--family poisson" in str(refused.value)


# ---- what a reader sees ----


def test_an_end_that_does_not_exist_is_none_with_its_reason():
    data = pl.DataFrame({"y": [0, 1, 3, 2, 5, 2, 4, 0, 2, 8, 1, 3]})
    result = profiled(data, "y ~ 1", "negbinom", "k")
    text = render(result, ReportOptions(plot=True))
    assert "none" in text
    assert "k: no upper end: the profile never falls far enough" in text
    assert "on a log scale" in text
    row = json.loads(render(result, ReportOptions(format="json")))["intervals"][0]
    assert row["conf_high"] is None
    assert result.notes == ("k has no upper end: the profile never falls far enough",)


def test_every_picture_is_followed_by_its_numbers(gamma):
    text = render(gamma, ReportOptions(plot=True, width=80, ascii_only=True))
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 80
    pictures = text.split("log-likelihood below its maximum")[1:]
    assert len(pictures) == 3
    for picture in pictures:
        assert "95% cut" in picture
        assert "50% cut" in picture
        assert picture.index("profile") < picture.index("log-likelihood lost")


@pytest.mark.parametrize("form", ["csv", "tsv", "md", "json"])
@pytest.mark.parametrize("table", ["intervals", "curve", "tests"])
def test_every_table_has_every_format(gamma, form, table):
    text = render(gamma, ReportOptions(format=form, table=table))
    rows = {"intervals": 6, "curve": 63, "tests": 2}[table]
    if form in ("csv", "tsv"):
        assert len(text.splitlines()) == rows + 1
    elif form == "json":
        assert len(json.loads(text)) == rows


def test_a_curve_may_have_any_number_of_points():
    for count in (3, 4, 40):
        result = profiled("sample", "y ~ 1", "normal", "mu", points=count)
        values = np.array([point.value for point in result.curves])
        assert len(values) == count
        assert (np.diff(values) > 0).all()
