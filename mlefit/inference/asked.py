"""Whether the standard errors that a request asks for exist, and exist for its family."""

from __future__ import annotations

from mlefit.errors import UsageError
from mlefit.families._base import Family
from mlefit.inference import debiased, intervals
from mlefit.inference.covariance import KINDS, kinds_for
from mlefit.request import Request


def check_errors(request: Request, family: Family) -> None:
    """Refuse what a family or the rest of a request leaves no standard errors of.

    Raises:
        UsageError: there is no such kind, or not here.
    """
    _check_kind(request, family)
    if not request.small_sample:
        return
    if not any(parameter.norm == 2 for parameter in family.parameters):
        raise UsageError(
            f"--small-sample is for a fitted standard deviation, which {family.name} has not",
            tries=["--family normal", "--se HC1 instead of --small-sample"],
        )
    if request.models or request.sampling_weights:
        raise UsageError("--small-sample needs a constant sigma and no sampling weights")


def _check_kind(request: Request, family: Family) -> None:
    """Whether the standard errors asked for exist, and exist for this family."""
    kinds = (*KINDS, debiased.KIND, intervals.BOOTSTRAP)
    if request.se is not None and request.se not in kinds:
        raise UsageError(f"no standard error '{request.se}'", "kinds: " + ", ".join(kinds))
    if request.se == "cluster" and request.cluster is None:
        raise UsageError("clustered standard errors need a column", tries=["--cluster COL"])
    if request.cluster is not None and request.se not in (None, "cluster", intervals.BOOTSTRAP):
        raise UsageError(
            f"--cluster goes with clustered standard errors, not with --se {request.se}",
            tries=["--se cluster"],
        )
    map_fit = bool(request.priors or request.l1 or request.l2)
    known = (None, "observed", "expected", debiased.KIND)
    if map_fit and (request.cluster or request.se not in known):
        raise UsageError(
            f"{request.se or 'clustered'} standard errors do not know of the prior",
            tries=["the same without --se, for those that do"],
        )
    if request.se == "quasi" and request.sampling_weights:
        raise UsageError(
            "quasi errors take every row for one row, and sampling weights say it stands for more",
            tries=["--se HC0"],
        )
    resampled = intervals.BOOTSTRAP in (request.se, request.ci)
    kind = "cluster" if request.cluster is not None and not resampled else request.se
    able = (*kinds_for(family), intervals.BOOTSTRAP)
    able += (debiased.KIND,) if family.vertex is None else ()
    if kind is not None and kind not in able:
        raise _no_such_errors(family, kind)


def _no_such_errors(family: Family, kind: str) -> UsageError:
    """Why a family has no standard errors of a kind."""
    if family.vertex is not None:
        return UsageError(
            f"{family.name} has a corner at its location, where only the expected information "
            "has a curvature to use",
            tries=["--se expected"],
        )
    tries = ["--se observed", "--se HC0"]
    if kind == "expected":
        return UsageError(
            f"the expected information of {family.name} has no closed form", tries=tries
        )
    if kind in ("HC2", "HC3"):
        return UsageError(
            f"{kind} divides by the leverage of a row in one predictor, and {family.name} has "
            "several",
            tries=["--se HC1"],
        )
    others = [parameter.name for parameter in family.parameters[1:]]
    if any(parameter.norm == 2 for parameter in family.parameters):
        tries = ["--small-sample"]
    if family.support.binary:
        reason = "the mean of 0 and 1 sets their variance, whatever their distribution"
    elif others:
        reason = f"{' and '.join(others)} already {'set' if others[1:] else 'sets'} the spread"
    else:
        reason = "its estimate does not follow from mean and variance alone"
    return UsageError(f"no dispersion can be estimated beside {family.name}: {reason}", tries=tries)
