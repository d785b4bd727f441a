"""What CI systems read: JUnit, GitLab's code quality, GitHub's commands and summary."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from mlefit.report.ci import github, gitlab, junit
from mlefit.results.check import CheckResult, Outcome
from tests.checking.days import checked, day

# What Jenkins accepts: src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd
# of its xunit plugin, as tables: attributes (required ones first) and children of each element.
ATTRIBUTES = {
    "testsuites": ((), ("name", "time", "tests", "failures", "errors")),
    "testsuite": (
        ("name", "tests", "failures", "errors"),
        ("group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "url"),
    ),
    "properties": ((), ()),
    "property": (("name", "value"), ()),
    "testcase": (("name",), ("time", "classname", "group")),
    "failure": ((), ("type", "message")),
    "error": ((), ("type", "message")),
    "skipped": ((), ("type", "message")),
    "system-out": ((), ()),
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase", "system-out", "system-err"},
    "properties": {"property"},
    "testcase": {"skipped", "error", "failure", "system-out", "system-err"},
}
ODD = "50% of x: a,b\r\nnext \N{SNOWMAN} <&> ]]> \x1b[31m \ufffe \ud800"


def odd_result() -> CheckResult:
    """One outcome of each status, with what breaks formats in its texts."""
    first = Outcome(ODD, "rows", ODD, "pass", ODD, {"rows": 3.0}, None, "above 1", 0.5, 0.001)
    outcomes = [replace(first, status=s, line=7) for s in ("pass", "warn", "fail", "error", "skip")]
    outcomes = [replace(one, evidence=(ODD, "second line")) for one in outcomes]
    return replace(checked(day(2)), outcomes=outcomes, checks_file="sub/checks.toml")


@pytest.mark.parametrize("make", [odd_result, lambda: checked(day(3, 0.3))])
def test_junit_is_what_jenkins_accepts(make):
    root = ElementTree.fromstring(junit.render(make()))
    assert root.tag == "testsuites"
    for element in root.iter():
        required, allowed = ATTRIBUTES[element.tag]
        assert set(required) <= set(element.attrib)
        assert set(element.attrib) <= {*required, *allowed}
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
        if "time" in element.attrib:
            assert float(element.attrib["time"]) >= 0


def test_junit_counts_and_has_a_case_for_each_outcome():
    suite = ElementTree.fromstring(junit.render(odd_result()))[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("5", "1", "1")
    assert suite.get("skipped") == "1"
    cases = suite.findall("testcase")
    assert [[child.tag for child in case] for case in cases] == [
        ["system-out"],
        ["system-out"],
        ["failure", "system-out"],
        ["error", "system-out"],
        ["skipped", "system-out"],
    ]
    assert "severity: warn" in (cases[1].findtext("system-out") or "")
    assert "50% of x: a,b" in str(cases[2].get("name"))
    assert "\N{SNOWMAN}" in str(cases[2].get("name"))


def test_gitlab_gets_an_issue_for_what_did_not_pass_and_knows_it_again():
    issues = json.loads(gitlab.render(odd_result()))
    assert [issue["severity"] for issue in issues] == ["minor", "major", "critical"]
    for issue in issues:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["location"] == {"path": "sub/checks.toml", "lines": {"begin": 7}}
    first, second = (json.loads(gitlab.render(checked(day(3, s)))) for s in (0.3, 0.4))
    assert first[0]["description"] != second[0]["description"]
    assert first[0]["fingerprint"] == second[0]["fingerprint"]


def unescaped(text: str) -> str:
    """As GitHub's runner reads it."""
    for code, sign in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, sign)
    return text


def test_annotations_survive_every_sign():
    lines = github.commands(odd_result(), {}).splitlines()
    assert len(lines) == 3
    for line in lines:
        command, _, rest = line.removeprefix("::").partition(" ")
        assert command in ("error", "warning")
        properties, _, message = rest.partition("::")
        pairs = dict(pair.split("=", 1) for pair in properties.split(","))
        assert set(pairs) == {"title", "file", "line"}
        assert (pairs["file"], pairs["line"]) == ("sub/checks.toml", "7")
        title = unescaped(pairs["title"])
        assert title.startswith("mlefit: 50% of x: a,b")
        assert "\N{SNOWMAN}" in title
        said = unescaped(message).split("\n")
        assert len(said) == 3
        assert said[0].startswith("50% of x: a,b\\x0d\\x0anext")
        assert "\x1b" not in line


def test_the_tenth_annotation_says_how_many_more_there_are():
    result = checked(day(3, 0.3))
    failed = next(one for one in result.outcomes if one.status == "fail")
    many = replace(result, outcomes=[replace(failed, subject=str(i)) for i in range(30)])
    lines = github.commands(many, {}).splitlines()
    assert len(lines) == 10
    assert lines[-1] == "::error::21 more: see the report of mlefit"


def test_annotations_are_at_the_path_in_the_repository(tmp_path):
    result = replace(odd_result(), checks_file=str(tmp_path / "ci" / "checks.toml"))
    line = github.commands(result, {"GITHUB_WORKSPACE": str(tmp_path)}).splitlines()[0]
    assert ",file=ci/checks.toml," in line


def test_the_summary_is_added_to_and_kept_short(tmp_path):
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    environ = {"GITHUB_STEP_SUMMARY": str(path)}
    github.append_summary("### one\n", environ)
    github.append_summary("\N{SNOWMAN} line\n" * 200_000, environ)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("before\n### one\n")
    assert len(text.encode()) < 1_000_000
    assert text.endswith("(cut: the report is longer)\n\n")
    github.append_summary("nothing", {})
