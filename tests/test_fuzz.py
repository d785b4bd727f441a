"""Damaged files, random formulas and random flags at the real entry point.

Every case has a number and is made from it alone, so a complaint can be repeated.
`MLEFIT_FUZZ=20000` runs so many cases of each kind instead of the usual few hundred.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import random
import re
import shlex
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from mlefit import families
from mlefit.__main__ import main

CASES = int(os.environ.get("MLEFIT_FUZZ", "700"))
# far more than any case needs alone: three thousand coefficients of a damaged column take 15
SECONDS = 90
ALLOWED = {0, 2, 3, 4}
COLUMNS = ("y", "x", "z", "n", "w", "g", "flag", "day", "odd name", "größe")
FORMATS = ("csv", "csv.gz", "tsv", "parquet", "parquet.gz", "arrow", "arrows", "ndjson")
ODD_BYTES = (
    b'"', b",", b"\n", b"\r", b"\r\n", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"NA", b"nan", b"-inf",
    b"1e400", b"-0", b"9" * 400, b"1,234", b"\x1b[31m", b"\xc3", "é".encode(), b"''", b"\t", b";",
    b"{", b"}", b"[]", b"null", b"true", b"2024-02-30", b"\x00" * 9, b"\xff" * 9,
)  # fmt: skip
ODD_TEXT = (
    "`", "'", '"', "(", ")", "[", "]", "~", "~ .", "^", "**", ":", "|", "\\", ",", "=", "1e999",
    "0", "-1", "C(", "I(", "log(", "\x1b[2J", "\u202e", "é", "\n", "\udcff", "%s", "{x}", ".",
    "__import__('os')", "nan", "None", "x.y", "@", ";", "--", "y", " ",
)  # fmt: skip
STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Hang(BaseException):
    """Not an Exception, so that nothing on the way takes it for a bug of its own."""


@dataclass(frozen=True)
class Outcome:
    """What one command line did."""

    arguments: tuple[str, ...]
    code: int | str
    out: str
    err: str
    written: set[str]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_damaged_files_are_refused_in_a_sentence(folder):
    assert complaints("file", folder) == []


def test_random_formulas_are_fitted_or_refused(folder):
    assert complaints("formula", folder) == []


def test_random_flags_are_obeyed_or_refused(folder):
    assert complaints("flags", folder) == []


def test_the_cases_reach_every_verdict(folder):
    codes = {run(*case("flags", number, folder)).code for number in range(120)}
    assert codes >= {0, 2, 3}


def complaints(kind: str, folder: Path) -> list[str]:
    """What was wrong with the cases of a kind, at most three of them."""
    found: list[str] = []
    for number in range(CASES):
        said = complaint(run(*case(kind, number, folder)))
        if said:
            found.append(f"{kind} {number}: {said}")
        if len(found) == 3:
            break
    return found


def complaint(outcome: Outcome) -> str | None:
    """What an outcome breaks: codes, streams, files; None for a good one."""
    command = shlex.join(outcome.arguments)
    if outcome.code not in ALLOWED:
        return f"exit {outcome.code} of {command}\n{outcome.err}"
    if "Traceback" in outcome.err or "panicked" in outcome.err or "Warning:" in outcome.err:
        return f"noise from {command}\n{outcome.err}"
    if outcome.code in (2, 3) and not re.search("^error: .", outcome.err, re.MULTILINE):
        return f"no reason from {command}\n{outcome.err}"
    if STEERING.search((outcome.out + outcome.err).replace("\t", "")):
        return f"control characters from {command}\n{outcome.err!r}\n{outcome.out!r}"
    expected = {"out.json"} if outcome.code in (0, 4) and "out.json" in command else set()
    if outcome.written - expected or (outcome.code == 0 and expected - outcome.written):
        if "--dry-run" in outcome.arguments and not outcome.written:
            return None
        return f"wrote {outcome.written} in {command}"
    return None


def case(kind: str, number: int, folder: Path) -> tuple[Path, list[str]]:
    """The folder, with a data file in it, and the arguments of one case."""
    rng = random.Random(f"{kind}-{number}")
    for old in folder.iterdir():
        old.unlink()
    form = rng.choice(FORMATS)
    content = table(rng, form)
    if kind == "file":
        content = damaged(rng, content)
        arguments = ["-F", rng.choice(families.NAMES), *rng.choice(([], ["y ~ ."], ["y ~ x + g"]))]
    elif kind == "formula":
        arguments = [formula(rng), "-F", rng.choice(families.NAMES)]
    else:
        arguments = flags(rng)
    data = folder / f"data.{form if rng.random() < 0.95 else rng.choice(FORMATS)}"
    data.write_bytes(content)
    return folder, ["fit", data.name, *arguments]


def run(folder: Path, arguments: list[str]) -> Outcome:
    """Run one command line in this process, through `main`, within a time limit."""
    before = {path.name for path in folder.rglob("*")}
    out, err = io.StringIO(), io.StringIO()
    code: int | str
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), limited(SECONDS):
        sys.argv[:] = ["mlefit", *arguments]
        try:
            main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        except Hang:
            code = "hang"
        except BaseException as error:  # what `main` lets through is the finding
            code = f"{type(error).__name__}: {error}"
    after = {path.name for path in folder.rglob("*")}
    if "out.json" in after:
        json.loads((folder / "out.json").read_text())
    return Outcome(tuple(arguments), code, out.getvalue(), err.getvalue(), after - before)


@contextlib.contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Raise Hang after so many seconds; restore what `main` sets for the process."""

    def stop(*_: object) -> None:
        raise Hang

    argv = sys.argv[:]
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGALRM)}
    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        sys.argv[:] = argv
        for number, handler in kept.items():
            signal.signal(number, handler)


