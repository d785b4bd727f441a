"""What there is to choose from, as plain rows: families, losses, links, priors."""

from __future__ import annotations

from mlefit import families as registry
from mlefit import priors as beliefs
from mlefit.links import LINKS
from mlefit.specify import suitable_links


def families() -> list[dict[str, str]]:
    """One row for each family: its values, parameters, losses and names elsewhere."""
    return [
        {
            "family": family.name,
            "for": family.summary,
            "values": family.support.words,
            "parameters": ", ".join(
                f"{parameter.name} ({parameter.link}): {parameter.meaning}"
                for parameter in family.parameters
            ),
            "losses": ", ".join(loss.name for loss in family.losses),
            "also called": ", ".join(registry.spellings_of(family.name)),
            **family.elsewhere,
        }
        for family in registry.every()
    ]


def losses() -> list[dict[str, str]]:
    """One row for each loss, then those that are no likelihood, with the reason."""
    rows = [
        {
            "loss": loss.name,
            "of one row": loss.formula,
            "assumes": f"{family.name} ({family.summary})",
            "fit with": f"--family {family.name}",
        }
        for family in registry.every()
        for loss in family.losses
    ]
    refused = [
        {"loss": name, "of one row": "", "assumes": f"no likelihood: {reason}", "fit with": ""}
        for name, reason in registry.NOT_LIKELIHOODS.items()
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
