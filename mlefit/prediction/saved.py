"""A saved fit as a model again: family, links, predictors, coefficients and their covariance.

The document holds the words of the fit, the levels that its factors had, and its estimates. The
words are read as they were for the fit, so that columns have the same names and coding; the
estimates are then found by these names. A parameter without covariates is reported on its natural
scale and comes back through its link.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from mlefit import families
from mlefit._types import Matrix, Vector
from mlefit.design.censoring import conditioned
from mlefit.design.columns import OFFSET, PRECISION
from mlefit.design.newrows import Layout
from mlefit.design.predictors import Basis, Predictor
from mlefit.design.roles import Roles, with_parameters
from mlefit.errors import UntrustworthyError, UsageError
from mlefit.expression import Name, names
from mlefit.families._base import Family
from mlefit.formula import parse_formula
from mlefit.frozen import frozen
from mlefit.inference.covariance import Reference
from mlefit.likelihood import Model
from mlefit.links import Link
from mlefit.prediction.centre import Centre
from mlefit.request import Request
from mlefit.results.fit import DataInfo, FitResult
from mlefit.specify import link_for, predictors_of
from mlefit.support import Facts


@frozen
class SavedModel:
    """A fit that rows can be given to again.

    Attributes:
        name: what an error calls it.
        record: the document.
        request: the words of the fit, less where its rows came from.
        roles: what they mean.
        levels: of every factor, the base level first.
        model: family and links; the family with its setting, its levels, and what of its values
            can be seen.
        predictors: one for each parameter, in the user's columns; redundant ones left out.
        betas: coefficients of each predictor's free columns.
        covariance: of all of them, shape (p, p); None if the fit has none of the estimates.
        reference: distribution that intervals refer to.
    """

    name: str
    record: FitResult
    request: Request
    roles: Roles
    levels: Mapping[str, Sequence[str]]
    model: Model
    predictors: tuple[Predictor, ...]
    betas: tuple[Vector, ...]
    covariance: Matrix | None
    reference: Reference

    @classmethod
    def from_document(cls, record: FitResult, name: str) -> SavedModel:
        """The model of a saved fit.

        Args:
            record: the document.
            name: what an error calls it.

        Raises:
            UntrustworthyError: the fit did not converge.
            UsageError: names and estimates of the document do not belong together.
        """
        if record.certificate.status != "converged":
            raise UntrustworthyError(
                f"'{name}' holds no maximum: its fit ended as {record.certificate.status}",
                record.certificate.message,
                tries=[f"mlefit show {name}"],
            )
        request = _request(record)
        family = _family(request, record)
        roles = _roles(request, record, family)
        links = tuple(link_for(p, _link(record, p.name)) for p in family.parameters)
        request = replace(
            request, links=tuple(_links(record, family)), fix=tuple(_fixes(record, family))
        )
        labels = {factor.label for factor, _ in roles.factors()}
        levels = {label: found for label, found in record.model.levels.items() if label in labels}
        keys = _offset_keys(record.data)
        asked = predictors_of(request, family, links, roles.rights, levels, keys)
        predictors = tuple(_estimated(record, family, asked))
        return cls(
            name=name,
            record=record,
            request=request,
            roles=roles,
            levels=levels,
            model=Model(family, links),
            predictors=predictors,
            betas=_betas(record, name, family, links, predictors),
            covariance=_covariance(record, family, predictors),
            reference=Reference.called(record.model.interval.distribution),
        )

    @property
    def family(self) -> Family:
        """The distribution, given what of its values can be seen."""
        return self.model.family

    @cached_property
    def centre(self) -> Centre:
        """What is predicted of an outcome."""
        return Centre(self.model)

    @property
    def layout(self) -> Layout:
        """How a row becomes what the model reads."""
        return Layout(self.request, self.roles, self.levels, self.family, self.request.levels or ())

    @property
    def names(self) -> list[str]:
        """parameter:term of every free coefficient, in the order of the covariance."""
        return _names(self.family, self.predictors)

    @property
    def is_sample(self) -> bool:
        """Whether every row has the same distribution."""
        return all(predictor.is_constant for predictor in self.predictors)

    def distribution(self) -> tuple[float, ...]:
        """The parameters of a plain sample, in the family's order.

        Raises:
            UsageError: there are covariates, so every row has its own.
        """
        if not self.is_sample:
            raise UsageError(
                f"'{self.name}' has covariates, so every row has a distribution of its own",
                f"formula: {self.record.model.formula}",
                tries=[f"mlefit predict DATA --model {self.name} --what parameters"],
            )
        held = [[value for _, value in predictor.held] for predictor in self.predictors]
        etas = [float(sum([*fixed, *beta])) for fixed, beta in zip(held, self.betas, strict=True)]
        pairs = zip(self.model.links, etas, strict=True)
        return tuple(float(link.inverse(np.array([eta]))[0]) for link, eta in pairs)


def _request(record: FitResult) -> Request:
    """The words that a fit of these rows was asked with, links and held coefficients aside."""
    data, model = record.data, record.model
    main = model.formula
    weights = {} if data.weights is None else {data.weights["kind"]: data.weights["column"]}
    censoring = {key: value for key, value in (data.censoring or {}).items() if key != "rows"}
    limits: dict[str, Any] = {
        f"truncated_{end}": value for end, value in (data.truncation or {}).items()
    }
    levels = model.levels.get(data.target)
    if model.event is not None and model.other_event is not None:
        levels = (model.other_event, model.event)
    return Request(
        formula=main,
        family=model.family,
        levels=None if levels is None else tuple(levels),
        models=tuple(text for text in model.formulas.values() if text != main),
        freq_weights=weights.get("frequency"),
        precision_weights=weights.get("precision"),
        sampling_weights=weights.get("sampling"),
        offset=data.offset,
        exposure=data.exposure,
        trials=data.trials,
        cluster=data.cluster,
        small_sample=model.small_sample,
        **censoring,
        **limits,
    )


def _family(request: Request, record: FitResult) -> Family:
    """The family as it was once it had seen its target."""
    family = conditioned(request, families.load(families.resolve(record.model.family)))
    least, most = record.data.target_range or (math.nan, math.nan)
    levels = (request.levels or ()) if family.support.levels else ()
    return family.bound(Facts(levels, least, most))


def _roles(request: Request, record: FitResult, family: Family) -> Roles:
    """The formulas with the columns that a `.` stood for."""
    data = record.data
    main = parse_formula(record.model.formula)
    if main.response is None:  # the target was an interval
        main = replace(main, response=Name(str(request.lower)))
    assert main.response is not None
    roles = Roles(
        response=main.response,
        main=main,
        further=tuple(parse_formula(text) for text in request.models),
        others=tuple(data.others or ()),
        formulas={},
        rights={},
        target_source=data.target_source,
        features_source=data.features_source,
        columns=tuple(dict.fromkeys([*names(main.response), *data.features])),
    )
    return with_parameters(roles, family)


def _link(record: FitResult, parameter: str) -> str:
    """The name of a link, less the interval that it is stretched to."""
    return record.model.links[parameter].partition(" from ")[0]


def _links(record: FitResult, family: Family) -> Iterator[str]:
    """Those that are not the default of their parameter."""
    for parameter in family.parameters:
        link = _link(record, parameter.name)
        if link != parameter.link:
            yield f"{parameter.name}={link}"


def _fixes(record: FitResult, family: Family) -> Iterator[str]:
    """The held coefficients, less those that the family's setting holds."""
    for name, value in record.model.fixed.items():
        if name.partition(":")[0] not in family.fixes:
            yield f"{name}={value!r}"


