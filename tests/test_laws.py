"""Laws that every fit obeys: units, order, repetition and coding change nothing but themselves.

A new family in mlefit/families is held to all of them as soon as it has an entry in CASES.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from mlefit import families
from mlefit.engines.local import LocalEngine
from mlefit.fitting import fit, prepare
from mlefit.inference.covariance import kinds_for
from mlefit.likelihood import Model
from mlefit.request import Request
from mlefit.search.climb import Search
from mlefit.search.maximise import maximise


@dataclass(frozen=True)
class Case:
    """How to make data for a family, and what can be asked of it."""

    draw: Callable[[np.random.Generator, np.ndarray, np.ndarray], dict[str, np.ndarray]]
    scale: str | None = None  # a second parameter, which precision weights scale
    orthogonal: bool = True  # whether the rows' own information parts location and scale
    further: tuple[str, ...] = ()  # parameters beside the first that none scale
    modelled: str | None = None  # which of these gets covariates; the last if None
    target_units: bool = False  # whether a target times a constant is a target again
    options: Mapping[str, Any] = field(default_factory=dict)


def _normal(rng, eta, spread):
    return {"y": eta + np.exp(spread) * rng.normal(size=len(eta))}


def _laplace(rng, eta, spread):
    return {"y": eta + np.exp(spread) * rng.laplace(size=len(eta))}


def _poisson(rng, eta, spread):
    return {"y": rng.poisson(np.exp(0.5 + eta))}


def _bernoulli(rng, eta, spread):
    return {"y": rng.binomial(1, 1 / (1 + np.exp(-eta)))}


def _binomial(rng, eta, spread):
    trials = rng.integers(1, 9, len(eta))
    return {"y": rng.binomial(trials, 1 / (1 + np.exp(-eta))), "m": trials}


def _categorical(rng, eta, spread):
    heights = np.column_stack([np.zeros_like(eta), eta, 0.3 - 0.5 * eta])
    return {"y": (heights + rng.gumbel(size=heights.shape)).argmax(axis=1)}


def _ordinal(rng, eta, spread):
    return {"y": np.digitize(eta + rng.logistic(size=len(eta)), [-0.5, 0.8])}


def _beta_binomial(rng, eta, spread):
    trials = rng.integers(2, 12, len(eta))
    p = 1 / (1 + np.exp(-eta))
    return {"y": rng.binomial(trials, rng.beta(p, 1 - p)), "m": trials}


def _bursts(rng, eta, spread):
    return {"y": rng.poisson(np.exp(1 + eta) * rng.gamma(1.5, 1 / 1.5, len(eta)))}


def _seen(rng, eta, spread):
    return {"y": 1 + _bursts(rng, eta, spread)["y"]}


def _gappy(rng, eta, spread):
    counts = rng.poisson(np.exp(2 + eta) * rng.gamma(4, 1 / 4, len(eta)))
    return {"y": np.where(rng.random(len(eta)) < 1 / (1 + np.exp(1 - spread)), 0, counts)}


def _logistic(rng, eta, spread):
    return {"y": eta + np.exp(spread) * rng.logistic(size=len(eta))}


def _student(rng, eta, spread):
    return {"y": eta + np.exp(spread) * rng.standard_t(2, size=len(eta))}


def _gumbel(rng, eta, spread):
    return {"y": eta + np.exp(spread) * rng.gumbel(size=len(eta))}


def _slanted(rng, eta, spread):
    longer = np.abs(rng.normal(size=len(eta))) + 0.85 * rng.normal(size=len(eta))
    return {"y": eta + np.exp(spread) * longer}


def _share(rng, eta, spread):
    mu = 1 / (1 + np.exp(-eta))
    return {"y": rng.beta(6 * mu, 6 * (1 - mu))}


def _positive(rng, eta, spread):
    return {"y": np.exp(eta / 2) * rng.gamma(2, 0.5, len(eta))}


def _claims(rng, eta, spread):
    counts = rng.poisson(np.exp(0.3 + eta / 2))
    return {"y": np.where(counts > 0, rng.gamma(2.0 * np.maximum(counts, 1)), 0.0)}


def _angle(rng, eta, spread):
    return {"y": rng.vonmises(eta / 4, 4)}


CASES = {
    "huber": Case(_laplace, scale="sigma", target_units=True),
    "smooth-l1": Case(_laplace, scale="sigma"),
    "asymmetric-laplace": Case(_laplace, scale="b", target_units=True),
    "bernoulli": Case(_bernoulli),
    "beta-binomial": Case(_beta_binomial, further=("rho",), options={"trials": "m"}),
    "geometric": Case(_bursts),
    "hurdle-negbinom": Case(_gappy, further=("k", "zero")),
    "hurdle-poisson": Case(_gappy, further=("zero",)),
    "logarithmic": Case(_seen),
    "negbinom": Case(_bursts, further=("k",)),
    "negbinom1": Case(_bursts, further=("alpha",)),
    "truncated-negbinom": Case(_seen, further=("k",)),
    "truncated-poisson": Case(_seen),
    "zinb": Case(_gappy, further=("k", "zero")),
    "zip": Case(_gappy, further=("zero",)),
    "beta": Case(_share, further=("phi",)),
    "binomial": Case(_binomial, options={"trials": "m"}),
    "cauchy": Case(_student, scale="sigma", target_units=True),
    "exponential": Case(_positive),
    "gamma": Case(_positive, further=("k",)),
    "generalised-gamma": Case(_positive, further=("sigma", "Q"), modelled="sigma"),
    "half-normal": Case(_positive),
    "inverse-gaussian": Case(_positive, further=("lambda",)),
    "loglogistic": Case(_positive, further=("k",)),
    "lognormal": Case(_positive, scale="sigma"),
    "pareto": Case(_positive),
    "rayleigh": Case(_positive),
    "tweedie": Case(_claims, further=("phi", "p"), modelled="phi"),
    "weibull": Case(_positive, further=("k",)),
    "gev": Case(_gumbel, scale="sigma", further=("xi",), target_units=True),
    "gumbel": Case(_gumbel, scale="sigma", target_units=True),
    "hyperbolic-secant": Case(_logistic, scale="sigma", target_units=True),
    "laplace": Case(_laplace, scale="b", target_units=True),
    "logistic": Case(_logistic, scale="sigma", target_units=True),
    "normal": Case(_normal, scale="sigma", target_units=True),
    "poisson": Case(_poisson),
    "categorical": Case(_categorical),
    "ordinal": Case(_ordinal),
    "skew-normal": Case(_slanted, scale="sigma", further=("alpha",), target_units=True),
    "student": Case(_student, scale="sigma", further=("df",), target_units=True),
    "von-mises": Case(_angle, further=("kappa",)),
}
REGRESSION = "y ~ x + z + g"
# family, formula, formula of its second parameter
SHAPES = [(name, "y ~ 1", "") for name in CASES]
SHAPES += [(name, REGRESSION, "") for name, case in CASES.items() if not case.further]
SHAPES += [(name, REGRESSION, f"{case.scale} ~ x") for name, case in CASES.items() if case.scale]
SHAPES += [
    (name, REGRESSION, f"{case.modelled or case.further[-1]} ~ x")
    for name, case in CASES.items()
    if case.further and not case.scale
]
WEIGHTED = [
    (*shape, flag)
    for shape in SHAPES
    for flag in ("freq_weights", "sampling_weights", "precision_weights")
    if flag != "precision_weights" or CASES[shape[0]].scale
]
# An odd number of rows in every level: then a sum of absolute errors has one minimiser.
LEVELS = np.repeat(["a", "b", "c"], [31, 29, 33])
ROWS = len(LEVELS)


def _id(value):
    return value.replace(" ", "") or "constant"


def shapes(chosen=SHAPES):
    return pytest.mark.parametrize(("name", "formula", "model"), chosen, ids=_id)


NO_INTERCEPT, NO_OFFSET = ("ordinal",), ("categorical",)

every_shape = shapes()
every_shape_with_offset = shapes([shape for shape in SHAPES if shape[0] not in NO_OFFSET])
every_regression = shapes([shape for shape in SHAPES if shape[1] == REGRESSION])
with_intercept = shapes(
    [shape for shape in SHAPES if shape[1] == REGRESSION and shape[0] not in NO_INTERCEPT]
)
with_units = shapes([shape for shape in SHAPES if CASES[shape[0]].target_units])
with_scale = shapes([shape for shape in SHAPES if CASES[shape[0]].scale])
# a seed has nothing to shrink
few_times = settings(
    max_examples=2,
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
)
seeds = st.integers(0, 2**32 - 1)
factors = st.sampled_from([1e-6, 1e6])


def test_every_family_has_a_case():
    assert sorted(CASES) == sorted(families.NAMES)


def test_every_further_parameter_is_modelled():
    # a family of levels has as many as the target has, which take no formula of their own here
    further = {
        f.name: [] if f.open else [p.name for p in f.parameters[1:]] for f in families.every()
    }
    known = {name: [*filter(None, [case.scale]), *case.further] for name, case in CASES.items()}
    assert known == further


# --- units -----------------------------------------------------------------------------


@every_regression
@few_times
@given(seed=seeds, factor=factors)
def test_a_covariate_in_other_units_changes_only_its_own_coefficients(
    name, formula, model, seed, factor
):
    data = make(name, seed)
    plain = estimate(name, data, formula, model)
    scaled = estimate(name, data.with_columns(x=pl.col("x") * factor), formula, model)
    expected = {
        key: row / factor if key.endswith(":x") else row for key, row in links_of(plain).items()
    }
    assert_same(links_of(scaled), expected)
    assert_same_heights(scaled, plain)


@with_units
@few_times
@given(seed=seeds, factor=factors)
def test_a_target_in_other_units_scales_the_location_and_shifts_the_scale(
    name, formula, model, seed, factor
):
    data = make(name, seed)
    plain = estimate(name, data, formula, model)
    scaled = estimate(name, data.with_columns(y=pl.col("y") * factor), formula, model)
    expected = {}
    for key, row in links_of(plain).items():
        parameter, term = key.split(":", 1)
        if parameter in CASES[name].further:
            expected[key] = row  # a shape has no unit
        elif parameter == "mu" or term == "natural":
            expected[key] = row * factor
        else:
            expected[key] = row + Row(math.log(factor) if term == "Intercept" else 0.0, 0.0)
    assert_same(links_of(scaled), expected)
    assert scaled.fit.log_likelihood == pytest.approx(
        plain.fit.log_likelihood - ROWS * math.log(factor), abs=1e-8
    )


@with_intercept
@few_times
@given(seed=seeds, shift=st.sampled_from([-1e6, 1e6]))
def test_a_shifted_covariate_changes_only_intercepts(name, formula, model, seed, shift):
    data = make(name, seed)
    plain = estimate(name, data, formula, model)
    shifted = estimate(name, data.with_columns(x=pl.col("x") + shift), formula, model)
    assert_same(slopes_of(shifted), slopes_of(plain))
    assert_same_heights(shifted, plain)
    before, after = links_of(plain), links_of(shifted)
    for key in [key for key in before if key.endswith(":x")]:
        intercept = key.replace(":x", ":Intercept")
        moved = after[intercept].estimate + shift * after[key].estimate
        assert moved == pytest.approx(before[intercept].estimate, abs=1e-9 * after[intercept].error)


# --- order -----------------------------------------------------------------------------


@every_shape
@few_times
@given(seed=seeds)
def test_the_order_of_the_rows_does_not_matter(name, formula, model, seed):
    data = make(name, seed)
    assert_same_fits(
        estimate(name, data.sample(fraction=1, shuffle=True, seed=seed % 1000), formula, model),
        estimate(name, data, formula, model),
    )


@every_regression
@few_times
@given(seed=seeds, terms=st.permutations(["x", "z", "g"]))
def test_the_order_of_terms_and_columns_does_not_matter(name, formula, model, seed, terms):
    data = make(name, seed)
    turned = data.select(reversed(data.columns))
    assert_same_fits(
        estimate(name, turned, f"y ~ {' + '.join(terms)}", model),
        estimate(name, data, formula, model),
    )


@every_shape
@few_times
@given(seed=seeds, most_rows=st.integers(1, 40), threads=st.integers(1, 3))
def test_blocks_and_threads_do_not_matter(name, formula, model, seed, most_rows, threads):
    prepared = prepare(request(name, make(name, seed), formula, model))
    whole, cut = (
        maximise(
            Model(prepared.family, prepared.links),
            LocalEngine(
                prepared.table.columns, prepared.predictors, prepared.family.known, n, rows
            ),
            Search(),
        )
        for n, rows in [(1, None), (threads, most_rows)]
    )
    for one, other in zip(cut.betas, whole.betas, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-10)
    assert cut.optimum.totals.nll == pytest.approx(whole.optimum.totals.nll, rel=1e-12)


# --- repetition and weights ------------------------------------------------------------


@every_shape
@few_times
@given(seed=seeds)
def test_a_frequency_weight_counts_equal_rows(name, formula, model, seed):
    data = make(name, seed)
    # the same count in a whole level keeps the median of absolute errors unique
    data = data.with_columns(times=pl.col("whole") + 1)
    several = repeated(data, data["times"].to_numpy())
    for kind in kinds_of(name):
        assert_same_fits(
            estimate(name, data, formula, model, freq_weights="times", **kind),
            estimate(name, several, formula, model, **kind),
        )


@every_shape
@few_times
@given(seed=seeds)
def test_rows_twice_are_a_frequency_weight_of_two(name, formula, model, seed):
    data = make(name, seed).with_columns(two=pl.lit(2))
    for kind in kinds_of(name):
        assert_same_fits(
            estimate(name, data, formula, model, freq_weights="two", **kind),
            estimate(name, pl.concat([data, data]), formula, model, **kind),
        )


@pytest.mark.parametrize(("name", "formula", "model", "flag"), WEIGHTED, ids=_id)
@few_times
@given(seed=seeds)
def test_a_row_of_weight_zero_is_absent(name, formula, model, flag, seed):
    data = make(name, seed)
    # two rows of each level go, so that an odd number stays
    data = data.with_columns(weight=pl.when(pl.col("place") < 2).then(0).otherwise("times"))
    weighted = estimate(name, data, formula, model, **{flag: "weight"})
    absent = estimate(name, data.filter(pl.col("weight") > 0), formula, model, **{flag: "weight"})
    assert_same_fits(weighted, absent)
    assert weighted.data.rows_dropped == {"weight 0:weight": 6}


@every_shape
@few_times
@given(seed=seeds, factor=st.sampled_from([1e-12, 1e-6, 1e-2, 1e3, 1e9]))
def test_only_ratios_of_sampling_weights_matter(name, formula, model, seed, factor):
    data = make(name, seed).with_columns(other=pl.col("weight") * factor)
    for kind in kinds_of(name):
        if kind["se"] == "quasi":
            continue  # a dispersion counts rows, which sampling weights do not
        assert_same_fits(
            estimate(name, data, formula, model, sampling_weights="other", **kind),
            estimate(name, data, formula, model, sampling_weights="weight", **kind),
        )


@with_scale
@few_times
@given(seed=seeds, factor=st.sampled_from([1e-6, 0.01, 3.0, 1e6]))
def test_only_ratios_of_precision_weights_matter_beyond_the_scale(
    name, formula, model, seed, factor
):
    data = make(name, seed).with_columns(other=pl.col("weight") * factor)
    for kind in kinds_of(name):
        one = estimate(name, data, formula, model, precision_weights="other", **kind)
        two = estimate(name, data, formula, model, precision_weights="weight", **kind)
        assert_same(located(one), located(two))
        assert one.fit.log_likelihood == pytest.approx(two.fit.log_likelihood, rel=1e-11)


@every_shape_with_offset
@few_times
@given(seed=seeds)
def test_an_exposure_is_an_offset_of_its_logarithm(name, formula, model, seed):
    data = make(name, seed).with_columns(log_weight=pl.col("weight").log())
    assert_same_fits(
        estimate(name, data, formula, model, exposure="weight"),
        estimate(name, data, formula, model, offset="log_weight"),
    )


# --- columns ---------------------------------------------------------------------------


@every_regression
@few_times
@given(seed=seeds, base=st.sampled_from(["b", "c"]))
def test_another_base_level_is_the_same_model(name, formula, model, seed, base):
    data = make(name, seed)
    plain = estimate(name, data, formula, model)
    other = estimate(name, data, f"y ~ x + z + C(g, ref='{base}')", model)
    assert_same_heights(other, plain)
    (third,) = {"b", "c"} - {base}
    for parameter in located_in(plain):
        old, new = estimates_of(plain, parameter), estimates_of(other, parameter)
        shift = old[f"g[{base}]"]
        expected = {
            "C(g)[a]": -shift,
            f"C(g)[{third}]": old[f"g[{third}]"] - shift,
            "x": old["x"],
            "z": old["z"],
        }
        if name not in NO_INTERCEPT:
            expected["Intercept"] = old["Intercept"] + shift
        assert new == pytest.approx(expected, abs=1e-9)


@every_regression
@few_times
@given(seed=seeds)
def test_a_redundant_column_is_left_out_and_changes_nothing(name, formula, model, seed):
    data = make(name, seed)
    plain = estimate(name, data, formula, model)
    more = estimate(name, data, f"{formula} + I(2*x)", model)
    left_out = [row for row in more.coefficients if row.estimate is None]
    assert [row.parameter for row in left_out] == located_in(plain)
    for redundant in left_out:
        assert redundant.term == "I(2*x)"
        assert redundant.std_error is None
    assert sum("I(2*x) = 2 x" in warning for warning in more.warnings) == 1
    assert_same(links_of(more), links_of(plain))
    assert_same_heights(more, plain)
    assert more.fit.n_params == plain.fit.n_params


@every_regression
@few_times
@given(seed=seeds, term=st.sampled_from(["x", "g[c]", "Intercept"]))
def test_holding_a_coefficient_at_its_estimate_leaves_the_rest(name, formula, model, seed, term):
    data = make(name, seed)
    free = estimate(name, data, formula, model)
    parameter = located_in(free)[0]
    if name in NO_INTERCEPT and term == "Intercept":
        term = "z"
    value = estimates_of(free, parameter)[term]
    held = estimate(name, data, formula, model, fix=f"{parameter}:{term}={value!r}")
    rest = {k: row.estimate for k, row in links_of(free).items() if k != f"{parameter}:{term}"}
    # the held value is rounded, so the rest moves by its rounding
    assert {key: row.estimate for key, row in links_of(held).items()} == pytest.approx(
        rest, rel=1e-8, abs=1e-9
    )
    assert held.fit.log_likelihood == pytest.approx(free.fit.log_likelihood, rel=1e-12)
    assert held.fit.n_params == free.fit.n_params - 1


@shapes([shape for shape in SHAPES if CASES[shape[0]].scale and not shape[2]])
@few_times
@given(seed=seeds)
def test_holding_the_scale_at_its_estimate_leaves_the_location(name, formula, model, seed):
    data = make(name, seed)
    free = estimate(name, data, formula, model)
    (scale,) = (row for row in free.parameters if row.parameter == CASES[name].scale)
    held = estimate(name, data, formula, model, fix=f"{scale.parameter}={scale.estimate!r}")
    before, after = located(free), located(held)
    if families.load(name).parameters[1].norm is not None:
        assert_same(after, before)
    else:  # what is known of the scale tells something of the location
        for key, row in before.items():
            assert after[key].estimate == pytest.approx(row.estimate, abs=1e-9 * row.error)
            assert after[key].error <= row.error * (1 + 1e-9)
    assert held.fit.log_likelihood == pytest.approx(free.fit.log_likelihood, rel=1e-12)
    (there,) = (row for row in held.parameters if row.parameter == scale.parameter)
    assert there.std_error is None


# --- one family inside another ---------------------------------------------------------


@shapes([shape for shape in SHAPES if shape[0] == "bernoulli"])
@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
@few_times
@given(seed=seeds)
def test_one_trial_a_row_is_bernoulli(name, formula, model, link, seed):
    data = make(name, seed).with_columns(one=pl.lit(1))
    for se in ("observed", "expected", "HC3"):
        assert_same_fits(
            fit(data, formula, family="binomial", trials="one", link=link, se=se),
            fit(data, formula, family="bernoulli", link=link, se=se),
        )


@shapes([shape for shape in SHAPES if shape[0] == "binomial"])
@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
@few_times
@given(seed=seeds)
def test_grouped_trials_are_their_single_ones_but_for_a_constant(name, formula, model, link, seed):
    data = make(name, seed)
    trials, wins = data["m"].to_numpy(), data["y"].to_numpy()
    place = np.concatenate([np.arange(m) for m in trials])
    single = repeated(data, trials).with_columns(yes=place < np.repeat(wins, trials))
    grouped = fit(data, formula, family="binomial", trials="m", link=link)
    expanded = fit(single, formula.replace("y", "yes"), family="bernoulli", link=link)
    assert_same(links_of(grouped), links_of(expanded))
    constant = sum(math.log(math.comb(m, y)) for y, m in zip(wins, trials, strict=True))
    height = (expanded.fit.log_likelihood or math.nan) + constant
    assert grouped.fit.log_likelihood == pytest.approx(height, rel=1e-10)


# --- sources ---------------------------------------------------------------------------


@every_shape
def test_where_is_a_filter(name, formula, model):
    data = make(name, 20)
    condition = (pl.col("place") >= 4) & (pl.col("z") < 1.8) | (pl.col("g") == "a")
    assert_same_fits(
        estimate(name, data, formula, model, where="place >= 4 AND z < 1.8 OR g = 'a'"),
        estimate(name, data.filter(condition), formula, model),
    )


@every_shape
def test_the_file_format_does_not_matter(name, formula, model, tmp_path):
    data = make(name, 21)
    csv, parquet = tmp_path / "data.csv", tmp_path / "data.parquet"
    data.write_csv(csv)
    data.write_parquet(parquet)
    frame = estimate(name, data, formula, model)
    assert_same_fits(estimate(name, csv, formula, model), frame, relative=1e-14)
    assert_same_fits(estimate(name, parquet, formula, model), frame, relative=1e-14)


# --- helpers ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """An estimate and its standard error."""

    estimate: float
    error: float

    def __mul__(self, factor: float) -> Row:
        return Row(self.estimate * factor, self.error * factor)

    def __truediv__(self, factor: float) -> Row:
        return self * (1 / factor)

    def __add__(self, other: Row) -> Row:
        return Row(self.estimate + other.estimate, self.error + other.error)


def make(name, seed):
    """Rows with a target of the family, covariates of few binary digits, weights and clusters."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-2048, 2049, ROWS) / 1024
    z = rng.integers(-2048, 2049, ROWS) / 1024
    eta = 0.4 * x - 0.3 * z + np.where(LEVELS == "b", 0.5, 0.0)
    columns = CASES[name].draw(rng, eta, 0.2 * x)
    columns |= {
        "x": x,
        "z": z,
        "g": LEVELS,
        "place": np.concatenate([np.arange(n) for n in (31, 29, 33)]),
        "times": rng.integers(1, 4, ROWS),
        "whole": (LEVELS == "b") * 2,
        "weight": rng.uniform(0.5, 2.0, ROWS),
        "cluster": rng.integers(0, 12, ROWS),
    }
    return pl.DataFrame(columns)


