"""`mlefit check`, as a pipeline runs it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest
from typer.testing import CliRunner

from mlefit.cli import app
from tests.checking.conftest import files  # noqa: F401 - a fixture

pytestmark = pytest.mark.usefixtures("files")


def run(*arguments: str, **environ: str) -> tuple[int, str, str]:
    found = CliRunner(env=environ).invoke(app, ["check", *arguments])
    return found.exit_code, found.stdout, found.stderr


def test_one_line_is_a_gate():
    code, out, err = run("tuesday.csv", "--baseline", "model.json")
    assert (code, err) == (0, "")
    assert out.startswith("PASS")
    assert out.endswith("PASS: today's data still fit: 10 checks passed\n")
    code, out, _ = run("wednesday.csv", "--baseline", "model.json")
    assert code == 1
    assert out.startswith("FAIL")
    *_, verdict, last = out.splitlines()
    assert verdict == "FAIL: fit_gap failed"
    command = last.partition("meant: mlefit check ")[2]
    assert run(*command.split())[0] == 0
    assert run("wednesday.csv", "--baseline", "model.json")[0] == 0
    assert "fit_gap: fails if above 0.02" in out


def test_the_format_does_not_change_the_verdict():
    for form in ("json", "csv", "tsv", "md", "text"):
        code, out, _ = run("wednesday.csv", "--baseline", "model.json", "-f", form)
        assert code == 1
        assert "fit_gap" in out.replace("\\", "")
    document = json.loads(run("wednesday.csv", "--baseline", "model.json", "-f", "json")[1])
    assert document["schema"] == "mlefit/check/1"
    assert (document["status"], document["exit_code"]) == ("fail", 1)
    assert document["counts"]["fail"] == 1
    assert document["sensitivity"][0]["condition"] == "fit_gap above 0.02"


def test_all_outputs_are_written_in_one_run(tmp_path):
    summary = tmp_path / "summary.md"
    code, out, err = run(
        "wednesday.csv", "--baseline", "model.json", "-f", "json",
        "--junit", "j.xml", "--gitlab", "q.json", "--history", "h.jsonl", "-o", "report.md",
        GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary),
    )  # fmt: skip
    assert code == 1
    assert json.loads(out)["status"] == "fail"
    assert "::error title=mlefit%3A fit_gap" in err
    assert "fit\\_gap" in summary.read_text()
    assert ElementTree.parse("j.xml").getroot()[0].get("failures") == "1"
    assert json.loads(Path("q.json").read_text())[0]["severity"] == "major"
    assert json.loads(Path("h.jsonl").read_text())["status"] == "fail"
    assert Path("report.md").read_text().startswith("### FAIL")
    assert "::error" not in run("wednesday.csv", "--baseline", "model.json")[2]


def test_a_baseline_is_written_after_a_pass_only(tmp_path):
    arguments = ("--baseline", "model.json", "--write-baseline", "next.json")
    code, _, err = run("wednesday.csv", *arguments)
    assert code == 1
    assert "'next.json' was not written: fit_gap failed" in err
    assert not (tmp_path / "next.json").exists()
    code, out, err = run("wednesday.csv", *arguments, "--accept", "-f", "json")
    assert code == 0
    assert "accepted: fit_gap, drift Intercept" in err
    document = json.loads(out)
    assert document["accepted"][0] == "fit_gap"
    assert document["verdict"] == "fit_gap failed, and that was accepted"
    assert document["next_command"] is None
    assert run("wednesday.csv", "--baseline", "next.json")[0] == 0
    code, _, err = run("tuesday.csv", *arguments)
    assert (code, err) == (0, "note: today's fit was written to 'next.json' as the next baseline\n")
    assert run("tuesday.csv", "--accept", "--baseline", "model.json")[0] == 2


def test_an_absent_baseline_is_a_wrong_word():
    code, out, err = run("tuesday.csv", "--baseline", "none.json")
    assert (code, out) == (2, "")
    assert err.startswith("error: cannot read 'none.json'")
    assert run("tuesday.csv")[0] == 2
    assert run("none.csv", "--baseline", "model.json")[0] == 3


def test_two_documents_are_compared():
    for name in ("tuesday", "wednesday"):
        arguments = [f"{name}.csv", "y ~ x + g", "-F", "poisson", "-q", "-o", f"{name}.json"]
        assert CliRunner().invoke(app, ["fit", *arguments]).exit_code == 0
    assert run("model.json", "tuesday.json")[0] == 0
    code, out, _ = run("model.json", "wednesday.json")
    assert code == 1
    assert "FAIL  joint" in out
    assert run("model.json", "tuesday.json", "--baseline", "model.json")[0] == 2


def test_a_starter_file_is_a_gate_at_once(tmp_path):
    code, out, _ = run("--init", "--baseline", "model.json")
    assert code == 0
    (tmp_path / "checks.toml").write_text(out)
    assert run("tuesday.csv", "--checks", "checks.toml")[0] == 0
    code, out, _ = run("wednesday.csv", "--checks", "checks.toml")
    assert code == 1
    assert "line 5" in out.replace("of the checks file", "")
    listed = run("--list", "--checks", "checks.toml")[1]
    assert "fit_gap" in listed
    assert "above 0.02" in listed


def test_power_is_told_before_there_is_a_day():
    code, out, _ = run("--power", "--baseline", "model.json", "--rows", "1000", "-f", "json")
    assert code == 0
    document = json.loads(out)
    assert document["schema"] == "mlefit/power/1"
    assert {one["rows"] for one in document["gaps"]} == {1000}
    assert {one["term"] for one in document["terms"]} == {"Intercept", "x", "g[b]", "g[c]"}
    assert run("--power")[0] == 2
    code, out, _ = run("--power", "--baseline", "model.json")
    assert "Smallest gap" in out


def test_what_is_asked_of_power_is_what_the_gate_says_at_these_rows():
    arguments = ("--baseline", "model.json", "-f", "json")
    planned = json.loads(run("--power", "--rows", "1000", *arguments)[1])
    seen = json.loads(run("tuesday.csv", *arguments)[1])
    for one, other in zip(planned["gaps"], seen["sensitivity"], strict=True):
        assert one["condition"] == other["condition"]
        assert one["gap"] == pytest.approx(other["gap"], rel=0.1)


def test_rows_come_from_standard_input():
    text = pl.read_csv("wednesday.csv").write_csv()
    found = CliRunner().invoke(app, ["check", "-", "--baseline", "model.json"], input=text)
    assert found.exit_code == 1


def test_a_shown_document_is_the_report_again():
    _, out, _ = run("wednesday.csv", "--baseline", "model.json", "-o", "report.json")
    shown = CliRunner().invoke(app, ["show", "report.json"])
    assert shown.exit_code == 0
    assert shown.stdout == out


def test_the_next_baseline_of_groups_has_groups():
    arguments = ["monday.csv", "y ~ x", "-F", "poisson", "--by", "g", "-q", "-o", "groups.json"]
    assert CliRunner().invoke(app, ["fit", *arguments]).exit_code == 0
    flags = ("--baseline", "groups.json", "--by", "g")
    assert run("tuesday.csv", *flags, "--write-baseline", "next.json")[0] == 0
    document = json.loads(Path("next.json").read_text())
    assert document["schema"] == "mlefit/groups/1"
    assert [group["group"] for group in document["groups"]] == ["a", "b", "c"]
    code, out, _ = run("wednesday.csv", "--baseline", "next.json", "--by", "g")
    assert code == 1
    assert "--by g --write-baseline next.json --accept" in out
