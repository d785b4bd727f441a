"""`mlefit show`: what was saved, in every format, and as it was."""

from __future__ import annotations

import json

import pytest

from mlefit.report.document import dumps


@pytest.fixture
def saved(tmp_path, poisson_result):
    file = tmp_path / "m.json"
    file.write_text(dumps(poisson_result))
    return file


def test_json_is_the_identity(run, saved):
    assert run("show", str(saved), "-f", "json") == (0, saved.read_text(), "")
    assert run("show", "-", "-f", "json", stdin=saved.read_text())[1] == saved.read_text()


def test_text_is_the_report_of_the_fit(run, saved, core):
    code, fitted, _ = run("fit", "visits.csv", "visits ~ age", "-F", "poisson")
    assert run("show", str(saved)) == (code, fitted, "")


def test_a_table_and_a_file(run, saved, tmp_path):
    code, out, _ = run("show", str(saved), "--table", "terms", "-f", "csv")
    assert (code, out.splitlines()[1].split(",")[:2]) == (0, ["mu", "Intercept"])
    target = tmp_path / "again.json"
    assert run("show", str(saved), "-q", "-o", str(target)) == (0, "", "")
    assert target.read_text() == saved.read_text()
    code, _, err = run("show", str(saved), "--table", "term")
    assert (code, "try:  --table terms" in err) == (2, True)


def test_warnings_of_the_fit_are_told_again(run, saved):
    document = json.loads(saved.read_text())
    document["warnings"], document["notes"] = ["mind this"], ["and that"]
    saved.write_text(json.dumps(document))
    assert run("show", str(saved))[2] == "note: and that\nwarning: mind this\n"
    assert run("show", str(saved), "-q")[2] == "warning: mind this\n"


def test_what_is_no_document_is_refused(run, tmp_path):
    code, out, err = run("show", "sample_data/rivers.csv")
    assert (code, out) == (2, "")
    assert err.startswith("error: 'sample_data/rivers.csv' is no document of mlefit")
    assert "Traceback" not in err
