"""Name nothing and the whole table is used: what is guessed, and that the guess is told."""

from __future__ import annotations

import json

import pytest

HEAD = "day,id,number,city,group,x,constant,empty"


def table(targets):
    """Sixty rows with a column of every kind; `targets` adds columns in front."""
    names = ",".join(name for name, _ in targets)
    lines = [f"{names},{HEAD}"]
    for i in range(60):
        first = ",".join(str(value(i)) for _, value in targets)
        month, day = 1 + i // 28, 1 + i % 28
        lines.append(
            f"{first},2024-{month:02}-{day:02},u{i:03},{i + 1},town {i % 55},{'abc'[i % 3]},"
            f"{i * 7 % 11 / 2},5,"
        )
    return "\n".join(lines) + "\n"


def counts(i):
    return i * 5 % 7


def others(i):
    return i * 3 % 5


def halves(i):
    return i * 5 % 13 / 2


def words(i):
    return ["no", "yes"][(i * i // 7 + i) % 2]


LEFT_OUT = (
    "left out: 'day' (dates or times), 'id' (an identifier: all different), "
    "'number' (an identifier: numbers the rows), 'city' (text with 55 levels), "
    "'constant' (constant), 'empty' (empty)"
)


@pytest.mark.parametrize(
    ("targets", "family", "target"),
    [
        # a telling name that suits the family
        ([("count", counts), ("later", others)], "poisson", "count"),
        ([("Count", counts), ("later", others)], "poisson", "Count"),
        ([("count", counts), ("y", others)], "poisson", "y"),
        ([("outcome", words), ("later", counts)], "bernoulli", "outcome"),
        # a telling name that does not suit is passed over
        ([("y", halves), ("count", counts)], "poisson", "count"),
        ([("y", words), ("later", counts)], "poisson", "later"),
        # no telling name: the last column that suits
        ([("first", counts), ("second", others)], "poisson", "second"),
        ([("first", words), ("second", lambda i: words(i * 11 + 5))], "bernoulli", "second"),
        ([("first", counts)], "normal", "x"),
    ],
)
def test_the_target_is_guessed_and_told(guess, targets, family, target):
    document, err = guess(table(targets), family)
    data = document["data"]
    features = [name for name, _ in [*targets, ("group", None), ("x", None)] if name != target]
    assert (data["target"], data["target_source"]) == (target, "guess")
    assert (data["features"], data["features_source"]) == (features, "guess")
    told = (
        f"note: guessed: target {target!r}, features {', '.join(map(repr, features))}; {LEFT_OUT}"
    )
    assert err.splitlines()[0] == told
    assert sum(line.startswith("note: guessed") for line in err.splitlines()) == 1


def test_one_column_is_the_target_of_a_plain_sample(guess):
    document, err = guess("amount\n3\n4\n7\n", "poisson")
    assert (document["data"]["target"], document["data"]["features"]) == ("amount", [])
    assert (document["data"]["target_source"], document["data"]["features_source"]) == (
        "guess",
        "none",
    )
    assert err == "note: guessed: target 'amount', features none\n"


def test_a_column_with_another_part_is_no_feature(guess):
    text = table([("count", counts), ("w", lambda i: 1 + i % 2)])
    document, err = guess(text, "poisson", "--freq-weights", "w")
    assert document["data"]["features"] == ["group", "x"]
    assert "'w'" not in err.splitlines()[0]


def test_the_guess_is_made_from_the_rows_that_are_used(guess):
    text = "count,x,g\n" + "".join(f"{i % 4},{i % 5},{'ab'[i > 20]}\n" for i in range(40))
    document, err = guess(text, "poisson", "--where", "g = 'a'")
    assert document["data"]["features"] == ["x"]
    assert "left out: 'g' (constant)" in err


def test_many_features_are_counted_and_not_listed(guess):
    names = [f"x{i}" for i in range(20)]
    rows = (
        ",".join([str(i % 4), *(str(i * (j + 2) % 31 / 4) for j in range(20))]) for i in range(90)
    )
    _, err = guess("\n".join([",".join(["y", *names]), *rows]) + "\n", "poisson")
    assert err.splitlines()[0].endswith("'x10', 'x11', 8 more")


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        (table([("count", counts)]), "-y count -x group,x"),
        ("amount\n3\n4\n7\n", "-y amount"),
        ('y,"a, b"\n3,1\n4,1\n7,2\n', "-y y -x '\"a, b\"'"),
    ],
)
def test_strict_refuses_the_guess_with_a_command_that_works(run, tmp_path, text, suggestion):
    path = tmp_path / "d.csv"
    path.write_text(text, encoding="utf-8")
    code, out, err = run("fit", str(path), "-F", "poisson", "--strict")
    assert (code, out) == (2, "")
    assert err == (
        "error: --strict allows no guess, and neither a formula nor -y names the target\n"
        f"  try:  {suggestion}\n"
    )


@pytest.mark.parametrize("named", [["y ~ x"], ["-y", "y"], ["-y", "y", "-x", "x"]])
def test_what_is_named_is_no_guess(run, tmp_path, named):
    path = tmp_path / "d.csv"
    path.write_text("x,y\n1,3\n4,2\n2,5\n3,3\n", encoding="utf-8")
    code, _, err = run("fit", str(path), *named, "-F", "poisson", "--strict")
    assert code == 0
    assert "note:" not in err


@pytest.fixture
def guess(run, tmp_path):
    """Fit a table without naming a column: (document, stderr)."""

    def fit(text, family, *flags):
        path = tmp_path / "d.csv"
        path.write_text(text, encoding="utf-8")
        code, out, err = run("fit", str(path), "-F", family, "-f", "json", *flags)
        assert code == 0, err
        return json.loads(out), err

    return fit