def table(rng: random.Random, form: str) -> bytes:
    """A small table with columns of every kind, in a format."""
    height = rng.choice((0, 1, 2, 3, 8, 30, 60, 60, 60, 60))
    scale = rng.choice((1.0, 1.0, 1.0, 1.0, 1e-9, 1e12, 1e100, 1e200))
    counts = [rng.choice((0, 0, 1, 2, 7)) for _ in range(height)]
    target: dict[str, list[object]] = {
        "counts": [*counts],
        "numbers": [rng.gauss(1, 3) * scale for _ in range(height)],
        "binary": [rng.choice((0, 1)) for _ in range(height)],
        "constant": [3] * height,
        "words": [rng.choice(("no", "yes")) for _ in range(height)],
        "odd": [rng.choice((None, "NA", "1,234", "inf", "x", "5")) for _ in range(height)],
    }
    columns: dict[str, list[object]] = {
        "y": target[rng.choice(("counts", "numbers", "binary", *target))],
        "x": [rng.gauss(0, 1) * scale for _ in range(height)],
        "z": [float(k % 3) if rng.random() < 0.9 else None for k in range(height)],
        "n": [count + rng.choice((0, 1, 5)) for count in counts],
        "w": [rng.choice((0.0, 1.0, 2.5)) for _ in range(height)],
        "g": [rng.choice(("a", "b", "c\x1b[31m", 'ü, "d"', "")) for _ in range(height)],
        "flag": [rng.random() < 0.5 for _ in range(height)],
        "day": [f"2024-01-{k % 28 + 1:02d}" for k in range(height)],
        "odd name": [rng.uniform(0, 1) for _ in range(height)],
        "größe": [rng.choice((None, 1, 2)) for _ in range(height)],
    }
    return written(pl.DataFrame(columns, strict=False), form)


def written(frame: pl.DataFrame, form: str) -> bytes:
    """The bytes of a frame in a format, gzipped if it ends in .gz."""
    buffer = io.BytesIO()
    match form.removesuffix(".gz"):
        case "csv":
            frame.write_csv(buffer)
        case "tsv":
            frame.write_csv(buffer, separator="\t")
        case "parquet":
            frame.write_parquet(buffer)
        case "arrow":
            frame.write_ipc(buffer)
        case "arrows":
            frame.write_ipc_stream(buffer)
        case "ndjson":
            frame.write_ndjson(buffer)
    return gzip.compress(buffer.getvalue(), mtime=0) if form.endswith(".gz") else buffer.getvalue()


def damaged(rng: random.Random, content: bytes) -> bytes:
    """The bytes after one to four accidents."""
    raw = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(raw) + 1)
        to = min(len(raw), at + rng.choice((1, 2, 8, 100)))
        match rng.choice((0, 1, 2, 3, 3, 4, 5, 6)):
            case 0 if at < len(raw):
                raw[at] ^= 1 << rng.randrange(8)
            case 1 if at < len(raw):
                raw[at] = rng.randrange(256)
            case 2:
                del raw[at:]
            case 3:
                raw[at:at] = rng.choice(ODD_BYTES)
            case 4:
                raw[at:to] = rng.choice(ODD_BYTES)
            case 5:
                raw[at:at] = raw[at:to] * rng.choice((1, 3))
            case _:
                del raw[at:to]
    return bytes(raw)


def formula(rng: random.Random) -> str:
    """A formula of the grammar, one time in three mutated."""
    left = rng.choice((*("y" for _ in range(12)), "n", "n", "log(n)", "z", "y/n", "C(y)", "flag"))
    text = f"{left} ~ {terms(rng, 3)}"
    if rng.random() < 0.33:
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(text) + 1)
            text = text[:at] + rng.choice(ODD_TEXT) + text[at + rng.choice((0, 0, 1, 4)) :]
    return text


