"""A study from its request to its document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from mlefit import __version__
from mlefit.assign import assigned_priors
from mlefit.distribution.at import family_by_hand, known_by_hand, parameters_at
from mlefit.errors import UsageError, did_you_mean
from mlefit.request import Request, StudyRequest
from mlefit.results import study as results
from mlefit.search.penalty import Assigned
from mlefit.study import invariance, predictions, properties, rivals
from mlefit.study.information import bound
from mlefit.study.overfit import overfit
from mlefit.study.setup import Setup
from mlefit.study.simulation import Simulation, simulate
from mlefit.telling import Tell, unheard

_COVERAGE: Mapping[str, Callable[[Simulation, float], Iterator[results.Coverage]]] = {
    "wald": properties.wald_coverage,
    "profile": properties.profile_coverage,
    "mean": predictions.of_mean,
    "outcome": predictions.of_outcome,
}
INTERVALS = tuple(_COVERAGE)
SHOWN = ("consistency", "efficiency", "normality", "coverage", "invariance", "overfit")
_USUAL = SHOWN[:-1]
_MEASURED = {"consistency", "efficiency"}
_FEWEST_SAMPLES = 2


def run(request: StudyRequest, tell: Tell = unheard) -> results.StudyResult:
    """Draw the samples, find their maxima, and read off the properties.

    Args:
        request: the study.
        tell: takes what is done, how many samples are, and how many there will be.

    Raises:
        UsageError: something in the request has no meaning.
    """
    with np.errstate(all="ignore"):  # far from a maximum anything may overflow; that is told
        return _run(request, tell)


def _run(request: StudyRequest, tell: Tell) -> results.StudyResult:
    shown = _shown(request)
    setup = _setup(request)
    others = rivals.estimators(setup, request.against)
    _check_sizes(request, setup, shown)
    plain = set(shown) & set(_USUAL)
    simulations = [
        simulate(
            setup,
            rows,
            request.replications,
            request.seed,
            [estimator.statistic for estimator in others],
            tell,
            profile="profile" in request.ci and "coverage" in shown,
        )
        for rows in (request.rows if plain else ())
    ]
    spread, source = _spread(request, setup, simulations) if plain & _MEASURED else ([], "")
    functions, coverage, links = _functions(request, setup, simulations, shown)
    crowd, crowd_failures = _overfit(request, setup, tell) if "overfit" in shown else ([], {})
    names = [parameter.name for parameter in setup.family.parameters]
    return results.StudyResult(
        schema=results.SCHEMA,
        mlefit_version=__version__,
        command=request.command,
        family=setup.family.label,
        parameters=dict(zip(names, setup.theta, strict=True)),
        known=setup.known,
        levels=request.levels or (),
        seed=request.seed,
        samples=request.replications,
        conf_level=request.conf_level,
        shown=shown,
        replications=[properties.replications(s) for s in simulations],
        spread=spread,
        rates=list(properties.rates(spread)),
        information=source,
        probabilities=properties.PROBABILITIES,
        shapes=_shapes(setup, simulations) if "normality" in shown else [],
        coverage=coverage,
        rivals=_rivals(simulations, others),
        functions=functions,
        other_links=links,
        covariates=request.covariates if "overfit" in shown else 0,
        overfit=crowd,
        overfit_failures=crowd_failures,
        notes=list(_notes(setup)),
    )


def _spread(
    request: StudyRequest, setup: Setup, simulations: Sequence[Simulation]
) -> tuple[list[results.Spread], str]:
    """How far the estimates scatter, parameter by parameter, and where the bound comes from."""
    least, source = bound(setup, request.seed)
    found = [one for s in simulations for one in properties.spread(s, least)]
    return sorted(found, key=lambda one: setup.names.index(one.parameter)), source


def _shapes(setup: Setup, simulations: Sequence[Simulation]) -> list[results.Shape]:
    """How normal they are, parameter by parameter."""
    found = [one for s in simulations for one in properties.shapes(s)]
    return sorted(found, key=lambda one: setup.names.index(one.parameter))


def _rivals(
    simulations: Sequence[Simulation], others: Sequence[rivals.Estimator]
) -> list[results.Rival]:
    """Other estimators beside them, in the order they were asked for."""
    order = [(other.name, target) for other in others for target in other.targets]
    found = [one for s in simulations for one in rivals.compared(s, others)]
    return sorted(found, key=lambda one: order.index((one.estimator, one.target)))


def _shown(request: StudyRequest) -> tuple[str, ...]:
    """The properties that were asked for, in their own order."""
    for name in request.show:
        if name not in SHOWN:
            raise UsageError(
                f"no property '{name}' to show",
                f"properties: {', '.join(SHOWN)}",
                tries=[f"--show {close}" for close in did_you_mean(name, SHOWN)],
            )
    asked = request.show or (*_USUAL, *(("overfit",) if request.priors else ()))
    if request.priors and "overfit" not in asked:
        raise UsageError("--prior is of the slopes of --show overfit", tries=["--show overfit"])
    if request.against and "efficiency" not in asked:
        raise UsageError("--against is part of --show efficiency", tries=["--show efficiency"])
    for name in request.ci:
        if name not in _COVERAGE:
            raise UsageError(
                f"no interval '{name}' whose coverage could be shown",
                f"intervals: {', '.join(_COVERAGE)}",
                tries=[f"--ci {close}" for close in did_you_mean(name, _COVERAGE)],
            )
    if request.ci != ("wald",) and "coverage" not in asked:
        raise UsageError("--ci is part of --show coverage", tries=["--show coverage"])
    if request.derive and "invariance" not in asked:
        raise UsageError("--derive is part of --show invariance", tries=["--show invariance"])
    return tuple(name for name in SHOWN if name in asked)


def _setup(request: StudyRequest) -> Setup:
    family = family_by_hand(request.family, request.levels)
    theta = parameters_at(family, request.at)
    known = known_by_hand(family, {"trials": request.trials})
    setup = Setup(family, theta, known)
    if not setup.estimated:
        raise UsageError(
            f"{family.label} holds every parameter, so there is nothing to estimate",
            tries=[f"--family {family.name}"],
        )
    return setup


def _check_sizes(request: StudyRequest, setup: Setup, shown: Sequence[str]) -> None:
    """Refuse numbers that no property can be seen from."""
    if request.replications < _FEWEST_SAMPLES:
        raise UsageError(
            f"--replications {request.replications}: a spread takes two samples or more",
            tries=["--replications 200"],
        )
    extra = request.covariates if "overfit" in shown else 0
    count = len(setup.estimated) + extra
    least = min(request.rows)
    if least <= count:
        raise UsageError(
            f"--rows {least}: {count} coefficients take more than {count} rows",
            *([f"{extra} of them are the columns without effect"] if extra else []),
            tries=[f"--rows {10 * count}", *(["--covariates 1"] if extra > 1 else [])],
        )


def _functions(
    request: StudyRequest, setup: Setup, simulations: Sequence[Simulation], shown: Sequence[str]
) -> tuple[list[results.Function], list[results.Coverage], list[results.OtherLink]]:
    """Coverage of parameters at every size, and what invariance shows at the largest."""
    level = request.conf_level
    coverage = []
    if "coverage" in shown:
        coverage = [
            one
            for s in simulations
            for name, made in _COVERAGE.items()
            if name in request.ci
            for one in made(s, level)
        ]
    if "invariance" not in shown:
        return [], coverage, []
    largest = max(simulations, key=lambda simulation: simulation.rows)
    wanted = [*invariance.usual(setup), *invariance.written(setup, request.derive)]
    pairs = list(invariance.functions(largest, wanted, level))
    links = invariance.other_links(setup, largest.rows, request.replications, request.seed)
    return (
        [function for function, _ in pairs],
        [*coverage, *(share for _, share in pairs)],
        list(links),
    )


def _overfit(
    request: StudyRequest, setup: Setup, tell: Tell
) -> tuple[list[results.Overfit], dict[str, int]]:
    crowded = replace(setup, covariates=request.covariates)
    priors: list[tuple[str, Sequence[Assigned]]] = [("", ())]
    for text in request.priors:
        assigned = assigned_priors(
            Request(priors=(text,)), setup.family, crowded.model.links, crowded.predictors
        )
        priors.append((text, assigned))
    found, failures = overfit(
        crowded, request.rows, request.replications, request.seed, priors, tell
    )
    return found, dict(failures.most_common())


def _notes(setup: Setup) -> Iterator[str]:
    """What a reader of the tables must know of the parameters."""
    for parameter in setup.family.parameters:
        if parameter.taken_from:
            yield (
                f"{parameter.name} enters with {', '.join(parameter.taken_from)} as a difference "
                f"only: they are told from it"
            )
        if parameter.name in setup.family.fixes:
            yield f"{parameter.name} is held by the family's name"
