"""Where each free coefficient stands, and what a reader calls it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mlefit.design.predictors import Predictor
from mlefit.families._records import Parameter
from mlefit.links import Link
from mlefit.search.maximum import Maximum


class Place(NamedTuple):
    """One free coefficient.

    Attributes:
        parameter: name of its parameter.
        term: label of its column.
        link: of the parameter where that has no covariates, so that the coefficient is the
            parameter itself on another scale; else None.
        falls: whether the parameter falls as the coefficient grows.
    """

    parameter: str
    term: str
    link: Link | None
    falls: bool

    @property
    def name(self) -> str:
        """`sigma` of a parameter without covariates, else `mu:x`."""
        return self.parameter if self.link is not None else f"{self.parameter}:{self.term}"


def names(parameters: Sequence[Parameter], predictors: Sequence[Predictor]) -> list[str]:
    """What the coefficients will be called, before any is fitted."""
    return [
        parameter.name if _is_plain(predictor) else f"{parameter.name}:{column.label}"
        for parameter, predictor in zip(parameters, predictors, strict=True)
        for column in predictor.columns
    ]


def places(maximum: Maximum) -> Iterator[Place]:
    """Every free coefficient, in order."""
    parts = zip(
        maximum.model.family.parameters,
        maximum.model.links,
        maximum.engine.predictors,
        maximum.betas,
        strict=True,
    )
    for parameter, link, predictor, beta in parts:
        plain = _is_plain(predictor)
        falls = plain and bool(link.slope(beta[:1])[0] < 0)
        for column in predictor.columns:
            yield Place(parameter.name, column.label, link if plain else None, falls)


def _is_plain(predictor: Predictor) -> bool:
    """Whether it is the parameter itself on another scale."""
    return predictor.is_constant and predictor.size == 1 and not predictor.held