def repeated(data, times):
    return data[np.repeat(np.arange(len(data)), times)]


def request(name, data, formula, model):
    models = (model,) if model else ()
    return Request(data, formula, family=name, models=models, **CASES[name].options)


def estimate(name, data, formula, model, **options):
    models = (model,) if model else ()
    result = fit(data, formula, family=name, model=models, **CASES[name].options, **options)
    assert result.certificate.status == "converged"
    return result


def kinds_of(name):
    """Options for every kind of standard error the family can have."""
    family = families.load(name)
    # without a closed form of its information a family has rows with more leverage than one
    lacking = () if family.has_expected else ("HC2", "HC3")
    kinds = [kind for kind in kinds_for(family) if kind not in lacking]
    return [{"se": kind} | ({"cluster": "cluster"} if kind == "cluster" else {}) for kind in kinds]


def links_of(result):
    """Estimate and error of every coefficient, and of the parameters without covariates."""
    rows = {
        f"{row.parameter}:{row.term}": Row(row.estimate, row.std_error)
        for row in result.coefficients
        if row.estimate is not None and row.std_error is not None
    }
    natural = {
        f"{row.parameter}:natural": Row(row.estimate, row.std_error) for row in result.parameters
    }
    return rows | natural


def slopes_of(result):
    return {key: row for key, row in links_of(result).items() if not key.endswith(":Intercept")}


