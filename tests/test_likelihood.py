"""The sum over rows: its derivatives, and the laws of adding."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from mlefit import families, fitting
from mlefit.design.coding import Column, Indicator, Numeric
from mlefit.design.columns import TARGET, WEIGHT, Columns
from mlefit.design.predictors import Basis, Predictor, betas, user_matrix
from mlefit.engines.local import LocalEngine
from mlefit.likelihood import Model
from mlefit.links import resolve
from mlefit.request import Request
from mlefit.search.maximum import evaluator
from mlefit.search.start import centred
from tests.numeric import slope

INTERCEPT = Column("Intercept", ())
X1, X2 = Column("x1", (Numeric("x1"),)), Column("x2", (Numeric("x2"),))
LEVEL = Column("x1:g[b]", (Numeric("x1"), Indicator("g", 1)))

# family, links, coefficients at which every parameter is inside its domain
MODELS = [
    ("normal", ("identity", "log"), [0.3, 0.2, -0.1, 0.4, 0.1, 0.2]),
    ("normal", ("log", "log"), [0.3, 0.2, -0.1, 0.4, 0.1, 0.2]),
    ("normal", ("inverse", "sqrt"), [3.0, 0.2, -0.1, 0.4, 2.0, 0.2]),
    ("normal", ("inverse-squared", "log"), [3.0, 0.2, -0.1, 0.4, 0.1, 0.2]),
    ("poisson", ("log",), [0.3, 0.2, -0.1, 0.4]),
    ("poisson", ("identity",), [3.0, 0.2, -0.1, 0.4]),
    ("poisson", ("sqrt",), [3.0, 0.2, -0.1, 0.4]),
    ("poisson", ("inverse",), [3.0, 0.2, -0.1, 0.4]),
    ("poisson", ("inverse-squared",), [3.0, 0.2, -0.1, 0.4]),
    ("bernoulli", ("logit",), [0.3, 0.2, -0.1, 0.4]),
    ("bernoulli", ("probit",), [0.3, 0.2, -0.1, 0.4]),
    ("bernoulli", ("cloglog",), [0.3, 0.2, -0.1, 0.4]),
    ("bernoulli", ("loglog",), [0.3, 0.2, -0.1, 0.4]),
    ("bernoulli", ("cauchit",), [0.3, 0.2, -0.1, 0.4]),
    ("bernoulli", ("identity",), [0.5, 0.02, -0.01, 0.04]),
    ("bernoulli", ("log",), [-1.5, 0.1, -0.1, 0.1]),
    ("binomial", ("logit",), [0.3, 0.2, -0.1, 0.4]),
    ("binomial", ("probit",), [0.3, 0.2, -0.1, 0.4]),
]
every_model = pytest.mark.parametrize(
    ("name", "links", "gamma"), MODELS, ids=[f"{m[0]}-{'-'.join(m[1])}" for m in MODELS]
)


@every_model
def test_the_score_is_the_slope_of_the_nll(name, links, gamma):
    evaluate = evaluator(*setup(name, links))
    gamma = np.array(gamma)
    score = evaluate(gamma, "observed").score
    for j in range(len(gamma)):
        numeric = slope(along(evaluate, gamma, j, "nll"), gamma[j], 0.05)
        assert score[j] == pytest.approx(numeric, rel=1e-7, abs=1e-6)


@every_model
def test_the_information_is_the_slope_of_the_score(name, links, gamma):
    evaluate = evaluator(*setup(name, links))
    gamma = np.array(gamma)
    information = evaluate(gamma, "observed").information
    for j in range(len(gamma)):
        numeric = slope(along(evaluate, gamma, j, "score"), gamma[j], 0.05)
        np.testing.assert_allclose(information[j], numeric, rtol=1e-6, atol=1e-5)


@every_model
def test_the_expected_information_is_the_mean_of_the_observed_one(name, links, gamma):
    """Averaged over many samples of the target at the same rows."""
    gamma = np.array(gamma)
    model, engine = setup(name, links)
    expected = np.asarray(evaluator(model, engine)(gamma, "expected").information)
    rng = np.random.default_rng(8)
    total = np.zeros_like(expected)
    repeats = 300
    for _ in range(repeats):
        for drawn in draw(model, engine, gamma, rng):
            found = evaluator(model, with_target(engine, drawn))(gamma, "observed")
            total += np.asarray(found.information) / 2
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    np.testing.assert_allclose(total / repeats / scale, expected / scale, atol=0.06)


@every_model
def test_a_fused_form_changes_nothing(name, links, gamma):
    model, engine = setup(name, links)
    general = Model(model.family, model.links, fuse=False)
    one = evaluator(model, engine)(np.array(gamma), "expected")
    two = evaluator(general, engine)(np.array(gamma), "expected")
    assert one.nll == pytest.approx(two.nll, rel=1e-13)
    np.testing.assert_allclose(one.score, two.score, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(one.information, two.information, rtol=1e-11, atol=1e-10)


@pytest.mark.parametrize("most_rows", [1, 7, 64, 10_000])
@pytest.mark.parametrize("threads", [1, 3])
def test_chunks_and_threads_give_the_same_totals(most_rows, threads):
    model, engine = setup("normal", ("identity", "log"))
    gamma = np.array(MODELS[0][2])
    whole = evaluator(model, engine)(gamma, "observed")
    columns = Columns({key: [engine.whole(key)] for key in (TARGET, "x1", "x2", "g")})
    cut = LocalEngine(columns, engine.predictors, threads=threads, most_rows=most_rows)
    parts = evaluator(model, cut)(gamma, "observed")
    assert parts.nll == pytest.approx(whole.nll, rel=1e-13)
    np.testing.assert_allclose(parts.score, whole.score, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(parts.information, whole.information, rtol=1e-12, atol=1e-11)


def test_chunk_edges_that_differ_between_columns_are_cut_without_losing_rows():
    y = np.arange(30_000.0)
    columns = Columns({TARGET: [y[:9000], y[9000:]], "x1": [y[:21_000], y[21_000:]]})
    spans = list(columns.spans(9000))
    assert [(s.start, s.rows) for s in spans] == [
        (0, 9000),
        (9000, 6000),
        (15_000, 6000),
        (21_000, 9000),
    ]
    assert all(np.shares_memory(columns.of(span)["x1"], y) for span in spans)
    np.testing.assert_array_equal(columns.whole("x1"), y)


def test_short_pieces_are_walked_together():
    y = np.arange(30_000.0)
    columns = Columns({TARGET: [y[:9000], y[9000:]], "x1": [y[:21_000], y[21_000:]]})
    spans = list(columns.spans(12_000))
    assert [(s.start, s.rows, len(s.parts)) for s in spans] == [
        (0, 10_000, 2),
        (10_000, 10_000, 1),
        (20_000, 10_000, 2),
    ]
    for span in spans:
        rows = slice(span.start, span.start + span.rows)
        np.testing.assert_array_equal(columns.of(span)["x1"], y[rows])
        assert all(np.shares_memory(part, y) for part in columns.of(span).parts("x1"))
        assert dict(columns.of(span)).keys() == {TARGET, "x1"}


def test_runs_are_as_many_rows_as_single_ones_and_not_copied():
    y = np.arange(1_000_000.0)
    columns = Columns({TARGET: np.split(y, 100)}, 7)
    some = columns.runs(10)
    assert some.rows == pytest.approx(100_000, rel=0.2)
    for span in some.spans(8192):
        assert all(np.shares_memory(part, y) for part in some.of(span).parts(TARGET))
    ahead = np.diff(some.whole(TARGET))
    assert (ahead > 0).all()
    assert np.count_nonzero(ahead > 1) <= 13


def test_pieces_too_short_to_walk_become_one():
    y = np.arange(3000.0)
    columns = Columns({TARGET: np.split(y, 10), "x1": np.split(2 * y, 6)})
    spans = list(columns.spans(2000))
    assert [(s.start, s.rows, len(s.parts)) for s in spans] == [(0, 1500, 1), (1500, 1500, 1)]
    np.testing.assert_array_equal(columns.of(spans[0])[TARGET], y[:1500])
    np.testing.assert_array_equal(columns.of(spans[1])["x1"], 2 * y[1500:])


def test_a_weight_of_two_is_a_row_twice():
    model, engine = setup("poisson", ("log",))
    gamma = np.array([0.3, 0.2, -0.1, 0.4])
    series = {key: engine.whole(key) for key in (TARGET, "x1", "x2", "g")}
    weight = np.where(np.arange(engine.rows) % 3 == 0, 2, 1)
    repeated = Columns({key: [np.repeat(values, weight)] for key, values in series.items()})
    weighted = Columns({**{key: [values] for key, values in series.items()}, WEIGHT: [weight]})
    one = evaluator(model, LocalEngine(repeated, engine.predictors))(gamma, "observed")
    two = evaluator(model, LocalEngine(weighted, engine.predictors))(gamma, "observed")
    assert two.nll == pytest.approx(one.nll, rel=1e-13)
    assert two.rows == one.rows
    np.testing.assert_allclose(two.information, one.information, rtol=1e-12)


def test_a_parameter_outside_its_domain_makes_the_likelihood_zero():
    model, engine = setup("poisson", ("identity",))
    assert evaluator(model, engine)(np.array([-5.0, 0, 0, 0]), "observed").nll == np.inf
    model, engine = setup("bernoulli", ("identity",))
    assert evaluator(model, engine)(np.array([1.2, 0, 0, 0]), "observed").nll == np.inf


def test_a_shifted_or_turned_basis_sees_the_same_likelihood():
    model, engine = setup("poisson", ("log",))
    gamma = np.array([0.3, 0.2, -0.1, 0.4])
    plain = evaluator(model, engine)(gamma, "observed")
    rng = np.random.default_rng(2)
    basis = Basis(np.array([0.0, 0.5, -2.0, 0.1]), np.triu(rng.normal(size=(4, 4)) + 3 * np.eye(4)))
    predictor = engine.predictors[0]
    turned = engine.with_predictors([Predictor(predictor.columns, basis=basis)])
    T = user_matrix(turned.predictors)
    there = np.linalg.solve(T, gamma)
    np.testing.assert_allclose(betas(turned.predictors, there)[0], gamma, rtol=1e-12)
    seen = evaluator(model, turned)(there, "observed")
    assert seen.nll == pytest.approx(plain.nll, rel=1e-12)
    np.testing.assert_allclose(seen.information, T.T @ plain.information @ T, rtol=1e-9)


def setup(name, links, n=120):
    rng = np.random.default_rng(3)
    family = families.load(name)
    series = {
        "x1": rng.normal(size=n),
        "x2": rng.uniform(0, 1, n),
        "g": rng.integers(0, 2, n).astype(np.uint32),
    }
    if family.known:
        series["trials"] = rng.integers(3, 9, n)
    high = {"poisson": 9, "bernoulli": 2, "binomial": 3}.get(name)
    series[TARGET] = rng.normal(1, 1, n) if high is None else rng.integers(0, high, n).astype(float)
    first = Predictor((INTERCEPT, X1, X2, LEVEL), basis=Basis(np.zeros(4)))
    second = Predictor((INTERCEPT, X2), basis=Basis(np.zeros(2)))
    predictors = [first, second][: len(family.parameters)]
    columns = Columns({key: [values] for key, values in series.items()})
    engine = LocalEngine(columns, predictors, known=family.known)
    return Model(family, [resolve(link) for link in links]), engine


def with_target(engine, y):
    keys = [k for k in ("x1", "x2", "g", "trials") if k in engine]
    columns = Columns({TARGET: [y], **{k: [engine.whole(k)] for k in keys}})
    return LocalEngine(columns, engine.predictors, known=engine.known)


def draw(model, engine, gamma, rng):
    block = next(engine.blocks())
    theta = model.theta(model.etas(block, [gamma[:4], gamma[4:]][: len(model.links)]))
    if model.family.name == "normal":
        drawn = rng.normal(*theta)
        return drawn, 2 * theta[0] - drawn  # a mirrored pair has less noise
    if model.family.name == "poisson":
        return rng.poisson(theta[0], (2, len(block.y))).astype(float)
    trials = block.known.get("trials", np.ones(len(block.y))).astype(int)
    return rng.binomial(trials, theta[0].p, (2, len(block.y))).astype(float)


def along(evaluate, gamma, j, field):
    """A sum as a function of one coefficient."""

    def function(value):
        there = gamma.copy()
        there[j] = value
        return getattr(evaluate(there, "observed"), field)

    return function


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_information_of_classes_is_that_of_every_pair(classes, weighted):
    rng = np.random.default_rng(classes)
    rows = pl.DataFrame(
        {
            "y": [f"c{k}" for k in rng.permutation(np.arange(400) % (classes + 1))],
            "x": rng.normal(size=400),
            "w": rng.integers(1, 4, 400),
        }
    )
    options = {"freq_weights": "w"} if weighted else {}
    prepared = fitting.prepare(
        Request(data=rows, formula="y ~ x", family="categorical", **options)  # type: ignore[arg-type]
    )
    engine = centred(prepared.engine)[0]
    gammas = [np.array([rng.normal(), 5 * rng.normal()]) for _ in range(classes)]  # some are sure
    (block,) = engine.blocks()
    terms = prepared.model.row_terms(block, gammas, "observed")
    found = np.asarray(prepared.model.totals(block, gammas).information)
    X = np.asarray(block.designs[0])
    for (j, k), values in terms.information.items():
        part = found[2 * j : 2 * j + 2, 2 * k : 2 * k + 2]
        np.testing.assert_allclose(part, X * block.weighted(values) @ X.T, rtol=1e-11, atol=1e-13)
        np.testing.assert_array_equal(part, found[2 * k : 2 * k + 2, 2 * j : 2 * j + 2].T)
