"""`mlefit fit --by`: read once, fit each group, one table out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import mlefit
from mlefit import fitting
from mlefit.errors import UsageError
from mlefit.fitting import Prepared
from mlefit.grouped.fits import group_fits
from mlefit.grouped.groups import Groups
from mlefit.provenance import data_info
from mlefit.request import Request
from mlefit.results.fit import FitResult
from mlefit.results.groups import SCHEMA, GroupFit, GroupsResult
from mlefit.telling import Tell, unheard

# What is about one fit as a whole, and has no row for each group.
_SINGLE = ("tests", "anova", "gof", "derive", "cv", "path", "explain", "bootstrap")


def run(
    request: Request,
    log: Callable[[str], None] = lambda line: None,
    progress: Tell = unheard,
) -> GroupsResult:
    """Fit every group of rows.

    Args:
        request: the words of the command; names the column of the groups.
        log: takes one line for each step of the work.
        progress: takes what the work is at, the steps done and all of them.

    Raises:
        MlefitError: the request or the data make no fit possible.
    """
    assert request.by is not None
    for name in _SINGLE:
        if getattr(request, name):
            flag = {"tests": "test"}.get(name, name)
            raise UsageError(
                f"--{flag} is about one fit, and --by {request.by} makes one for each group",
                tries=[f"--where \"{request.by} = '...'\""],
            )
    prepared = fitting.prepare(request, log, progress)
    return grouped(prepared, fitting.fitted(prepared, log, progress)[1], log, progress)


def grouped(
    prepared: Prepared,
    pooled: FitResult,
    log: Callable[[str], None] = lambda line: None,
    progress: Tell = unheard,
) -> GroupsResult:
    """The document of the groups of rows that are ready for a fit.

    Args:
        prepared: all rows.
        pooled: the fit of all rows.
        log: takes one line for each step of the work.
        progress: takes what the work is at, the steps done and all of them.

    Raises:
        UsageError: a column whose values cannot be told apart.
    """
    request, groups = prepared.request, Groups.of(prepared)
    log(f"{len(groups.names):,} groups of {groups.by}")
    found = group_fits(groups, progress)
    family = prepared.family
    links = zip(family.parameters, prepared.links, strict=True)
    return GroupsResult(
        schema=SCHEMA,
        mlefit_version=mlefit.__version__,
        command=request.command,
        data=data_info(request, prepared.source, prepared.roles, prepared.rows, prepared.table),
        by=groups.by,
        family=family.label,
        title=family.heading,
        formula=prepared.roles.main.text,
        links={parameter.name: link.name for parameter, link in links},
        level=request.conf_level,
        groups=found,
        pooled=pooled,
        warnings=tuple(_warnings(found)),
        notes=prepared.notes,
    )


def _warnings(found: list[GroupFit]) -> Iterator[str]:
    """How many groups have no fit to be trusted, and why."""
    causes = Counter(one.status for one in found if one.status != "converged")
    for status, count in causes.most_common():
        first = next(one for one in found if one.status == status)
        where = f"first: {first.group}: {first.message}"
        yield f"{count:,} of {len(found):,} groups: {status}\n  {where}"
