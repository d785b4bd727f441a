"""No argument reaches a file, the network or Python, and no data steers a terminal."""

from __future__ import annotations

import json
import re
import sys

import pytest

from mlefit.report.clean import clean

STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\U000e0041]"
)
HOSTILE = "a\x1b[31m\x1b]0;t\x07\u202eb\u2066\x9b2J\U000e0041\x7f"


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{k % 5 + k % 3},{k % 7},{'ab'[k % 2]}\n" for k in range(40))
    (tmp_path / "d.csv").write_text("y,x,g\n" + rows)
    (tmp_path / "secret.csv").write_text("x\n1\n2\n")
    return tmp_path


@pytest.mark.parametrize(
    "where",
    [
        "x IN (SELECT * FROM read_csv('/etc/passwd'))",
        "x IN (SELECT x FROM read_csv('secret.csv'))",
        "x IN (sElEcT x FROM 'secret.csv')",
        "x > (SELECT 1)",
        "EXISTS (SELECT 1)",
        "x IN (TABLE secret)",
        "x = E'\\'' OR x IN (SELECT x FROM read_csv('secret.csv'))",
        "x > 0 /* ' */ OR x IN (SELECT x FROM read_csv('secret.csv')) /* ' */",
        "x IN (1) OR $$'$$ = '' OR x IN (SELECT x FROM read_csv('secret.csv'))",
        "read_csv('secret.csv') IS NOT NULL",
        "getenv('HOME') = 'x'",
        "x > avg(x)",
        'x > "avg"(x)',
        "x > max (x)",
        "count(*) > 1",
        "row_number() OVER (ORDER BY x) > 1",
        "unnest(x) > 1",
        "columns('.*') > 1",
        "x > 2; DROP TABLE t",
        "x > 1) OR (1 = 1",
        "__import__('os').system('touch hacked') = 0",
    ],
)
def test_a_predicate_sees_its_own_row_only(run, data, where):
    code, out, err = run("fit", "d.csv", "y ~ x", "-F", "normal", "--where", where)
    assert (code, out) == (2, "")
    assert err.startswith("error: --where ")
    assert "root:" not in err
    assert sorted(path.name for path in data.iterdir()) == ["d.csv", "secret.csv"]


@pytest.mark.parametrize(
    "where",
    [
        "g = 'a'",
        "g IN ('a', 'select') AND NOT (x > 5)",
        'x BETWEEN 1 AND 5 OR "x" = 6',
        "CASE WHEN x > 3 THEN g = 'a' ELSE true END",
        "COALESCE(x, 0) > 1 AND upper(g) LIKE 'A%'",
        "CAST(x AS DECIMAL(10, 2)) > 1",
        "g = 'it''s (select)' OR x > 0",
    ],
)
def test_an_ordinary_predicate_is_obeyed(run, data, where):
    code, out, err = run("fit", "d.csv", "y ~ x", "-F", "poisson", "-f", "json", "--where", where)
    assert code == 0, err
    assert 0 < json.loads(out)["data"]["rows_used"] < 40


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('touch hacked')",
        "open('hacked', 'w')",
        "exec('1')",
        "().__class__",
        "x.__class__",
        "I(__import__('os'))",
        "read_csv('secret.csv')",
        "`x`; import os",
        "{x}",
        "x if open('hacked', 'w') else x",
        "lambda: 0",
        "scan('http://127.0.0.1:9/x')",
    ],
)
@pytest.mark.parametrize("place", ["formula", "--model", "--fix", "--link", "-x", "-F", "--offset"])
def test_no_argument_is_code(run, data, events, text, place):
    usual = ["fit", "d.csv", "-F", "normal"]
    arguments = {
        "formula": [*usual, f"y ~ {text}"],
        "--model": [*usual, "y ~ x", "--model", f"sigma ~ {text}"],
        "--fix": [*usual, "y ~ x", "--fix", f"sigma={text}"],
        "-x": [*usual, "-y", "y", "-x", text],
        "-F": ["fit", "d.csv", "y ~ x", "-F", text],
    }.get(place, [*usual, "y ~ x", place, text])
    code, out, err = run(*arguments)
    assert (code, out) == (2, ""), err
    assert sorted(path.name for path in data.iterdir()) == ["d.csv", "secret.csv"]
    assert not [event for event in events if "secret" in event or "hacked" in event]
    assert not [event for event in events if event.startswith(("socket.connect", "subprocess"))]


@pytest.mark.parametrize("form", ["text", "md", "csv", "tsv", "json"])
def test_hostile_names_and_levels_are_neutralised_in_every_report(run, data, form):
    rows = "".join(f'{k % 5 + k % 3},{k % 7},"{HOSTILE}{"uv"[k % 2]}"\n' for k in range(40))
    (data / "d.csv").write_text(f'y,"{HOSTILE}","g{HOSTILE}"\n{rows}', newline="")
    code, out, err = run("fit", "d.csv", "y ~ .", "-F", "poisson", "-f", form, "-v")
    assert code == 0, err
    assert "31m" in out
    assert not STEERING.search(out.replace("\t", "") + err)


@pytest.mark.parametrize(
    "arguments",
    [
        (f"{HOSTILE}.csv", "y ~ x"),
        ("d.csv", f"y ~ `{HOSTILE}`"),
        ("d.csv", f"y ~ {HOSTILE}"),
        ("d.csv", "y ~ x", "--where", f'"{HOSTILE}" > 1'),
        ("d.csv", "y ~ x", "--where", HOSTILE),
        ("d.csv", "y ~ x", "--link", HOSTILE),
        ("d.csv", "y ~ x", "--fix", f"{HOSTILE}=1"),
        ("d.csv", "y ~ x", "--model", f"{HOSTILE} ~ x"),
        ("d.csv", "y ~ x", "--max-dropped", HOSTILE),
        ("d.csv", "y ~ x", "-o", f"{HOSTILE}/x.json"),
        ("d.csv", "y ~ x", f"--{HOSTILE}"),
        ("d.csv", "y ~ x", HOSTILE),
    ],
)
def test_hostile_arguments_are_neutralised_in_messages(run, data, arguments):
    code, out, err = run("fit", *arguments, "-F", "poisson")
    assert code in (2, 3)
    assert out == ""
    assert not STEERING.search(err)


def test_a_damaged_header_is_neutralised_in_messages(run, data):
    (data / "d.csv").write_text(f"{HOSTILE},{HOSTILE}\n1,2\n", newline="")
    code, _, err = run("fit", "d.csv", "y ~ x", "-F", "poisson")
    assert code == 3
    assert not STEERING.search(err)


def test_every_character_that_steers_is_shown_as_its_number():
    for number in (0x1B, 0x7F, 0x85, 0x9B, 0xAD, 0x200E, 0x202E, 0x2066, 0xFEFF, 0xE0041, 0x034F):
        assert chr(number) not in clean(f"a{chr(number)}b"), hex(number)


@pytest.fixture
def events():
    """What Python was asked to open, start or connect while a test ran."""
    seen: list[str] = []
    _LISTENERS.append(seen)
    yield seen
    _LISTENERS.remove(seen)


_LISTENERS: list[list[str]] = []


def _listen(event: str, arguments: tuple[object, ...]) -> None:
    if _LISTENERS and event in ("open", "os.system", "subprocess.Popen", "socket.connect"):
        _LISTENERS[-1].append(f"{event} {arguments[0]!r}")


sys.addaudithook(_listen)
