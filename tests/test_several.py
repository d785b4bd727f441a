"""Where a likelihood has several maxima the highest is found, and the others are told of."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize
from scipy.stats import cauchy
from scipy.stats import t as student_t

from mlefit import families
from mlefit.families import normal
from mlefit.families._base import Family
from mlefit.families._records import Parameter
from mlefit.fitting import fit
from mlefit.support import REAL_LINE, Domain

# two heaps: about either the likelihood of the centre has a maximum
HEAPS = [-9.8, -9.9, -10.3, 9.6, 9.9, 10.2, 10.4]


class Cauchy(Family):
    """Cauchy with centre mu and scale s; several starts are the point of it."""

    name = "normal"
    summary = "for this test"
    support = REAL_LINE
    parameters = (
        Parameter("mu", "identity", Domain.REAL, "centre"),
        Parameter("s", "log", Domain.POSITIVE, "scale"),
    )
    shares: tuple[float, ...] = (0.25, 0.05, 0.5, 0.75, 0.95)

    def log_density(self, y, mu, s):
        return -math.log(math.pi) - np.log(s) - np.log1p(((y - mu) / s) ** 2)

    def score(self, y, mu, s):
        z = (y - mu) / s
        return 2 * z / (1 + z**2) / s, (z**2 - 1) / (1 + z**2) / s

    def observed(self, y, mu, s):
        z = (y - mu) / s
        return {
            (0, 0): 2 * (1 - z**2) / (1 + z**2) ** 2 / s**2,
            (0, 1): 4 * z / (1 + z**2) ** 2 / s**2,
            (1, 1): (4 * z**2 / (1 + z**2) ** 2 - (1 - z**2) / (1 + z**2)) / s**2,
        }

    def expected(self, mu, s):
        return {(0, 0): 0.5 * s**-2.0, (1, 1): 0.5 * s**-2.0}

    def start(self, moments):
        return moments.quantile(self.shares[0]), max(moments.quantile(0.75), 1.0) / 10

    def starts(self, moments):
        scale = self.start(moments)[1]
        return tuple((moments.quantile(share), scale) for share in self.shares)

    def sample(self, rng, mu, s):
        return mu + s * rng.standard_cauchy(np.shape(mu))


class FirstOnly(Cauchy):
    """The same with the one start that ends at the lower maximum."""

    shares = Cauchy.shares[:1]


class Twice(Cauchy):
    """Several starts in name only, so that what a regression adds is all there is."""

    shares = (0.25, 0.25)


@pytest.fixture
def fitted(monkeypatch):
    def run(kind, data, formula="y ~ 1", **options):
        monkeypatch.setattr(normal, "FAMILY", kind())
        return fit(data, formula, family="normal", **options)

    return run


def heights(centres):
    z = np.subtract.outer(centres, HEAPS)
    return -np.log(math.pi * (1 + z**2)).sum(axis=1)


def test_the_highest_of_several_maxima_is_the_answer_and_the_others_are_told_of(fitted):
    frame = pl.DataFrame({"y": HEAPS})
    result = fitted(Cauchy, frame, fix="s=1")
    grid = np.linspace(-12, 12, 240_001)
    highest = heights(grid)
    assert result.parameters[0].estimate == pytest.approx(grid[highest.argmax()], abs=2e-4)
    assert result.fit.log_likelihood == pytest.approx(highest.max(), abs=1e-6)
    certificate = result.certificate
    assert (certificate.status, certificate.starts) == ("converged", 5)
    assert certificate.lower_maxima >= 2
    (note,) = result.notes
    told = f"several maxima: {certificate.lower_maxima} of 5 starts ended at a lower one than this"
    assert note == f"the likelihood has {told}"
    alone = fitted(FirstOnly, frame, fix="s=1")
    assert alone.parameters[0].estimate < -9
    assert alone.fit.log_likelihood < result.fit.log_likelihood - 1
    assert (alone.certificate.starts, alone.notes) == (1, ())


def test_starts_that_agree_are_counted_and_need_no_word(fitted):
    y = np.random.default_rng(1).standard_cauchy(200)
    result = fitted(Cauchy, pl.DataFrame({"y": y}))
    assert (result.certificate.starts, result.certificate.lower_maxima) == (5, 0)
    assert result.notes == ()
    plain = fitted(FirstOnly, pl.DataFrame({"y": y}))
    assert result.fit.log_likelihood == pytest.approx(plain.fit.log_likelihood, rel=1e-12)


def two_lines(seed):
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 10, 60)
    steep = rng.random(60) < 0.42
    y = np.where(steep, 20 - 3 * x, 1 + 2 * x) + 0.1 * rng.standard_cauchy(60)
    return pl.DataFrame({"x": x, "y": y})


@pytest.mark.parametrize("seed", [1, 12, 31, 35])
def test_a_regression_starts_from_least_squares_and_least_absolute_deviations_too(fitted, seed):
    data = two_lines(seed)
    result = fitted(Twice, data, "y ~ x")
    assert result.certificate.starts == 4
    alone = fitted(FirstOnly, data, "y ~ x")
    assert alone.fit.log_likelihood < result.fit.log_likelihood - 1
    X = np.column_stack([np.ones(60), data["x"]])
    y = data["y"].to_numpy()

    def nll(b):
        z = (y - X @ b[:2]) / np.exp(b[2])
        return (math.log(math.pi) + b[2] + np.log1p(z**2)).sum()

    lines = [[1, 2], [20, -3], *(np.random.default_rng(seed).uniform(-5, 20, (20, 2)))]
    best = min(minimize(nll, [*line, 0.0]).fun for line in lines)
    assert -result.fit.log_likelihood <= best + 1e-6


def test_priors_search_from_every_start(fitted):
    frame = pl.DataFrame({"y": HEAPS, "x": [0.0, 1.0] * 3 + [0.5]})
    result = fitted(Cauchy, frame, "y ~ x", fix="s=1", prior="normal(0, 1)")
    alone = fitted(FirstOnly, frame, "y ~ x", fix="s=1", prior="normal(0, 1)")
    assert result.certificate.starts == 7
    assert result.fit.log_likelihood + result.fit.log_prior > (
        alone.fit.log_likelihood + alone.fit.log_prior + 1
    )


@pytest.mark.parametrize("family", ["normal", "laplace", "huber"])
def test_one_maximum_needs_one_start(family):
    certificate = fit(two_lines(1), "y ~ x", family=family).certificate
    assert (certificate.starts, certificate.lower_maxima) == (1, 0)


# three values close together and four far apart, of which the median is one
TIGHT_AND_LOOSE = [-10.05, -10.0, -9.95, 6.0, 10.0, 14.0, 18.0]


def _values(rng):
    return np.zeros(7), np.array(TIGHT_AND_LOOSE)


def _turning(rng):
    x = rng.uniform(0, 2, 80)
    return x, np.remainder(2.9 + 3 * x + 0.3 * rng.normal(size=80) + math.pi, 2 * math.pi) - math.pi


def _slanted(rng):
    x = 3 * rng.exponential(size=400)
    return x, x - np.abs(rng.normal(size=400)) + rng.normal(size=400) / 3


@pytest.mark.parametrize(
    ("name", "draw", "formula", "options"),
    [
        ("cauchy", _values, "y ~ 1", {"fix": "sigma=1"}),
        ("student", _values, "y ~ 1", {"fix": ["sigma=1", "df=1"]}),
        ("von-mises", _turning, "y ~ x", {}),
        ("skew-normal", _slanted, "y ~ x", {}),
    ],
)
def test_a_family_with_several_maxima_starts_more_than_once(
    monkeypatch, name, draw, formula, options
):
    x, y = draw(np.random.default_rng(1))
    frame = pl.DataFrame({"x": x, "y": y})
    result = fit(frame, formula, family=name, **options)
    assert result.certificate.starts > 1
    assert result.certificate.lower_maxima > 0
    kind = type(families.load(name))
    monkeypatch.setattr(kind, "starts", lambda self, moments: (self.start(moments),))
    alone = fit(frame, formula, family=name, **options)
    assert alone.certificate.status == "converged"
    assert alone.fit.log_likelihood < result.fit.log_likelihood - 1


@pytest.mark.parametrize("seed", [6, 18, 55])
def test_the_corners_of_a_prior_count_in_the_height_of_a_maximum(seed):
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=14), rng.normal(size=14)
    y = np.where(rng.random(14) < 0.5, 4 * x, -3 * x + 5) + 0.2 * rng.normal(size=14)
    result = fit(pl.DataFrame({"y": y, "x": x, "z": z}), "y ~ x + z", family="cauchy", l1=2.0)
    X = np.column_stack([np.ones(14), x, z])

    def objective(at):
        return -cauchy.logpdf(y - X @ at[:3], scale=np.exp(at[3])).sum() + 2 * abs(at[1:3]).sum()

    ours = np.array([row.estimate for row in result.coefficients])
    sigma = next(row.estimate for row in result.parameters if row.parameter == "sigma")
    height = objective(np.append(ours, np.log(sigma)))
    starts = rng.normal(0, 3, (40, 4))
    lowest = min(minimize(objective, at, method="Powell").fun for at in starts)
    assert height <= lowest + 1e-6


def test_a_heap_in_a_broad_sample_is_found():
    rng = np.random.default_rng(30)
    broad, heap = rng.normal(size=70), rng.normal(0.8, 0.001, 30)
    plain = fit(pl.DataFrame({"y": broad}), "y ~ 1", family="student")
    assert plain.certificate.starts == 3  # it has no heap that would be worth a search
    y = np.concatenate([broad, heap])
    result = fit(pl.DataFrame({"y": y}), "y ~ 1", family="student")
    assert (result.certificate.starts, result.certificate.status) == (4, "converged")
    about_heap = minimize(
        lambda b: -student_t.logpdf(y, np.exp(b[2]), b[0], np.exp(b[1])).sum(),
        [0.8, np.log(0.001), np.log(0.2)],
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-9},
    )
    assert result.fit.log_likelihood == pytest.approx(-about_heap.fun, abs=1e-6)
    assert result.certificate.lower_maxima == 3
