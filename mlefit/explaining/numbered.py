"""Pages with the numbers of a fit."""

from __future__ import annotations

from dataclasses import replace

from mlefit import fitting
from mlefit.errors import UntrustworthyError, UsageError
from mlefit.explaining import priors, regression, sample
from mlefit.explaining.derivation import derivation
from mlefit.explaining.formulas import Formulas
from mlefit.explaining.topics import PENALTIES
from mlefit.request import Request
from mlefit.results.explain import Explanation, Step
from mlefit.results.fit import FitResult
from mlefit.search.maximum import Maximum


def of_family(page: Explanation, request: Request) -> Explanation:
    """The page of a family, filled with the steps of a fit.

    Raises:
        MlefitError: there is no such fit, or it has no maximum.
    """
    maximum, result = _fitted(request)
    steps = _steps(Formulas(maximum.model.family), maximum, result)
    title = f"{result.model.title} maximum likelihood, step by step · {result.model.formula}"
    return _filled(page, title, steps, result)


def of_prior(page: Explanation, request: Request) -> Explanation:
    """The page of a prior, followed by what it does to a fit.

    Raises:
        MlefitError: there is no such fit, it has no maximum, or the prior has no numbers.
    """
    request = replace(request, family=request.family or "normal")
    if not (request.priors or request.l1 or request.l2):
        request = _with_unit_prior(page.topic, request)
    without = replace(request, priors=(), l1=None, l2=None)
    _, free = fitting.fitted(fitting.prepare(without))
    maximum, result = _fitted(request)
    numbers = Step("with numbers", list(priors.numbers(result, free)))
    fit = _steps(Formulas(maximum.model.family), maximum, result)[:3]
    steps = [
        replace(step, number=number) for number, step in enumerate([*page.steps, numbers, *fit], 1)
    ]
    return _filled(page, f"{page.title} · {result.model.formula}", steps, result)


def _filled(page: Explanation, title: str, steps: list[Step], result: FitResult) -> Explanation:
    return replace(
        page,
        title=title,
        steps=tuple(step for step in steps if step.lines),
        data=result.data,
        notes=(*result.notes, *result.warnings),
    )


def _fitted(request: Request) -> tuple[Maximum, FitResult]:
    maximum, result = fitting.fitted(fitting.prepare(request))
    if result.certificate.status != "converged":
        raise UntrustworthyError(
            f"these rows have no numbers to show: {result.certificate.message}",
            "what mlefit fit says of them tells more",
            tries=[f"mlefit explain {result.model.family}", "mlefit fit with the same data"],
        )
    return maximum, result


def _steps(formulas: Formulas, maximum: Maximum, result: FitResult) -> list[Step]:
    """The steps of a derivation with the numbers of a fit."""
    letters = derivation(formulas)
    if sample.is_plain(maximum) and len(formulas.letters) == len(maximum.model.links):
        plain = sample.Sample(formulas, maximum, result)
        return sample.merged(letters, sample.numbers(plain))
    fit = regression.Regression(formulas, maximum, result)
    # the letters of a plain sample do not speak of coefficients
    kept = [one if one.number in (1, 6) else replace(one, lines=()) for one in letters]
    return sample.merged(kept, regression.numbers(fit))


def _with_unit_prior(name: str, request: Request) -> Request:
    """The prior of the topic at strength 1 where the command gives none."""
    flag = {prior: flag for flag, prior in PENALTIES.items()}.get(name)
    if flag is None:
        raise UsageError(
            f"which {name} prior? its numbers decide how strong it is",
            tries=[f"--prior '{priors.usage(name)}'"],
        )
    return replace(request, l1=1.0) if flag == "l1" else replace(request, l2=1.0)
