"""What there is to choose from, as plain rows: families, losses, links, priors, checks."""

from __future__ import annotations

from collections.abc import Iterator

from mlefit import families as registry
from mlefit import priors as beliefs
from mlefit.checking import kinds as gates
from mlefit.checking._base import Levels
from mlefit.checking.file import ALPHA, by_default
from mlefit.families._base import Family
from mlefit.families._refused import REFUSED
from mlefit.links import LINKS
from mlefit.specify import suitable_links


def families() -> list[dict[str, str]]:
    """One row for each family: its values, parameters, losses and names elsewhere."""
    programs = dict.fromkeys(one.system for family in registry.every() for one in family.elsewhere)
    return [
        {
            "family": family.name,
            "for": family.summary,
            "values": family.support.words,
            "parameters": ", ".join(_parameters(family)),
            "losses": ", ".join(loss.name for loss in family.losses),
            "also called": ", ".join(registry.spellings_of(family.name)),
            **{program: _in(program, family) for program in programs},
        }
        for family in registry.every()
    ]


def _in(program: str, family: Family) -> str:
    """The family there, with its parameters as functions of those here."""
    return "; ".join(one.filled() for one in family.elsewhere if one.system == program)


def _parameters(family: Family) -> Iterator[str]:
    for parameter in family.parameters:
        yield f"{parameter.name} ({parameter.link}): {parameter.meaning}"
    setting = family.setting
    if setting is not None:
        chosen = "estimated" if setting.default is None else f"{setting.default:g}"
        yield f"{family.name}:{setting.name.upper()} ({chosen}): {setting.meaning}"


def losses() -> list[dict[str, str]]:
    """One row for each loss, then those that no family has, with the reason and what is nearest."""
    rows = [
        {
            "loss": loss.name,
            "of one row": loss.formula,
            "assumes": f"{family.name} ({family.summary})",
            "fit with": f"--family {family.label}",
            "also called": ", ".join(registry.spellings_of(family.name)),
        }
        for family in registry.every()
        for loss in family.losses
    ]
    refused = [
        {
            "loss": loss.names[0],
            "of one row": "",
            "assumes": f"{loss.why.in_short}: {loss.reason}",
            "fit with": " or ".join(loss.instead),
            "also called": ", ".join(loss.names[1:]),
        }
        for loss in REFUSED
    ]
    return rows + refused


def links() -> list[dict[str, str]]:
    """One row for each link: its formula and the parameters it can serve."""
    parameters = [
        (family.name, parameter) for family in registry.every() for parameter in family.parameters
    ]
    return [
        {
            "link": name,
            "formula": link.formula,
            "default for": ", ".join(f"{f} {p.name}" for f, p in parameters if p.link == name),
            "also for": ", ".join(
                f"{f} {p.name}"
                for f, p in parameters
                if name in suitable_links(p) and p.link != name
            ),
        }
        for name, link in LINKS.items()
    ]


def checks() -> list[dict[str, str]]:
    """One row for each check: what it measures, and what it does without a checks file."""
    rows = []
    for check in gates.every():
        default = by_default(check, ALPHA).levels if check.by_default is not None else Levels()
        rows.append(
            {
                "check": check.name,
                "looks at": check.summary,
                "measures": "; ".join(
                    f"{name}: {words}" for name, words in check.quantities.items()
                ),
                "options": ", ".join(check.options),
                "fails if": "" if default.fail is None else str(default.fail),
                "warns if": "" if default.warn is None else str(default.warn),
            }
        )
    return rows


def priors() -> list[dict[str, str]]:
    """One row for each prior: how it is written and the penalty it is."""
    return [
        {
            "prior": prior.usage(),
            "for": prior.summary,
            "penalty of one coefficient b": prior.penalty,
            "auto": prior.auto[0] if prior.auto else "",
        }
        for prior in beliefs.every()
    ]
