"""What one check measures, for another that asks by name: `expect` and `trend` do."""

from __future__ import annotations

from mlefit.checking import kinds
from mlefit.checking._base import Sight
from mlefit.checking.day import Day
from mlefit.checking.options import options_of
from mlefit.errors import UsageError


def can_be_asked(name: str) -> bool:
    """Whether a name is that of a check that a name alone is enough for."""
    if name not in kinds.NAMES:
        return False
    return not any(option.needed for option in kinds.load(name).options.values())


def seen_by(name: str, day: Day) -> tuple[list[Sight], str]:
    """What a check sees with its default options, and what it measures first.

    Args:
        name: that can be asked.
        day: today.

    Raises:
        UnseenError: there is nothing to look at.
        MlefitError: it cannot look here.
    """
    check = kinds.load(name)
    if check.baseline and day.baseline is None:
        raise UsageError(f"'{name}' compares with a baseline, and there is none")
    if check.rows and day.saved is not None:
        raise UsageError(f"'{name}' needs today's rows, and a saved fit has none")
    given = options_of(check.options, {}, f"the check '{name}'")
    return list(check.observe(day, given)), next(iter(check.quantities))
