"""What every family must satisfy. A new file in mlefit/families is tested by existing."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad

from mlefit import families
from mlefit.families._base import Family, Fused, Probability
from mlefit.families._records import Moments
from mlefit.support import BINARY, COUNTS, REAL_LINE, SUCCESSES, Domain
from tests.numeric import slope

DRAWS = 4000


def points_of(
    is_wanted: Callable[[Family], bool], keeps: Callable[..., bool] = lambda theta, known: True
) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("family", "theta", "known"),
        [
            pytest.param(family.bound(facts), theta, known, id=f"{family.label}-{theta}")
            for plain in families.every()
            if is_wanted(plain)
            for family in (plain, *at_other_settings(plain))
            for theta, known, facts in family.examples
            if keeps(theta, known)
        ],
    )


def at_other_settings(family: Family) -> list[Family]:
    """The family with the further numbers that can follow its name."""
    return [family.with_setting(v) for v in (family.setting.examples if family.setting else ())]


def offers(method: str) -> Callable[[Family], bool]:
    """Whether a family has a method that not every family can have."""
    return lambda family: getattr(type(family), method) is not getattr(Family, method)


every_point = points_of(lambda family: True)
every_ordered_point = points_of(offers("log_cdf"))
every_point_with_drift = points_of(offers("drift"))
every_point_with_expected = points_of(lambda family: family.has_expected)
every_point_with_mean = points_of(offers("mean"))
every_point_with_deviance = points_of(offers("unit_deviance"))
every_point_with_loss = points_of(lambda family: bool(family.losses))
every_family = pytest.mark.parametrize("name", families.NAMES)


@pytest.fixture(autouse=True)
def _infinities_are_told_by_name():
    """A fit lets numpy divide by zero: what comes of it is looked at, not warned of."""
    with np.errstate(all="ignore"):
        yield


@every_family
def test_a_family_is_named_like_its_file_and_its_defaults_exist(name):
    family = families.load(name)
    assert family.name == name
    assert family.examples
    for parameter in family.parameters:
        from mlefit.specify import suitable_links

        assert parameter.link in suitable_links(parameter)


@every_family
def test_aliases_lead_to_one_family(name):
    for spelling in families.spellings_of(name):
        assert families.resolve(spelling.upper().replace("-", "_")) == name
    everything = [s for n in families.NAMES for s in (n, *families.spellings_of(n))]
    assert len(everything) == len(set(everything))


@every_point
def test_the_density_integrates_to_one(family, theta, known):
    assert mean(family, theta, known, lambda y: 1.0) == pytest.approx(1, abs=1e-8)


@every_point_with_mean
def test_mean_and_variance_are_those_of_the_density(family, theta, known):
    packed, extra = packed_theta(family, theta, 1), rows(known, 1)
    claimed = family.mean(*packed, **extra)[0]
    first = mean(family, theta, known, lambda y: y)
    second = mean(family, theta, known, lambda y: (y - first) ** 2)
    assert claimed == pytest.approx(first, rel=1e-7, abs=1e-8)
    assert family.variance(*packed, **extra)[0] == pytest.approx(second, rel=1e-6)


@every_point
def test_the_score_is_the_slope_of_the_log_density(family, theta, known):
    y = sample_points(family, theta, known)
    claimed = family.score(y, *packed_theta(family, theta, len(y)), **rows(known, len(y)))
    for j, one in enumerate(claimed):
        along = partial(log_density, family, y, theta, known, j)
        numeric = slope(along, theta[j], size(family, theta, known, j))
        np.testing.assert_allclose(one, numeric, rtol=1e-8, atol=1e-8)


@every_point
def test_the_observed_information_is_minus_the_slope_of_the_score(family, theta, known):
    y = sample_points(family, theta, known)
    claimed = family.observed(y, *packed_theta(family, theta, len(y)), **rows(known, len(y)))
    for j, k in itertools.combinations_with_replacement(range(len(theta)), 2):
        numeric = -slope(
            score_along(family, y, theta, known, j, k), theta[j], size(family, theta, known, j)
        )
        one = np.broadcast_to(claimed.get((j, k), 0.0), y.shape)
        np.testing.assert_allclose(one, numeric, rtol=1e-7, atol=1e-7)


@every_point
def test_a_parameter_may_be_one_value_for_all_rows(family, theta, known):
    y = sample_points(family, theta, known)
    extra = rows(known, len(y))
    each, one = packed_theta(family, theta, len(y)), packed_theta(family, theta, 1)
    claims = [partial(family.log_density, y), partial(family.score, y), partial(family.observed, y)]
    claims += [family.expected] * family.has_expected
    for method in ("mean", "variance"):
        claims += [getattr(family, method)] * offers(method)(family)
    for method in ("log_cdf", "log_sf", "unit_deviance"):
        claims += [partial(getattr(family, method), y)] * offers(method)(family)
    for claim in claims:
        wide, narrow = flat(claim(*each, **extra)), flat(claim(*one, **extra))
        assert wide.keys() == narrow.keys()
        for key, values in wide.items():
            shape = np.broadcast_shapes(np.shape(narrow[key]), y.shape)
            assert shape == y.shape
            np.testing.assert_allclose(np.broadcast_to(narrow[key], shape), values, rtol=1e-14)


@every_point_with_expected
def test_the_expected_information_is_the_mean_product_of_scores(family, theta, known):
    claimed = family.expected(*packed_theta(family, theta, 1), **rows(known, 1))
    for j, k in itertools.combinations_with_replacement(range(len(theta)), 2):

        def product(y, j=j, k=k):
            score = family.score(np.array([y]), *packed_theta(family, theta, 1), **rows(known, 1))
            return float(score[j][0] * score[k][0])

        expected = float(np.ravel(claimed.get((j, k), 0.0))[0])
        assert mean(family, theta, known, product) == pytest.approx(expected, rel=1e-6, abs=1e-7)


@every_point_with_expected
def test_the_expected_information_is_the_mean_of_the_observed_one(family, theta, known):
    claimed = family.expected(*packed_theta(family, theta, 1), **rows(known, 1))
    for pair in itertools.combinations_with_replacement(range(len(theta)), 2):
        if family.vertex is not None and pair == (0, 0):
            continue  # all of it lies in the corner, where there is no second derivative

        def one(y, pair=pair):
            observed = family.observed(
                np.array([y]), *packed_theta(family, theta, 1), **rows(known, 1)
            )
            return float(np.ravel(observed.get(pair, 0.0))[0])

        expected = float(np.ravel(claimed.get(pair, 0.0))[0])
        assert mean(family, theta, known, one) == pytest.approx(expected, rel=1e-6, abs=1e-7)


@points_of(offers("guide"))
def test_what_guides_a_search_is_never_negative(family, theta, known):
    y = sample_points(family, theta, known)
    pairs = family.guide(y, *packed_theta(family, theta, len(y)), **rows(known, len(y)))
    matrix = np.zeros((len(y), len(theta), len(theta)))
    for (j, k), values in pairs.items():
        matrix[:, j, k] = matrix[:, k, j] = values
    assert np.linalg.eigvalsh(matrix).min() > 0


@every_point
def test_a_claimed_information_slope_is_that_of_its_logarithm(family, theta, known):
    claimed = family.information_slope(*packed_theta(family, theta, 1), **rows(known, 1))
    if claimed is None:
        return  # it is for families of one parameter, and only if they say so

    def log_information(value):
        packed = packed_theta(family, (value,), 1)
        return np.log(family.expected(*packed, **rows(known, 1))[0, 0])

    numeric = slope(log_information, theta[0], 0.3 * size(family, theta, known, 0))
    np.testing.assert_allclose(claimed, numeric, rtol=1e-7)


@every_point_with_loss
def test_a_loss_is_the_nll_up_to_its_scale_and_constant(family, theta, known):
    y = sample_points(family, theta, known)
    for loss in family.losses:
        for mu in nearby(family, theta):
            packed = packed_theta(family, (mu, *theta[1:]), len(y))
            extra = rows(known, len(y))
            moving, rest = loss.parts(packed)
            made = extra | loss.made_with(family.parameters, packed)
            rebuilt = loss.scale(*rest) * loss.value(y, *moving, **made)
            rebuilt = rebuilt + loss.constant(y, *rest, **extra)
            nll = -family.log_density(y, *packed, **extra)
            np.testing.assert_allclose(rebuilt, nll, rtol=1e-12, atol=1e-12)
            scores = family.score(y, *packed, **extra)
            for slope_, score in zip(loss.slopes(y, moving, **made), scores, strict=False):
                np.testing.assert_allclose(loss.scale(*rest) * slope_, -score, rtol=1e-12)


@every_point_with_deviance
def test_the_unit_deviance_is_twice_the_distance_to_the_saturated_model(family, theta, known):
    y = sample_points(family, theta, known)
    packed, extra = packed_theta(family, theta, len(y)), rows(known, len(y))
    claimed = family.unit_deviance(y, *packed, **extra)
    scale = family.dispersion(*packed[1:])
    own_mean = y / extra["trials"] if "trials" in extra else y
    inside = np.clip(
        own_mean, 1e-300, 1 - 1e-16 if family.parameters[0].domain == Domain.UNIT else None
    )
    if family.parameters[0].domain == Domain.REAL:
        inside = own_mean
    saturated = packed_rows(family, inside, theta)
    height = family.log_density(y, *saturated, **extra) - family.log_density(y, *packed, **extra)
    np.testing.assert_allclose(claimed, 2 * scale * height, rtol=1e-9, atol=1e-9)


@every_point
def test_a_start_is_inside_the_domain_and_gives_every_row_a_density(family, theta, known):
    y = draws(family, theta, known, 50)
    extreme = [y, np.full(5, y.min()), np.full(5, y.max()), np.repeat([y.min(), y.max()], 4)]
    for sample in extreme:
        if np.ptp(sample) == 0 and not family.support.discrete:
            continue  # a density can be as narrow as one value, so it has no maximum there
        starts = family.starts(moments_of(sample, known))
        assert starts[0] == family.start(moments_of(sample, known))
        for start in starts:
            for value, parameter in zip(start, family.parameters, strict=True):
                assert parameter.domain.contains(np.array([value])), (start, sample)
            packed = packed_theta(family, start, len(sample))
            heights = family.log_density(sample, *packed, **rows(known, len(sample)))
            assert np.isfinite(heights).all(), (start, sample)


@every_ordered_point
def test_the_two_tails_are_one_together(family, theta, known):
    y = sample_points(family, theta, known)
    packed, extra = packed_theta(family, theta, len(y)), rows(known, len(y))
    below = np.exp(family.log_cdf(y, *packed, **extra))
    above = np.exp(family.log_sf(y, *packed, **extra))
    np.testing.assert_allclose(below + above, 1, rtol=1e-13)
    assert (np.diff(below) > 0).all()


@every_ordered_point
def test_the_distribution_function_adds_up_the_density(family, theta, known):
    y = sample_points(family, theta, known)
    packed, extra = packed_theta(family, theta, len(y)), rows(known, len(y))
    density = np.exp(family.log_density(y, *packed, **extra))
    for tail, sign in ((family.log_cdf, 1.0), (family.log_sf, -1.0)):

        def along(step, tail=tail):
            return np.exp(tail(y + step, *packed, **extra))

        if family.support.discrete:
            claimed = sign * (along(0) - along(-1))
            np.testing.assert_allclose(claimed, density, rtol=1e-9, atol=1e-14)
            continue
        inside = ~np.isin(y, family.support.atoms)
        reach = np.minimum(y - family.support.lower, family.support.upper - y)
        spread = np.ptp(quantiles(family, theta, known, [0.25, 0.75]))
        numeric = [
            sign * slope(along, 0.0, min(float(r), float(spread)) / 4)[i]
            for i, r in enumerate(reach)
        ]
        np.testing.assert_allclose(
            np.array(numeric)[inside], density[inside], rtol=1e-7, atol=1e-9 * density.max()
        )


@every_point_with_drift
def test_a_claimed_drift_is_that_of_a_quantile_and_changes_as_it_says(family, theta, known):
    y = sample_points(family, theta, known)
    drift = family.drift(y, *packed_theta(family, theta, len(y)))
    if drift is None:
        return  # a family of location, scale and shape has one only if it says how the shape moves
    density = np.exp(family.log_density(y, *packed_theta(family, theta, len(y))))

    def moved(k, value):
        return packed_theta(family, [*theta[:k], value, *theta[k + 1 :]], len(y))

    def below(j, value):
        return np.exp(family.log_cdf(y, *moved(j, value)))

    def velocity_of(j, k, value):
        return family.drift(y, *moved(k, value)).velocity[j]

    lengths = [size(family, theta, known, j) for j in range(len(theta))]
    for j, velocity in enumerate(drift.velocity):
        fall = -slope(partial(below, j), theta[j], lengths[j])
        np.testing.assert_allclose(density * velocity, fall, rtol=1e-8, atol=1e-9 / lengths[j])
        for k in range(j, len(theta)):
            numeric = slope(partial(velocity_of, j, k), theta[k], lengths[k])
            change = np.broadcast_to(drift.change.get((j, k), 0.0), y.shape)
            atol = 1e-8 * (np.abs(velocity).max() + 1) / lengths[k]
            np.testing.assert_allclose(change, numeric, rtol=1e-7, atol=atol)


@every_ordered_point
def test_the_distribution_function_runs_from_nothing_to_one(family, theta, known):
    support = family.support
    low = support.lower - (1.0 if support.discrete or support.lower in support.atoms else 0.0)
    ends = np.array([low, known.get("trials", support.upper)])
    packed, extra = packed_theta(family, theta, 2), rows(known, 2)
    np.testing.assert_array_equal(np.exp(family.log_cdf(ends, *packed, **extra)), [0, 1])
    np.testing.assert_array_equal(np.exp(family.log_sf(ends, *packed, **extra)), [1, 0])


@every_point
def test_draws_are_spread_as_the_density_says(family, theta, known):
    y = draws(family, theta, known)
    packed, extra = packed_theta(family, theta, len(y)), rows(known, len(y))
    if family.support.discrete:
        values, seen = np.unique(y, return_counts=True)
        mass = np.exp(
            family.log_density(
                values, *packed_theta(family, theta, len(values)), **rows(known, len(values))
            )
        )
        z = (seen - DRAWS * mass) / np.sqrt(DRAWS * mass * (1 - mass))
        assert np.abs(z[DRAWS * mass > 5]).max() < 4.5
        return
    if not offers("log_cdf")(family):
        edges = np.linspace(family.support.lower, family.support.upper, 17)
        seen, _ = np.histogram(y, edges)
        term = weighed(family, theta, known, lambda value: 1.0)
        mass = np.array([integral(term, *ends, 1.0) for ends in itertools.pairwise(edges)])
        z = (seen - DRAWS * mass) / np.sqrt(DRAWS * mass * (1 - mass))
        assert np.abs(z[DRAWS * mass > 5]).max() < 4.5
        return
    share = np.sort(np.exp(family.log_cdf(y, *packed, **extra)))
    distance = np.abs(share - (np.arange(DRAWS) + 0.5) / DRAWS)
    assert distance[~np.isin(np.sort(y), family.support.atoms)].max() < 2.2 / np.sqrt(DRAWS)


@every_point
def test_only_plain_arithmetic_keeps_the_extended_precision_of_its_input(family, theta, known):
    if not family.elementary:
        return
    y = sample_points(family, theta, known).astype(np.longdouble)
    packed = [
        Probability(*(part.astype(np.longdouble) for part in value))
        if isinstance(value, Probability)
        else value.astype(np.longdouble)
        for value in packed_theta(family, theta, len(y))
    ]
    for one in family.score(y, *packed, **rows(known, len(y))):
        assert one.dtype == np.longdouble


@pytest.mark.parametrize(
    ("support", "good", "bad", "words"),
    [
        (REAL_LINE, [-1.5, 0, 1e300], [], ""),
        (COUNTS, [0, 1, 1e6], [0.5], "non-integers"),
        (COUNTS, [0, 1], [-1], "negative values"),
        (BINARY, [0, 1], [2], "values other than 0 and 1"),
        (SUCCESSES, [0, 3], [4], "more successes than trials"),
    ],
)
def test_a_support_tells_what_does_not_belong(support, good, bad, words):
    known = {"trials": np.full(len(good) + len(bad), 3.0)} if support is SUCCESSES else {}
    assert (
        support.first_violation(
            np.array(good, float), {k: v[: len(good)] for k, v in known.items()}
        )
        is None
    )
    if bad:
        found = support.first_violation(np.array([*good, *bad], float), known)
        assert found is not None
        assert found[0].words == words
        assert found[1].tolist() == [False] * len(good) + [True] * len(bad)


def test_canonical_forms_equal_the_general_ones_where_both_are_exact():
    rng = np.random.default_rng(5)
    eta = rng.normal(0, 2, 200)
    for name, link, known in (
        ("poisson", "log", {}),
        ("bernoulli", "logit", {}),
        ("binomial", "logit", {"trials": 9.0}),
    ):
        family = families.load(name)
        extra = rows(known, len(eta))
        high = {"poisson": 12, "bernoulli": 2, "binomial": 10}[name]
        y = rng.integers(0, high, len(eta)).astype(float)
        form = family.fused((link,))
        assert form is not None
        fused = form(y, eta, **extra)
        assert isinstance(fused, Fused)
        from mlefit.likelihood import Model
        from mlefit.links import resolve

        model = Model(family, [resolve(link)], fuse=False)
        theta = model.theta([eta])
        mapping = resolve(link)
        np.testing.assert_allclose(
            fused.log_density, family.log_density(y, *theta, **extra), rtol=1e-11, atol=1e-12
        )
        score = family.score(y, *theta, **extra)[0] * mapping.slope(eta)
        np.testing.assert_allclose(fused.score[0], score, rtol=1e-9, atol=1e-11)
        pairs = family.expected(*theta, **extra)
        assert pairs is not None
        expected = pairs[0, 0] * mapping.slope(eta) ** 2
        np.testing.assert_allclose(fused.information[0, 0], expected, rtol=1e-9)


@pytest.mark.parametrize("eta", [-800.0, -40.0, -1e-8, 0.0, 35.0, 720.0])
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_the_logit_form_keeps_its_digits_in_the_tails(eta, y):
    with mpmath.workdps(800):
        exact = y * mpmath.mpf(eta) - mpmath.log1p(mpmath.exp(eta))
        mu = 1 / (1 + mpmath.exp(-mpmath.mpf(eta)))
    logit = families.load("bernoulli").fused(("logit",))
    assert logit is not None
    form = logit(np.array([y]), np.array([eta]))
    assert isinstance(form, Fused)
    assert form.log_density[0] == pytest.approx(float(exact), rel=1e-14, abs=1e-300)
    assert form.information[0, 0][0] == pytest.approx(float(mu * (1 - mu)), rel=1e-13, abs=1e-305)


def packed_theta(family: Family, theta: Any, n: int) -> list[Any]:
    return packed_rows(family, np.full(n, float(theta[0])), theta)


def packed_rows(family: Family, first: np.ndarray, theta: Any) -> list[Any]:
    values = [first, *(np.full(len(first), float(t)) for t in theta[1:])]
    return [
        Probability(value, 1 - value) if parameter.domain == Domain.UNIT else value
        for value, parameter in zip(values, family.parameters, strict=True)
    ]


def rows(known: Mapping[str, float], n: int) -> dict[str, np.ndarray]:
    return {key: np.full(n, value) for key, value in known.items()}


def flat(result: Any) -> dict[Any, Any]:
    """Rows, a tuple of rows or pairs of them, by position."""
    if isinstance(result, Mapping):
        return dict(result)
    return dict(enumerate(result)) if isinstance(result, tuple) else {0: result}


def log_density(family, y, theta, known, j, value):
    moved = list(theta)
    moved[j] = value
    return family.log_density(y, *packed_theta(family, moved, len(y)), **rows(known, len(y)))


def score_along(family, y, theta, known, j, k):
    """Score of parameter k as a function of parameter j."""

    def function(value):
        moved = list(theta)
        moved[j] = value
        return family.score(y, *packed_theta(family, moved, len(y)), **rows(known, len(y)))[k]

    return function


def size(family: Family, theta: Any, known: Mapping[str, float], j: int) -> float:
    """A length on which a log-density bends as parameter j moves."""
    domain, value = family.parameters[j].domain, abs(theta[j])
    if domain.is_bounded:
        return min(value - domain.lower, domain.upper - value)
    if domain == Domain.POSITIVE:
        return value
    y = draws(family, theta, known, 200)
    score = family.score(y, *packed_theta(family, theta, len(y)), **rows(known, len(y)))[j]
    length = float(1 / np.sqrt(np.mean(score**2))) if score.any() else np.inf
    # a shape can move the end of the support to the outermost value
    return length if j == 0 else min(length, 0.2)


def nearby(family: Family, theta: Any) -> list[float]:
    mu = theta[0]
    return [mu, mu * 0.9, mu * 1.05]


def moments_of(y: np.ndarray, known: Mapping[str, float]) -> Moments:
    return Moments(
        rows=float(len(y)),
        mean=float(y.mean()),
        variance=float(y.var()),
        known=known,
        least=float(y.min()),
        most=float(y.max()),
        sample=y,
        weight=np.ones(len(y)),
    )


@cache
def _drawn(family: Family, theta: Any, known: tuple[tuple[str, float], ...], n: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    return family.sample(rng, *packed_theta(family, theta, n), **rows(dict(known), n))


def draws(family: Family, theta: Any, known: Mapping[str, float], n: int = DRAWS) -> np.ndarray:
    return _drawn(family, tuple(theta), tuple(known.items()), n).copy()


def quantiles(family: Family, theta: Any, known: Mapping[str, float], shares: Any) -> np.ndarray:
    return np.quantile(draws(family, theta, known), shares, method="closest_observation")


def sample_points(family: Family, theta: Any, known: Mapping[str, float]) -> np.ndarray:
    """Values all over the support, none on a corner of the log-density."""
    shares = [0.0, 0.001, 0.01, 0.05, 0.2, 0.4, 0.55, 0.7, 0.85, 0.95, 0.99, 0.999, 1.0]
    return np.unique(quantiles(family, theta, known, shares))


def mean(family: Family, theta: Any, known: Mapping[str, float], function) -> float:
    """Of a function of one value under the family: a sum over masses, an integral of densities."""

    term = weighed(family, theta, known, function)
    support = family.support
    if support.discrete:
        far = 6 * draws(family, theta, known).max() + 60
        top = int(known.get("trials", min(far, support.upper)))
        return sum(term(y) for y in range(int(support.lower), top + 1))
    edges = quantiles(family, theta, known, [0.001, 0.1, 0.5, 0.9, 0.999])
    corner = [theta[0]] if family.parameters[0].domain == Domain.REAL else []
    inner = [e for e in {*edges.tolist(), *corner} if support.lower < e < support.upper]
    pieces = itertools.pairwise([support.lower, *sorted(inner), support.upper])
    atoms = sum(term(atom) for atom in support.atoms)
    spread = float(edges[3] - edges[1])
    return atoms + sum(integral(term, lo, hi, spread) for lo, hi in pieces)


def weighed(family: Family, theta: Any, known: Mapping[str, float], function) -> Any:
    """A function of one value times the density there."""

    def term(y: float) -> float:
        at = np.array([float(y)])
        height = family.log_density(at, *packed_theta(family, theta, 1), **rows(known, 1))
        density = float(np.exp(height[0]))
        # where the density is 0 to every digit, what it multiplies may overflow
        return density * function(float(y)) if density else 0.0

    return term


def integral(function: Callable[[float], float], lo: float, hi: float, spread: float) -> float:
    """In units of the spread, so that the rule for infinite intervals looks where the mass is."""
    origin = lo if np.isfinite(lo) else hi
    value, error, *_ = quad(
        lambda t: spread * function(origin + spread * t),
        (lo - origin) / spread,
        (hi - origin) / spread,
        epsabs=1e-11,
        epsrel=1e-11,
        limit=200,
        full_output=True,  # the error is judged here, not by a warning
    )
    assert error < 1e-8 * max(1.0, abs(value))
    return float(value)
