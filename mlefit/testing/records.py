"""What the tests of a fit say, as records, and why some of them say nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mlefit.design.suggest import word
from mlefit.engines.contract import Engine
from mlefit.errors import UsageError
from mlefit.frozen import frozen
from mlefit.results.fit import TermTest
from mlefit.testing import statistics
from mlefit.testing.models import Fitted, Models, Nesting, slack
from mlefit.testing.statistics import Spread, Statistic
from mlefit.testing.terms import Hypothesis

RATIO, F, WALD, SCORE = "likelihood ratio", "F", "Wald", "score"
_NOTHING = "the other terms span the same columns, so nothing is left out"
_FAR = (
    "without the terms the observed information is far from that of the fit, so the likelihood "
    "ratio tells more than the score"
)
# How far apart the two may be before one of them is doubted, and where that matters.
_APART = 2
_TELLING = 0.05


@frozen
class Assumptions:
    """What the standard errors that were asked for take for granted, or do not.

    Attributes:
        spread: covariance and degrees of freedom.
        refusal: why two heights would say nothing; empty if they do.
    """

    spread: Spread
    refusal: str

    @property
    def ratio_name(self) -> str:
        """What the test of two heights is called."""
        return RATIO if self.spread.degrees is None else F


def tests(one: Hypothesis, models: Models, given: Assumptions) -> Iterator[TermTest]:
    """Three tests of a hypothesis; two of terms that the fit lacks.

    Raises:
        UsageError: a test that leaves nothing out because of a term that stays.
    """
    names = [given.ratio_name, *([] if one.adds else [WALD]), SCORE]
    found = _placed(one, models, given)
    if isinstance(found, str):
        yield from (_none(one, name, found) for name in names)
        return
    ratio, score = found.ratio(), found.score()
    yield ratio
    if not one.adds:
        yield found.wald()
    yield _beside(ratio, score)


def by_term(
    hypotheses: Sequence[Hypothesis], models: Models, given: Assumptions
) -> Iterator[TermTest]:
    """One test of each term: by two heights where they say something, else Wald's."""
    for one in hypotheses:
        found = _placed(one, models, given)
        if isinstance(found, str):
            yield _none(one, WALD if given.refusal else given.ratio_name, found)
        elif not given.refusal:
            yield found.ratio()
        elif one.larger == models.subject.roles.rights:
            yield found.wald()
        else:
            yield _none(
                one, WALD, "without the term that contains it the model is another than the fit"
            )


@frozen
class _Placed:
    """A hypothesis with its smaller model's place in the larger one."""

    one: Hypothesis
    models: Models
    given: Assumptions
    engine: Engine
    nesting: Nesting

    @property
    def larger(self) -> Fitted:
        return self.models.of(self.one.larger)

    @property
    def smaller(self) -> Fitted:
        return self.models.of(self.one.smaller)

    def ratio(self) -> TermTest:
        one, name, spread = self.one, self.given.ratio_name, self.given.spread
        if self.given.refusal:
            return _none(one, name, self.given.refusal)
        if one.adds and spread.kind == "quasi":
            return _none(one, name, "the dispersion is that of the fit, not the larger model's")
        larger, smaller = self.larger, self.smaller
        if larger.trouble:
            return _none(one, name, f"the larger model has no maximum: {larger.trouble}")
        if smaller.trouble:
            return _none(one, name, self._without(smaller))
        if smaller.nll < larger.nll - slack(larger.nll):
            return _none(one, name, "no search found the highest maximum of the larger model")
        df = _more(larger, smaller)
        if not df:
            return _none(one, name, _NOTHING)
        best = self.models.maximum.nll
        if one.adds:  # it is the larger model that estimates the variance
            best, spread = larger.nll, spread.with_fewer(df)
        found = statistics.ratio(larger.nll, smaller.nll, best, df, spread)
        change = None if spread.kind == "quasi" else 2 * (smaller.nll - larger.nll) - 2 * df
        return replace(self._record(name, found, self._edges()), aic_change=change)

    def wald(self) -> TermTest:
        spread = self.given.spread
        found = statistics.wald(self.models.maximum, self.nesting, spread)
        if found is None and spread.covariance is None:
            return _none(self.one, WALD, "the fit has no standard errors")
        if found is None:
            return _none(self.one, WALD, f"the {spread.kind} covariance of the terms is singular")
        edges = at_edges(self.larger.edges, "in the fit")
        return replace(self._record(WALD, found, edges), information=spread.kind)

    def score(self) -> TermTest:
        one, models, model = self.one, self.models, self.models.maximum.model
        if self.given.refusal:
            return _none(one, SCORE, self.given.refusal)
        if self.given.spread.degrees is not None:
            return _none(one, SCORE, "it knows of no estimated variance; the F test does")
        if models.maximum.vertex is not None:
            return _none(one, SCORE, "the slope jumps where a residual is zero")
        if self.smaller.trouble:
            return _none(one, SCORE, self._without(self.smaller))
        at = models.start_from(self.smaller, self.nesting, self.engine.predictors)
        if at is None:
            return _none(one, SCORE, self._edges())
        found = statistics.score(model, self.engine, at, self.nesting.df)
        if found is None:
            return _none(one, SCORE, "the information of the larger model is not definite there")
        kind = statistics.information_kind(model)
        # the larger model's maximum, wherever it is, has no part in it
        edges = at_edges(self.smaller.edges, "without the terms")
        return replace(self._record(SCORE, found, edges), information=kind)

    def _record(self, test: str, found: Statistic, edges: str) -> TermTest:
        record = told(self.one.label, self.one.parameter, test, found, edges)
        return record if edges else replace(record, message=self._origin())

    def _origin(self) -> str:
        """What a term alone means that is also part of another."""
        one = self.one
        if not one.holding:
            return ""
        stays = f"{' and '.join(one.holding)} {'stay' if one.holding[1:] else 'stays'}"
        return f"{stays}, so what this asks depends on where {' and '.join(one.besides)} is 0"

    def _without(self, smaller: Fitted) -> str:
        return f"the model without {self.one.label} has no maximum: {smaller.trouble}"

    def _edges(self) -> str:
        larger, smaller = self.larger.edges, self.smaller.edges
        if larger == smaller:
            return at_edges(larger, "with the terms and without")
        places = (at_edges(larger, "with the terms"), at_edges(smaller, "without the terms"))
        return "; ".join(place for place in places if place)


