"""Profile intervals: against 50 digits (profile.json), R's confint (profile_r.json), and laws."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlefit.errors import UsageError
from mlefit.fitting import fit, prepare
from mlefit.inference.boundary import highest
from mlefit.inference.constrained import Jet, Single
from mlefit.inference.places import places
from mlefit.inference.profile import EDGE, UNBOUNDED, Curve, HigherError, profiles
from mlefit.inference.uncertainty import intervals
from mlefit.request import Request
from mlefit.search.climb import Search
from mlefit.search.maximise import maximise, restarted
from mlefit.search.maximum import Maximum
from tests.test_inference import REGRESSIONS, table

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "tests" / "reference"
EXACT = json.loads((REFERENCE / "profile.json").read_text(encoding="utf-8"))
WITNESS = json.loads((REFERENCE / "profile_r.json").read_text(encoding="utf-8"))["models"]
TABLES = {name: pl.DataFrame(columns) for name, columns in EXACT["tables"].items()}
QUANTILES = {"0.95": 1.9599639845400545, "0.5": 0.6744897501960817}
SEARCH = Search()


@pytest.fixture(autouse=True)
def _quiet():
    with np.errstate(all="ignore"):
        yield


# ---- quantities that are no coefficient, with derivatives written out by hand ----


class Ratio:
    """mu/sigma of a normal sample."""

    is_linear = False

    def at(self, beta: Any) -> Jet:
        m, e = beta[0], math.exp(-beta[1])
        return Jet(m * e, np.array([e, -m * e]))

    def bend(self, beta: Any) -> Any:
        m, e = beta[0], math.exp(-beta[1])
        return np.array([[0, -e], [-e, m * e]])


class HalfDose:
    """-b0/b1."""

    is_linear = False

    def at(self, beta: Any) -> Jet:
        a, b = beta
        return Jet(-a / b, np.array([-1 / b, a / b**2]))

    def bend(self, beta: Any) -> Any:
        a, b = beta
        return np.array([[0, b], [b, -2 * a]]) / b**3


class Predictor:
    """The linear predictor of mu at x = 2."""

    is_linear = True

    def at(self, beta: Any) -> Jet:
        return Jet(beta[0] + 2 * beta[1], np.array([1.0, 2.0, 0.0]))

    def bend(self, beta: Any) -> Any:
        return np.zeros((3, 3))


# ---- against 50 digits ----

MODELS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "normal": ("normal", "y ~ 1", {"mu/sigma": Ratio()}),
    "normal-scale": ("normal", "y ~ x", {}),
    "poisson": ("poisson", "y ~ x + g", {}),
    "negbinom": ("negbinom", "y ~ x", {"mu at 2": Predictor()}),
    "logistic": ("bernoulli", "y ~ dose", {"-b0/b1": HalfDose()}),
    "gamma": ("gamma", "y ~ x", {}),
    "weibull": ("weibull", "y ~ 1", {}),
}
CASES = [
    pytest.param(name, quantity, id=f"{name} {quantity}")
    for name, (_, _, derived) in MODELS.items()
    for quantity in EXACT["models"][name]["quantities"]
    if quantity.startswith("b") or quantity in derived
]


@cache
def exact_maximum(name: str) -> Maximum:
    family, formula, _ = MODELS[name]
    models = ("sigma ~ x",) if name == "normal-scale" else ()
    return found(TABLES[EXACT["models"][name]["table"]], formula, family, models=models)


def found(data: Any, formula: str, family: str, **options: Any) -> Maximum:
    prepared = prepare(Request(data=data, formula=formula, family=family, **options))
    return highest(prepared.model, prepared.engine, SEARCH)


@pytest.mark.parametrize(("name", "quantity"), CASES)
@pytest.mark.parametrize("level", QUANTILES)
def test_an_end_has_the_digits_of_fifty(name, quantity, level):
    derived = MODELS[name][2]
    curve = Curve(
        exact_maximum(name), SEARCH, derived.get(quantity) or Single(int(quantity.lstrip("b")))
    )
    exact = EXACT["models"][name]["quantities"][quantity]
    ends = curve.ends(QUANTILES[level])
    assert curve.estimate == pytest.approx(float(exact["estimate"]), rel=1e-9, abs=1e-9)
    low, high = (float(end) for end in exact[level])
    assert (ends.low, ends.high) == pytest.approx((low, high), rel=1e-9, abs=1e-9)
    assert (ends.why_low, ends.why_high) == ("", "")


def test_the_mean_and_the_sigma_of_a_normal_sample_have_closed_forms():
    """2 (l^ - l) is n log(1 + d^2/s^2) for the mean, n (log r + 1/r - 1) for r = sigma^2/s^2."""
    y = TABLES["sample"]["y"].to_numpy()
    n, cut = len(y), QUANTILES["0.95"] ** 2
    mean, sigma = fit(TABLES["sample"], "y ~ 1", family="normal", ci="profile").parameters
    reach = y.std() * math.sqrt(math.expm1(cut / n))
    assert (mean.conf_low, mean.conf_high) == pytest.approx((y.mean() - reach, y.mean() + reach))
    for end in (sigma.conf_low, sigma.conf_high):
        r = (end / y.std()) ** 2
        assert n * (math.log(r) + 1 / r - 1) == pytest.approx(cut, rel=1e-9)


# ---- against R ----

R_MODELS: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "poisson: visits ~ age + illness": ("doctor_visits", "poisson", "visits ~ age + illness", {}),
    "bernoulli: call ~ honors + city": ("callbacks", "bernoulli", "call ~ honors + city", {}),
    "poisson: claims ~ group + offset": (
        "insurance",
        "poisson",
        "claims ~ group",
        {"exposure": "holders"},
    ),
    "weibull: length_miles ~ 1": ("rivers", "weibull", "length_miles ~ 1", {}),
    "gamma: length_miles ~ 1": ("rivers", "gamma", "length_miles ~ 1", {}),
    "negbinom: visits ~ illness": ("doctor_visits", "negbinom", "visits ~ illness", {}),
}


@pytest.mark.parametrize("name", R_MODELS)
def test_r_has_the_digits_that_its_splines_leave(name):
    table, family, formula, options = R_MODELS[name]
    maximum = found(f"sample_data/{table}.csv", formula, family, **options)
    every = profiles(maximum, SEARCH, QUANTILES["0.95"])
    labels = [one.label for predictor in maximum.engine.predictors for one in predictor.columns]
    rows = WITNESS[name]
    if rows[0]["name"] == "(Intercept)":  # R's honorsyes is honors[yes], and its order another
        spelt = [f"({label})" if label == "Intercept" else label for label in labels]
        plain = [label.replace("[", "").replace("]", "") for label in spelt]
        rows = sorted(rows, key=lambda row: plain.index(row["name"]))
    for row, ends in zip(rows, every, strict=True):
        low, high = float(row["low"]), float(row["high"])
        close = pytest.approx((low, high), abs=1e-4 * (high - low))
        assert ends[:2] == close


# ---- every family ----

# a start with such a shape held is not found, though the maximum is there
NOT_HELD = {"gev": {"xi"}}


@pytest.mark.parametrize("family", REGRESSIONS)
def test_a_fit_with_a_coefficient_held_at_its_end_has_fallen_to_the_cut(family):
    """The end of the first slope and of the last parameter, by another search than the profile."""
    formula, known = REGRESSIONS[family]
    rows = table()
    maximum = found(rows, formula, family, **known)
    named = list(places(maximum))
    for position, wanted in ((1, 1.0), (len(named) - 1, -1.0)):
        place = named[position]
        if place.name in NOT_HELD.get(family, ()):
            continue
        end, why = Curve(maximum, SEARCH, Single(position)).end(wanted)
        assert (end is not None, why) == (True, "")
        value = end if place.link is None else float(place.link.inverse(np.array([end]))[0])
        held = fit(rows, formula, family=family, fix=f"{place.name}={value!r}", **known)
        assert -maximum.nll - held.fit.log_likelihood == pytest.approx(0.5, abs=1e-7)


# ---- laws ----


def ends_of(row: Any) -> tuple[float, float]:
    return row.conf_low, row.conf_high


def test_units_of_a_column_are_units_of_the_interval():
    counts = TABLES["counts"]
    plain = fit(counts, "y ~ x", family="negbinom", ci="profile")
    small = fit(counts.with_columns(x=pl.col("x") * 1e-6), "y ~ x", family="negbinom", ci="profile")
    for one, other, factor in zip(plain.coefficients, small.coefficients, (1, 1e6), strict=True):
        assert ends_of(other) == pytest.approx([factor * end for end in ends_of(one)], rel=1e-9)
    assert ends_of(small.parameters[0]) == pytest.approx(ends_of(plain.parameters[0]), rel=1e-9)


def test_the_interval_of_sigma_is_that_of_its_logarithm_whatever_the_link():
    log, identity = (
        fit(TABLES["sample"], "y ~ 1", family="normal", link=f"sigma={link}", ci="profile")
        for link in ("log", "identity")
    )
    assert ends_of(log.parameters[1]) == pytest.approx(ends_of(identity.parameters[1]), rel=1e-9)
    maximum = found(TABLES["sample"], "y ~ 1", "normal")
    low, high, *_ = Curve(maximum, SEARCH, Single(1)).ends(QUANTILES["0.95"])
    expected = [math.exp(low or 0), math.exp(high or 0)]
    assert ends_of(log.parameters[1]) == pytest.approx(expected, rel=1e-12)


def test_a_link_that_falls_keeps_the_lower_end_below():
    rows = fit(TABLES["waits"], "y ~ 1", family="exponential", link="inverse", ci="profile")
    plain = fit(TABLES["waits"], "y ~ 1", family="exponential", ci="profile")
    assert ends_of(rows.parameters[0]) == pytest.approx(ends_of(plain.parameters[0]), rel=1e-9)


def test_a_surer_interval_holds_a_less_sure_one():
    maximum = exact_maximum("gamma")
    for position in range(3):
        curve = Curve(maximum, SEARCH, Single(position))
        lows = [curve.end(-q)[0] for q in (0.5, 1.0, 2.0, 3.0)]
        highs = [curve.end(q)[0] for q in (0.5, 1.0, 2.0, 3.0)]
        assert lows == sorted(lows, reverse=True)
        assert highs == sorted(highs)


def test_the_root_at_an_end_is_the_quantile_and_zero_is_inside_where_p_is_large():
    result = fit(TABLES["counts"], "y ~ x + g", family="negbinom", ci="profile")
    for row in result.coefficients:
        inside = row.conf_low < 0 < row.conf_high
        assert inside == (row.p_value > 0.05)
    assert result.model.interval.method == "profile"
    maximum = exact_maximum("negbinom")
    curve = Curve(maximum, SEARCH, Single(1))
    assert curve.root(curve.end(1.5)[0] or 0.0) == pytest.approx(-1.5, rel=1e-9)


def test_frequency_weights_are_repeated_rows():
    counts = TABLES["counts"].with_columns(n=pl.Series([1, 2, 3, 1, 2, 1, 1, 2, 4, 1, 1, 2, 1, 3]))
    repeated = counts.select(pl.all().repeat_by("n").explode())
    weighted = fit(counts, "y ~ x", family="poisson", freq_weights="n", ci="profile")
    whole = fit(repeated, "y ~ x", family="poisson", ci="profile")
    for one, other in zip(weighted.coefficients, whole.coefficients, strict=True):
        assert ends_of(one) == pytest.approx(ends_of(other), rel=1e-9)


# ---- ends that do not exist ----


def test_counts_that_hardly_spread_leave_no_upper_end_for_k():
    data = pl.DataFrame({"y": [0, 1, 3, 2, 5, 2, 4, 0, 2, 8, 1, 3]})
    result = fit(data, "y ~ 1", family="negbinom", ci="profile")
    (k,) = (row for row in result.parameters if row.parameter == "k")
    assert k.conf_low is not None
    assert k.conf_low > 0
    assert k.conf_high is None
    assert f"k has no upper end: {UNBOUNDED}" in result.notes


def test_a_half_dose_without_a_slope_has_no_ends():
    data = TABLES["doses"].with_columns(y=pl.Series([0, 1, 1, 0, 0, 1, 0, 1, 0, 1, 1, 0, 0, 1]))
    ends = Curve(found(data, "y ~ dose", "bernoulli"), SEARCH, HalfDose()).ends(1.96)
    assert ends[:4] == (None, None, UNBOUNDED, UNBOUNDED)


def test_an_end_at_the_edge_of_the_domain_says_so():
    """A Poisson mean on the identity link: rows of 0 keep their height as it goes to 0."""
    data = pl.DataFrame({"x": [0.0, 0.5, 1.0, 2.0], "y": [0, 4, 5, 7]})
    maximum = found(data, "y ~ x", "poisson", links=("identity",))
    end, why = Curve(maximum, SEARCH, Single(0)).end(-1.96)
    assert end == pytest.approx(0.0, abs=1e-6)
    assert why == EDGE


@pytest.mark.parametrize(
    ("family", "simpler", "name", "side"),
    [
        ("negbinom", "poisson", "k", "conf_low"),
        ("student", "normal", "df", "conf_low"),
        ("zip", "poisson", "zero", "conf_high"),
    ],
)
def test_a_parameter_at_its_edge_has_the_one_end_that_lies_inside(family, simpler, name, side):
    data = pl.DataFrame({"y": [2, 3, 2, 3, 4, 1, 2, 3, 2, 5, 1, 0, 3]})
    result = fit(data, "y ~ 1", family=family, ci="profile")
    assert result.certificate.status == "boundary"
    row = next(row for row in result.parameters if row.parameter == name)
    ends = {"conf_low": row.conf_low, "conf_high": row.conf_high}
    inside = ends.pop(side)
    assert list(ends.values()) == [None]
    top = fit(data, "y ~ 1", family=simpler).fit.log_likelihood
    held = fit(data, "y ~ 1", family=family, fix=f"{name}={inside!r}").fit.log_likelihood
    assert 2 * (top - held) == pytest.approx(QUANTILES["0.95"] ** 2, rel=1e-8)
    assert any(f"{name} has no" in note and "at that edge" in note for note in result.notes)


# ---- a corner ----


def test_a_laplace_location_is_the_set_of_heights_above_the_cut():
    y = np.array([1.0, 2.5, 3.0, 4.5, 7.0, 8.0, 11.0, 12.5, 20.0])
    result = fit(pl.DataFrame({"y": y}), "y ~ 1", family="laplace", ci="profile")
    mu, b = result.parameters
    n = len(y)

    def fall(m: float) -> float:
        mean = np.abs(y - m).mean()
        return 2 * n * math.log(mean / np.abs(y - np.median(y)).mean())

    for end in ends_of(mu):
        assert fall(end) == pytest.approx(QUANTILES["0.95"] ** 2, rel=1e-8)
    for end in ends_of(b):
        r = np.abs(y - np.median(y)).mean() / end
        assert 2 * n * (r - 1 - math.log(r)) == pytest.approx(QUANTILES["0.95"] ** 2, rel=1e-8)


def test_a_function_of_one_coefficient_of_a_corner_is_mapped_and_of_two_has_no_profile():
    one, two = ("twice = exp(2 * b[Intercept] / 10)", "both = mu / b")
    result = fit(
        pl.DataFrame({"y": [1.0, 2.5, 3.0, 4.5, 7.0, 8.0, 11.0]}), "y ~ 1", family="laplace",
        ci="profile", derive=(one, two),
    )  # fmt: skip
    mu, (twice, both) = result.parameters[0], result.derived
    assert ends_of(twice) == pytest.approx([math.exp(end / 5) for end in ends_of(mu)], rel=1e-12)
    assert ends_of(both) == (None, None)
    assert any(note.startswith("both has no lower end") for note in result.notes)


def test_a_derived_quantity_has_the_profile_of_its_expression():
    result = fit(
        TABLES["doses"], "y ~ dose", family="bernoulli", ci="profile",
        derive=("ld50 = -b[Intercept] / b[dose]", "odds = exp(b[dose])"),
    )  # fmt: skip
    ld50, odds = result.derived
    exact = EXACT["models"]["logistic"]["quantities"]
    expected = [float(end) for end in exact["-b0/b1"]["0.95"]]
    assert ends_of(ld50) == pytest.approx(expected, rel=1e-8)
    expected = [math.exp(float(end)) for end in exact["b1"]["0.95"]]
    assert ends_of(odds) == pytest.approx(expected, rel=1e-8)


def test_quantile_regression_with_a_slope_held_is_the_programme_of_the_rest():
    data = TABLES["waits"]
    result = fit(data, "y ~ x", family="asymmetric-laplace:0.7", ci="profile")
    slope = result.coefficients[1]
    top = result.fit.log_likelihood
    for end in ends_of(slope):
        held = fit(data, "y ~ x", family="asymmetric-laplace:0.7", fix=f"x={end!r}")
        fall = 2 * (top - held.fit.log_likelihood)
        assert fall == pytest.approx(QUANTILES["0.95"] ** 2, rel=1e-7)


# ---- a higher maximum ----

TWO_HILLS = pl.DataFrame({"y": [-3.2, -2.9, -3.1, -2.8, 2.8, 3.2, 3.0, 2.9, 3.1]})


def test_a_loose_tolerance_is_no_lower_hill():
    result = fit(TABLES["counts"], "y ~ x", family="negbinom", ci="profile", tol=1e-2)
    assert result.certificate.status == "converged"
    assert not any("above the maximum" in note for note in result.notes)


def lower_hill() -> Maximum:
    prepared = prepare(Request(data=TWO_HILLS, formula="y ~ 1", family="cauchy", fix=("sigma=1",)))
    maximum = maximise(prepared.model, prepared.engine, SEARCH)
    return restarted(maximum, np.array([-3.0]), SEARCH)


def test_profiling_from_a_lower_hill_finds_the_higher_one():
    maximum = lower_hill()
    assert maximum.optimum.gamma[0] < 0
    with pytest.raises(HigherError) as higher:
        profiles(maximum, SEARCH, 3.3)
    assert higher.value.gamma[0] > 0


def test_the_fit_goes_on_from_the_higher_hill_and_says_so():
    maximum = lower_hill()
    request = Request(ci="profile", conf_level=0.999)
    made = intervals(request, maximum, None, SEARCH, lambda what, done, of: None)
    assert made.maximum.optimum.gamma[0] == pytest.approx(3.0, abs=0.3)
    assert made.maximum.optimum.totals.nll < maximum.optimum.totals.nll
    assert "above the maximum that the search had ended at" in made.notes[0]
    low, high, *_ = made.ends[0]
    assert low is not None
    assert high is not None
    assert low < 3.0 < high


# ---- what has no profile ----


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sampling_weights": "w"}, "chi-square"),
        ({"small_sample": True}, "small-sample"),
        ({"se": "HC0"}, "at its word"),
        ({"cluster": "w"}, "--cluster does not"),
        ({"l2": 1.0}, "credible"),
    ],
)
def test_what_is_no_likelihood_has_no_profile(options, words):
    data = TABLES["waits"].with_columns(w=pl.Series(range(1, 11)))
    with pytest.raises(UsageError, match=words):
        fit(data, "y ~ x", family="normal", ci="profile", **options)