def located(result):
    return {key: row for key, row in links_of(result).items() if key.startswith("mu:")}


def located_in(result):
    """The parameters that the formula is for: the first, or one for each class."""
    first = result.coefficients[0].parameter
    own = [name for name, text in result.model.formulas.items() if text == result.model.formula]
    return [name for name in own if result.model.links[name] == result.model.links[first]]


def estimates_of(result, parameter):
    return {row.term: row.estimate for row in result.coefficients if row.parameter == parameter}


def assert_same(found, expected, relative=1e-9):
    """Estimates agree to a share of their standard errors, those to the same share."""
    assert found.keys() == expected.keys()
    for key, row in expected.items():
        assert found[key].estimate == pytest.approx(row.estimate, abs=relative * row.error), key
        assert found[key].error == pytest.approx(row.error, rel=relative), key


def assert_same_heights(one, other, relative=1e-9):
    for name in ("log_likelihood", "deviance", "null_deviance", "aic", "bic", "nobs"):
        found, expected = getattr(one.fit, name), getattr(other.fit, name)
        assert found == (None if expected is None else pytest.approx(expected, rel=relative)), name
    assert one.fit.df_residual == other.fit.df_residual


def assert_same_fits(one, other, relative=1e-9):
    assert_same(links_of(one), links_of(other), relative)
    assert_same_heights(one, other, relative)