def _offset_keys(data: DataInfo) -> set[str]:
    """The series that enter a predictor as they are."""
    keys = {OFFSET} if data.offset is not None or data.exposure is not None else set()
    precision = data.weights is not None and data.weights["kind"] == "precision"
    return keys | ({PRECISION} if precision else set())


def _estimated(
    record: FitResult, family: Family, asked: Sequence[Predictor]
) -> Iterator[Predictor]:
    """The predictors less the columns that the fit left out."""
    free = set(record.covariance.names)
    for parameter, predictor in zip(family.parameters, asked, strict=True):
        columns = tuple(c for c in predictor.columns if f"{parameter.name}:{c.label}" in free)
        yield replace(predictor, columns=columns, basis=Basis(np.zeros(len(columns))))


def _names(family: Family, predictors: Sequence[Predictor]) -> list[str]:
    """parameter:term of every free coefficient."""
    pairs = zip(family.parameters, predictors, strict=True)
    return [f"{p.name}:{column.label}" for p, predictor in pairs for column in predictor.columns]


def _betas(
    record: FitResult,
    name: str,
    family: Family,
    links: Sequence[Link],
    predictors: Sequence[Predictor],
) -> tuple[Vector, ...]:
    """The estimates on the link scale."""
    terms = {(row.parameter, row.term): row.estimate for row in record.coefficients}
    plain = {row.parameter: row.estimate for row in record.parameters}
    found = []
    for parameter, link, predictor in zip(family.parameters, links, predictors, strict=True):
        beta = [terms.get((parameter.name, column.label)) for column in predictor.columns]
        value = plain.get(parameter.name)
        if predictor.size == 1 and value is not None:
            beta = [float(link.forward(np.array([value]))[0])]
        if any(one is None or not math.isfinite(one) for one in beta):
            raise UsageError(f"'{name}' is incomplete: {parameter.name} has no finite estimate")
        found.append(np.array(beta, dtype=float))
    lacking = set(record.covariance.names) - set(_names(family, predictors))
    if lacking:
        raise UsageError(
            f"'{name}' contradicts itself: its formulas have no coefficient {min(lacking)!r}"
        )
    return tuple(found)


def _covariance(
    record: FitResult, family: Family, predictors: Sequence[Predictor]
) -> Matrix | None:
    """The covariance in the order of the predictors; None where it is not of the estimates."""
    if record.debiased is not None or not record.covariance.matrix:
        return None
    position = {name: i for i, name in enumerate(record.covariance.names)}
    order = [position[name] for name in _names(family, predictors)]
    return np.array(record.covariance.matrix, dtype=float)[np.ix_(order, order)]
