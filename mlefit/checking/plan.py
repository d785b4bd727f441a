"""Which checks are run: those of the checks file or the default ones, and those of the command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlefit.checking import kinds
from mlefit.checking._base import Planned
from mlefit.checking.file import ALPHA, ChecksFile, by_default, levels_of
from mlefit.checking.kinds.expect import compared
from mlefit.checking.options import options_of
from mlefit.errors import UsageError, did_you_mean
from mlefit.request import CheckRequest
from mlefit.source.missing import parse_limit


def plan(
    request: CheckRequest, file: ChecksFile | None, *, compares: bool, has_rows: bool
) -> list[Planned]:
    """The checks to run, in the order of the report.

    Args:
        request: the words of the command.
        file: the checks file, if there is one.
        compares: whether there is a baseline.
        has_rows: whether today's rows are here, and not only their fit.

    Raises:
        UsageError: a check that cannot be run here, or a name that stands for none.
    """
    alpha = request.alpha or (ALPHA if file is None else file.alpha)
    found = _default(alpha, compares, has_rows) if file is None else list(file.planned)
    found += _inline(request, alpha)
    for one in found:
        if one.check.baseline and not compares:
            raise UsageError(
                f"the check '{one.name}' compares with a baseline, and there is none",
                tries=["--baseline model.json", f"--skip {one.name}"],
            )
        if one.check.rows and not has_rows:
            raise UsageError(
                f"the check '{one.name}' needs today's rows, and a saved fit has none",
                tries=[f"--skip {one.name}"],
            )
    return _selected(request, found)


def _default(alpha: float, compares: bool, has_rows: bool) -> list[Planned]:
    return [
        by_default(check, alpha)
        for check in kinds.every()
        if check.by_default is not None
        and (compares or not check.baseline)
        and (has_rows or not check.rows)
        and not (has_rows and check.in_place_of_rows)
    ]


def _inline(request: CheckRequest, alpha: float) -> Iterator[Planned]:
    """The checks that stand on the command line."""
    check = kinds.load("expect")
    for level, texts in (("fail", request.expect), ("warn", request.warn)):
        for text in texts:
            compared(text)  # what is no comparison is told before the data are read
            yield Planned(
                check,
                text,
                levels_of(check, {level: {"is": False}}, text),
                alpha,
                options_of(check.options, {"expr": text}, text),
            )
    if request.max_dropped is not None:
        check = kinds.load("dropped")
        limit = parse_limit(request.max_dropped)
        bound = {"above": limit.share} if limit.share is not None else {"rows_above": limit.rows}
        name = f"--max-dropped {request.max_dropped}"
        yield Planned(check, name, levels_of(check, {"fail": bound}, name), alpha)


def _selected(request: CheckRequest, found: Sequence[Planned]) -> list[Planned]:
    known = [word for one in found for word in dict.fromkeys((one.name, one.check.name))]
    for flag, words in (("--only", request.only), ("--skip", request.skip)):
        for word in words:
            if word not in known:
                raise UsageError(
                    f"{flag} {word}: no such check is run here",
                    f"checks: {', '.join(dict.fromkeys(known))}",
                    tries=[f"{flag} {close}" for close in did_you_mean(word, known)],
                )

    def is_named(one: Planned, words: Sequence[str]) -> bool:
        return one.name in words or one.check.name in words

    return [
        one
        for one in found
        if (not request.only or is_named(one, request.only)) and not is_named(one, request.skip)
    ]
