"""JUnit XML: a test case for each outcome, as Jenkins, GitLab, GitHub actions and others read it.

The format has no warning: one is a test that passed, with its text in `system-out`. Nothing is
written that the schema of Jenkins' xunit plugin (junit-10.xsd) refuses; it allows no properties
inside a test case, so what was observed stands in `system-out` too.
"""

from __future__ import annotations

from xml.etree import ElementTree

from mlefit.report.clean import UNPRINTABLE
from mlefit.results.check import CheckResult, Outcome

_SUITE = "mlefit"
_ODD = "\N{REPLACEMENT CHARACTER}"


def render(result: CheckResult) -> str:
    """The document, ending in a line break."""
    statuses = [one.status for one in result.outcomes]
    seconds = f"{sum(one.seconds for one in result.outcomes):.3f}"
    counts = {
        "tests": str(len(statuses)),
        "failures": str(statuses.count("fail")),
        "errors": str(statuses.count("error")),
        "time": seconds,
    }
    # `skipped` of `testsuites` is refused by Jenkins
    suites = ElementTree.Element("testsuites", {"name": _SUITE, **counts})
    suite = ElementTree.SubElement(
        suites, "testsuite", {"name": _SUITE, **counts, "skipped": str(statuses.count("skip"))}
    )
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in _facts(result).items():
        ElementTree.SubElement(properties, "property", {"name": name, "value": _text(value)})
    for outcome in result.outcomes:
        _case(suite, outcome)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _facts(result: CheckResult) -> dict[str, str]:
    facts = {"status": result.status, "verdict": result.verdict}
    if result.today is not None:
        facts |= {"today": result.today.source, "rows": str(result.today.rows_used)}
    if result.baseline is not None:
        facts |= {"baseline": result.baseline.source, "model": result.baseline.formula}
    return facts


def _case(suite: ElementTree.Element, outcome: Outcome) -> None:
    case = ElementTree.SubElement(
        suite,
        "testcase",
        {
            "name": _text(f"{outcome.name} {outcome.subject}".strip()),
            "classname": f"{_SUITE}.{outcome.type}",
            "time": f"{outcome.seconds:.3f}",
        },
    )
    lines = [outcome.message, *outcome.evidence]
    element = {"fail": "failure", "error": "error", "skip": "skipped"}.get(outcome.status)
    if element is not None:
        attributes = {"message": _text(outcome.message)}
        if element != "skipped":
            attributes["type"] = outcome.status
        ElementTree.SubElement(case, element, attributes).text = _text("\n".join(lines))
    said = [f"severity: {outcome.status}"] if outcome.status == "warn" else []
    said += [*([] if element else lines), *_measured(outcome)]
    ElementTree.SubElement(case, "system-out").text = _text("\n".join(said))


def _measured(outcome: Outcome) -> list[str]:
    found = [f"{name}: {value}" for name, value in outcome.observed.items() if value is not None]
    for level in ("warn", "fail"):
        limit = getattr(outcome, level)
        found += [] if limit is None else [f"{level} if {limit}"]
    return found + ([] if outcome.p_value is None else [f"p: {outcome.p_value:.6g}"])


def _text(text: str) -> str:
    """Text without the characters that XML 1.0 has no way to write."""
    printable = UNPRINTABLE.sub(lambda found: found[0] if found[0] in "\n\t" else _ODD, text)
    return printable.replace("\ufffe", _ODD).replace("\uffff", _ODD)
