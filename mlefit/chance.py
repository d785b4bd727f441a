"""Fixed parameters, moving data: what a distribution says of values.

An event is told with its ends, since for a count P(X < 5) and P(X <= 5) differ by P(X = 5).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal, InvalidOperation, localcontext

import numpy as np

from mlefit import __version__
from mlefit.distribution.at import family_by_hand, known_by_hand, parameters_at
from mlefit.distribution.single import Distribution
from mlefit.errors import UsageError, did_you_mean
from mlefit.frozen import frozen
from mlefit.request import ProbabilityRequest
from mlefit.results.probability import (
    SCHEMA,
    Answer,
    DensityPoint,
    DistributionInfo,
    ProbabilityResult,
)

_STEPS = 200
_SHOWN_SHARE = 0.005  # of each tail that a picture leaves out
_LARGEST_LOG = 709.0  # of a number that is a double
_MOST_DIGITS = 400  # of a level that is written out


def run(request: ProbabilityRequest) -> ProbabilityResult:
    """Answer what a request asks of the distribution it gives by hand or by a saved fit.

    Raises:
        UsageError: a word of the request does not fit.
        UntrustworthyError: the fit did not converge.
    """
    if request.model is not None:
        return _of_saved(request)
    if request.family is None:
        raise UsageError(
            "no distribution: which family, with which parameters?",
            tries=["--family normal --at mu=170,sigma=10", "--model m.json"],
        )
    family = family_by_hand(request.family, request.levels)
    known = known_by_hand(family, {"trials": request.trials})
    return answered(Distribution.of(family, parameters_at(family, request.at), known), request)


def _of_saved(request: ProbabilityRequest) -> ProbabilityResult:
    """Answer what a request asks of the distribution that a plain sample was fitted with."""
    from mlefit.prediction.predicting import model_of

    given = {"--family": request.family, "--at": request.at, "--levels": request.levels}
    for flag in (flag for flag, value in given.items() if value):
        raise UsageError(
            f"--model holds the distribution, so {flag} has nothing to say",
            tries=[f"the same without {flag}"],
        )
    saved = model_of(request.model)
    values, family = saved.distribution(), saved.family.uncensored
    known = known_by_hand(family, {"trials": request.trials})
    result = answered(Distribution.of(family, values, known), request)
    seen = [f"{word} {end:g}" for word, end in (saved.record.data.truncation or {}).items()]
    note = f"of the distribution without what is {' and '.join(seen)}, as it was fitted"
    return replace(result, notes=(*result.notes, *([note] if seen else [])))


def answered(distribution: Distribution, request: ProbabilityRequest) -> ProbabilityResult:
    """Answer what a request asks of a distribution.

    Raises:
        UsageError: nothing is asked, or a value is none.
    """
    with np.errstate(all="ignore"):  # a probability of zero has no logarithm, and may be asked
        answers = tuple(_told_once(_answers(distribution, request)))
        if not answers:
            raise UsageError(
                "nothing is asked of the distribution",
                tries=["--above 185", "--between 165,185", "--quantile 0.975", "--equal 185"],
            )
        curve = tuple(_curve(distribution, answers))
    family = distribution.family
    return ProbabilityResult(
        schema=SCHEMA,
        mlefit_version=__version__,
        command=request.command,
        distribution=DistributionInfo(
            family=family.label,
            title=family.heading,
            at=distribution.named,
            levels=_levels(distribution),
            discrete=family.support.discrete,
        ),
        answers=answers,
        curve=curve,
        notes=tuple(_notes(distribution, answers)),
    )


def _answers(distribution: Distribution, request: ProbabilityRequest) -> Iterator[Answer]:
    asked = _Asked(distribution)
    for text in request.below:
        yield from asked.below(text)
    for text in request.above:
        yield from asked.above(text)
    for text in request.between:
        yield from asked.between(text)
    for text in request.equal:
        yield asked.equal(text)
    for text in request.quantile:
        yield asked.quantile(text)


def _told_once(answers: Iterator[Answer]) -> Iterator[Answer]:
    """Every answer, without an aside that the reader has been told already."""
    told: set[str] = set()
    for one in answers:
        if not (one.aside and one.event in told):
            yield one
        told.add(one.event)


@frozen
class _Asked:
    """The questions, one distribution being given."""

    distribution: Distribution

    def below(self, text: str) -> Iterator[Answer]:
        """P(X <= v), and where v has a probability what it is without it."""
        v = self._value("--below", text)
        yield self._event("below", text, upper=v)
        if self.distribution.has_mass(v):
            yield self._event("below", text, upper=v, upper_in=False, aside=True)
            yield self._mass("below", text, v)

    def above(self, text: str) -> Iterator[Answer]:
        """P(X > v), and where v has a probability what it is with it."""
        v = self._value("--above", text)
        yield self._event("above", text, lower=v, lower_in=False)
        if self.distribution.has_mass(v):
            yield self._event("above", text, lower=v, aside=True)
            yield self._mass("above", text, v)

    def between(self, text: str) -> Iterator[Answer]:
        """P(low <= X <= high), and the probabilities of the ends that have one."""
        pieces = [piece.strip() for piece in text.split(",")]
        if len(pieces) != 2:
            raise UsageError(f"--between '{text}' is not LOW,HIGH", "for example --between 165,185")
        low, high = (self._value("--between", piece) for piece in pieces)
        if low > high:
            raise UsageError(
                f"--between {text}: {pieces[0]} is above {pieces[1]}",
                tries=[f"--between {pieces[1]},{pieces[0]}"],
            )
        ends = [end for end in dict.fromkeys((low, high)) if self.distribution.has_mass(end)]
        yield self._event("between", text, lower=low, upper=high)
        for end in ends:
            yield self._mass("between", text, end)

    def equal(self, text: str) -> Answer:
        """P(X = v), or the density at v."""
        v, d = self._value("--equal", text), self.distribution
        if d.family.support.discrete or v in d.family.support.atoms:
            return self._mass("equal", text, v, aside=False)
        height = d.log_density(v)
        return replace(
            self._told("equal", text, v, v, -math.inf, 0.0),
            density=math.exp(height) if height < _LARGEST_LOG else math.inf,
            log_density=height if math.isfinite(height) else None,
        )

    def quantile(self, text: str) -> Answer:
        """The smallest v with P(X <= v) >= p."""
        v = self.distribution.quantile(*_shares(text))
        if not math.isfinite(v):
            raise UsageError(
                f"--quantile {text} of {self.distribution.family.label} is beyond the largest "
                "double"
            )
        return self._event("quantile", text, upper=v)

    def _mass(self, question: str, text: str, v: float, *, aside: bool = True) -> Answer:
        height = self.distribution.log_density(v)
        return self._told(question, text, v, v, height, _rest(height), aside=aside)

    def _event(
        self,
        question: str,
        text: str,
        *,
        lower: float | None = None,
        upper: float | None = None,
        lower_in: bool = True,
        upper_in: bool = True,
        aside: bool = False,
    ) -> Answer:
        d = self.distribution
        if lower is not None and upper is not None:
            inside = d.log_between(lower, upper)
            outside = _rest(inside)
            if d.has_order:
                tails = d.log_below(lower, inclusive=False), d.log_above(upper)
                outside = float(np.logaddexp(*tails))
        elif upper is not None:
            inside = d.log_below(upper, inclusive=upper_in)
            outside = d.log_above(upper, inclusive=not upper_in)
        else:
            assert lower is not None
            inside = d.log_above(lower, inclusive=lower_in)
            outside = d.log_below(lower, inclusive=not lower_in)
        return self._told(
            question, text, lower, upper, inside, outside,
            lower_in=lower_in, upper_in=upper_in, aside=aside,
        )  # fmt: skip

    def _told(
        self,
        question: str,
        text: str,
        lower: float | None,
        upper: float | None,
        log_probability: float,
        log_complement: float,
        *,
        lower_in: bool = True,
        upper_in: bool = True,
        aside: bool = False,
    ) -> Answer:
        return Answer(
            question=question,
            asked=text,
            event=self._words(lower, upper, lower_in=lower_in, upper_in=upper_in),
            aside=aside,
            lower=lower,
            upper=upper,
            lower_in=lower is not None and lower_in,
            upper_in=upper is not None and upper_in,
            probability=math.exp(log_probability),
            complement=math.exp(log_complement),
            log_probability=log_probability if math.isfinite(log_probability) else None,
            density=None,
            log_density=None,
        )

    def _words(
        self, lower: float | None, upper: float | None, *, lower_in: bool, upper_in: bool
    ) -> str:
        """The event as it is written; of a density both signs mean the same between two ends."""
        low, high = (None if end is None else self._shown(end) for end in (lower, upper))
        if low is not None and low == high:
            return f"X = {low}"
        if low is None:
            return f"X {'<=' if upper_in else '<'} {high}"
        if high is None:
            return f"X {'>=' if lower_in else '>'} {low}"
        support = self.distribution.family.support
        sign = "<=" if support.discrete or support.atoms else "<"
        return f"{low} {sign} X {sign} {high}"

    def _value(self, flag: str, text: str) -> float:
        """A value as a number; of a family of levels the code of a level."""
        levels = _levels(self.distribution)
        if levels:
            if text not in levels:
                raise UsageError(
                    f"{flag} {text}: no level '{text}'",
                    f"levels: {', '.join(levels)}",
                    tries=[f"{flag} {close}" for close in did_you_mean(text, levels)],
                )
            return float(levels.index(text))
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise UsageError(f"{flag} must be a number, not '{text}'")
        violation = self.distribution.family.support.first_violation(
            np.array([value]), self.distribution.known
        )
        if violation is not None and violation[0].remedy:
            raise UsageError(
                f"{flag} {text}: the values of {self.distribution.family.name} are "
                f"{self.distribution.family.support.words}"
            )
        return value

    def _shown(self, value: float) -> str:
        levels = _levels(self.distribution)
        return levels[int(value)] if levels else f"{value:.8g}"


def _rest(log_probability: float) -> float:
    """ln(1 - p) from ln p."""
    return math.log1p(-math.exp(log_probability)) if log_probability < 0 else -math.inf


def _levels(distribution: Distribution) -> tuple[str, ...]:
    return getattr(distribution.family, "levels", ())


def _shares(text: str) -> tuple[float, float]:
    """A level below and above: 0.975, or 1-1e-20, whose digits no double near 1 holds."""
    beyond = text.strip().removeprefix("1-")
    try:
        with localcontext() as context:
            context.prec = _MOST_DIGITS
            share = Decimal(beyond)
            rest = 1 - share
    except InvalidOperation:
        share = rest = Decimal(-1)
    if not 0 < share < 1:
        raise UsageError(f"--quantile must be a number above 0 and below 1, not '{text}'")
    below, above = float(share), float(rest)
    return (below, above) if beyond == text.strip() else (above, below)


def _notes(distribution: Distribution, answers: tuple[Answer, ...]) -> Iterator[str]:
    """Values that a user may not have meant, since the family has none of them."""
    support = distribution.family.support
    for value in dict.fromkeys(a.upper for a in answers if a.question == "equal"):
        found = support.first_violation(np.array([value]), distribution.known)
        if found is not None:
            yield (
                f"{value:g} is no value of {distribution.family.name}, which has {support.words}"
            )


def _curve(distribution: Distribution, answers: tuple[Answer, ...]) -> Iterator[DensityPoint]:
    """Density or mass over the central part, and as far as something was asked."""
    for y in _places(distribution, answers):
        height = distribution.log_density(y)
        yield DensityPoint(float(y), math.exp(height) if height < _LARGEST_LOG else None)


def _places(distribution: Distribution, answers: tuple[Answer, ...]) -> list[float]:
    support = distribution.family.support
    if support.levels:
        return [float(code) for code in range(len(_levels(distribution)))]
    if distribution.has_order:
        low, high = (
            distribution.quantile(*shares)
            for shares in ((_SHOWN_SHARE, 1 - _SHOWN_SHARE), (1 - _SHOWN_SHARE, _SHOWN_SHARE))
        )
    else:
        low, high = support.lower, support.upper
    ends = [end for one in answers for end in (one.lower, one.upper) if end is not None]
    # far away there is nothing to see
    reach = high - low
    near = [end for end in ends if low - reach <= end <= high + reach]
    low, high = max(min([low, *near]), support.lower), min(max([high, *near]), support.upper)
    if support.discrete:
        step = max(1, math.ceil((high - low) / _STEPS))
        return [float(y) for y in range(math.floor(low), math.ceil(high) + 1, step)]
    return sorted({*np.linspace(low, high, _STEPS + 1).tolist(), *(e for e in near if e >= low)})