def terms(rng: random.Random, depth: int) -> str:
    """A right side of formula operators."""
    if depth == 0 or rng.random() < 0.25:
        usual = (name(rng), name(rng), name(rng), coded(rng), call(rng, 2), call(rng, 1))
        return rng.choice(("1", "0", ".", *usual))
    if rng.random() < 0.15:
        power = rng.choice((1, 2, 2, 3, 9, 99999))
        return f"({name(rng)} + {terms(rng, 1)} + {coded(rng)})^{power}"
    unknown = rng.random() < 0.02
    mark = rng.choice(("/", "%in%", "|") if unknown else ("+", "+", "+", "-", "*", ":"))
    return f"{terms(rng, depth - 1)} {mark} {terms(rng, depth - 1)}"


def call(rng: random.Random, depth: int) -> str:
    """A call of the expression language."""
    if depth == 0:
        constant = f"{rng.gauss(0, 99):.3g}" if rng.random() < 0.8 else "1e308"
        return rng.choice((name(rng), name(rng), name(rng), constant))
    inner, other = call(rng, depth - 1), call(rng, depth - 1)
    function = rng.choice(("I", "log", "exp", "sqrt", "log2", "log1p", "abs", "tanh", "sin"))
    mark = rng.choice(("+", "-", "*", "/", "^", "**", "<", "=="))
    return rng.choice(
        (
            f"{function}({inner})",
            f"{function}({inner} {mark} {other})",
            f"if({inner} > {other}, {inner}, {other})",
            f"max({inner}, {other})",
        )
    )


def coded(rng: random.Random) -> str:
    """A factor, with or without a base level that may not exist."""
    level = rng.choice(("'a'", "'b'", "'zz'", "1", "2.5"))
    few = rng.choice(("g", "flag", "n", "w", "größe"))
    return f"C({few}{f', ref={level}' if rng.random() < 0.3 else ''})"


def name(rng: random.Random) -> str:
    """A column as a formula spells it; now and then one that does not exist."""
    column = rng.choice(("y", "nowhere") if rng.random() < 0.03 else COLUMNS[1:])
    return f"`{column}`" if " " in column or rng.random() < 0.1 else column


def flags(rng: random.Random) -> list[str]:
    """A few flags with values that are usual, wrong, or text that means nothing."""
    column = rng.choice((*COLUMNS, "nowhere", ""))
    usual: dict[str, tuple[str, ...]] = {
        "-y": ("y", column),
        "-x": ("x", "x,g", "all", column, ",", '"odd name",x'),
        "--link": ("log", "identity", "mu=log", "sigma=identity", "mu=", "=", "probit"),
        "--model": ("sigma ~ x", "mu ~ x", "sigma ~", "~", "b ~ g", "sigma ~ z + w"),
        "--fix": ("sigma=1", "x=0", "mu:Intercept=1", "x", "=", "sigma=-1", "x=nan", "b=1e999"),
        "--offset": (column,),
        "--exposure": ("w", "n", column),
        "--trials": ("n", column),
        "--where": ("x > 0", "g = 'a'", "x", "1", "flag", "x > (SELECT 1)", "sum(x) > 0", "y ="),
        "--missing": ("drop", "error", "keep"),
        "--max-dropped": ("1%", "0", "-1", "x", "200%"),
        "--input-format": (*FORMATS, "xlsx"),
        "--freq-weights": ("w", "n", column),
        "--precision-weights": ("w", column),
        "--sampling-weights": ("w", column),
        "--se": ("observed", "expected", "quasi", "HC0", "HC1", "HC2", "HC3", "cluster"),
        "--cluster": ("g", column),
        "--conf-level": ("0.5", "0.999999999", "1", "nan", "x"),
        "--threads": ("1", "2", "0", "-3", "999"),
        "--tol": ("1e-10", "1e-300", "1", "0", "inf"),
        "--max-iter": ("0", "1", "5", "-1", "x"),
        "-f": ("text", "json", "csv", "tsv", "md", "xml"),
        "--table": ("terms", "fit", "rows"),
        "-o": ("out.json", "nowhere/out.json", "out.exe", ".", "/dev/full"),
        "--color": ("never", "auto"),
    }
    bare = ("--small-sample", "--ascii", "-q", "-v", "--strict", "--dry-run")
    chosen = [] if rng.random() < 0.2 else [formula(rng) if rng.random() < 0.2 else "y ~ x"]
    if rng.random() < 0.97:
        family = rng.choice(families.NAMES) if rng.random() < 0.9 else rng.choice(("mse", "hinge"))
        chosen += [rng.choice(("-F", "--loss")), family]
    for flag in rng.sample(sorted(usual), rng.choice((0, 1, 1, 2, 3))):
        value = rng.choice(usual[flag]) if rng.random() < 0.93 else rng.choice(ODD_TEXT)
        chosen += [flag, value]
    return chosen + rng.sample(bare, rng.choice((0, 0, 1, 2)))