def _beside(ratio: TermTest, score: TermTest) -> TermTest:
    """The score test, told where the observed information is no measure of its spread.

    Far from its own maximum that of the larger model can be much too small, or too large.
    """
    if ratio.p_value is None or score.p_value is None or score.information != "observed":
        return score
    low, high = sorted((float(ratio.statistic or 0), float(score.statistic or 0)))
    told = min(ratio.p_value, score.p_value) < _TELLING and high > _APART * low
    if not told or score.message:
        return score
    return replace(score, message=_FAR)


def _placed(one: Hypothesis, models: Models, given: Assumptions) -> _Placed | str:
    """Where the smaller model lies in the larger one, or why it does not."""
    if models.trouble:
        return f"the fit has no maximum: {models.trouble}"
    held = models.subject.held_without(one.smaller)
    if held is not None:
        return f"{held} is held at its value"
    fitted = [parameter.name for parameter in models.maximum.model.family.parameters]
    if one.parameter is not None and one.parameter not in fitted:
        return f"{one.parameter} is at an edge of its domain, where no term moves it"
    engine = models.widened(one.larger) if one.adds else models.maximum.engine
    nesting = models.nesting(one, engine.predictors)
    if nesting is None:
        return "the model without them is no special case: a held coefficient stands between"
    if nesting.df == 0:
        if one.holding and one.written:
            raise _spanned(one)
        return "the terms of the fit span them, so nothing is added" if one.adds else _NOTHING
    return _Placed(one, models, given, engine, nesting)


def _spanned(one: Hypothesis) -> UsageError:
    together = " + ".join((*one.terms, *one.holding))
    left = f"{one.parameter} ~ " if one.written.partition("~")[1] else ""
    several = len(one.holding) > 1
    return UsageError(
        f"--test {word(one.written)} leaves the model as it is: {', '.join(one.holding)} "
        f"{'span' if several else 'spans'} the same columns without {one.label}",
        tries=[f"--test {word(left + together)}", "--anova"],
    )


def _none(one: Hypothesis, test: str, why: str) -> TermTest:
    return TermTest(one.label, one.parameter, test, status="none", message=why)


def _more(larger: Fitted, smaller: Fitted) -> int:
    """Independent columns that one model has more than the other, a parameter at an edge aside."""
    sizes = smaller.sizes
    return sum(size - sizes.get(name, size) for name, size in larger.sizes.items())


def told(label: str, parameter: str | None, test: str, found: Statistic, edges: str) -> TermTest:
    """What a statistic says of terms; `edges` is what at_edges tells of its models."""
    return TermTest(
        label,
        parameter,
        test,
        statistic=found.value,
        df=found.df,
        df_residual=found.degrees,
        p_value=found.p_value,
        distribution=found.distribution,
        status="boundary" if edges else "ok",
        message=edges,
    )


def at_edges(edges: Sequence[str], where: str) -> str:
    """That parameters are at an edge, in words; empty for none."""
    if not edges:
        return ""
    their = "its" if len(edges) == 1 else "their"
    return f"{' and '.join(edges)} at an edge of {their} domain {where}"
