"""The expression language: what it reads, what it refuses and where, and its canonical text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlefit.errors import UsageError
from mlefit.expression import (
    FUNCTIONS,
    MAX_HEIGHT,
    MAX_NESTING,
    Binary,
    Call,
    Comparison,
    Expression,
    Name,
    Number,
    Reference,
    Span,
    Text,
    Unary,
    children,
    marked,
    names,
    parse,
    quote,
    render,
    respelt,
    text_names,
    walk,
)

X, Y, Z = Name("x"), Name("y"), Name("z")

TREES: dict[str, Expression] = {
    "x": X,
    " x ": X,
    "1e-3": Number(0.001),
    ".5": Number(0.5),
    "2.": Number(2.0),
    "1E+2": Number(100.0),
    "`odd name`": Name("odd name"),
    "`a``b`": Name("a`b"),
    "``": Name(""),
    "x.1": Name("x.1"),
    ".hidden": Name(".hidden"),
    "größe_2": Name("größe_2"),
    "身長": Name("身長"),
    "class": Name("class"),
    "lambda": Name("lambda"),
    "if": Name("if"),
    "log": Name("log"),
    "x == 'it''s'": Comparison("==", X, Text("it's")),
    'x != "a""b"': Comparison("!=", X, Text('a"b')),
    "'b' == x": Comparison("==", Text("b"), X),
    "b[x]": Reference("b", "x"),
    "b[Intercept]": Reference("b", "Intercept"),
    "b[x:g[b]]": Reference("b", "x:g[b]"),
    "b[ log(x) ]": Reference("b", "log(x)"),
    "b[g[it's]]": Reference("b", "g[it's]"),
    "b['g[a]b]']": Reference("b", "g[a]b]"),
    "+x": X,
    "max(x, y, z)": Call("max", (X, Y, Z)),
    "if(x > 0, y, z)": Call("if", (Comparison(">", X, Number(0.0)), Y, Z)),
    "log (x)": Call("log", (X,)),
    "I(x)": Call("I", (X,)),
}

SAME_TREE = {
    "-2^2": "-(2^2)",
    "2^3^2": "2^(3^2)",
    "2**3**2": "2^3^2",
    "2^-1": "2^(-1)",
    "2^-x^2": "2^(-(x^2))",
    "2^-1*3": "(2^(-1))*3",
    "-x*y": "(-x)*y",
    "x*-y": "x*(-y)",
    "x - y - z": "(x - y) - z",
    "x / y / z": "(x / y) / z",
    "x / y * z": "(x / y) * z",
    "x + y*z": "x + (y*z)",
    "x - -y": "x - (-y)",
    "x + y > z*2": "(x + y) > (z*2)",
    "--x": "-(-x)",
}

CANONICAL = {
    "log( x )": "log(x)",
    "x ** 2": "x^2",
    "a / b": "a/b",
    "(a)": "a",
    "(a + b) * c": "(a+b)*c",
    "(a*b) + c": "a*b+c",
    "a - (b - c)": "a-(b-c)",
    "(a - b) - c": "a-b-c",
    "a^(b^c)": "a^b^c",
    "(a^b)^c": "(a^b)^c",
    "(-a)^2": "(-a)^2",
    "-(a^2)": "-a^2",
    "2.0": "2",
    "1e300": "1e+300",
    "min(a,b)": "min(a, b)",
    "if(a>b,1,0)": "if(a>b, 1, 0)",
    "(a > b) == (c > d)": "(a>b)==(c>d)",
    "g=='b'": "g=='b'",
    'g == "it\'s"': "g=='it''s'",
    "`x`": "x",
    "`odd name`^2": "`odd name`^2",
    "b[ x ]": "b[x]",
}

# text -> (problem, start of the carets)
REFUSED = {
    "": ("the expression is empty", 0),
    "log(x + 1": ("expected ')'", 9),
    "(x": ("expected ')'", 2),
    "(x y)": ("expected ')', found y", 3),
    "x +": ("expected a value", 3),
    "x + )": ("expected a value, found )", 4),
    "* x": ("expected a value, found *", 0),
    "x y": ("expected an operator, found y", 2),
    "2x": ("expected an operator, found x", 1),
    "x)": ("expected an operator, found )", 1),
    "x = 1": ("expected an operator, found =", 2),
    "log(x, base=2)": ("expected ')', found =", 11),
    "a < b < c": ("comparisons cannot be chained, found <", 6),
    "x & y": ("unexpected character '&' (ampersand)", 2),
    "x \u2212 y": ("unexpected character '\u2212' (minus sign)", 2),
    "`odd": ("the quote is never closed", 0),
    "x == 'b": ("the quote is never closed", 5),
    "b[x": ("the bracket is never closed", 1),
    "[x]": ("expected a value, found [x]", 0),
    "lgo(x)": ("no function 'lgo'", 0),
    "__import__('os')": ("no function '__import__'", 0),
    "x.__class__()": ("no function 'x.__class__'", 0),
    "log()": ("expected a value, found )", 4),
    "log(x, 2)": ("log takes 1 argument, not 2", 0),
    "1 + min(x)": ("min takes 2 arguments or more, not 1", 4),
    "if(x, 1)": ("if takes 3 arguments, not 2", 0),
    "1e999": ("the number is too large", 0),
    ".": ("'.' can only stand as a term of its own", 0),
    "'b'": ("a text can only be compared with a column, as in g == 'b'", 0),
    "log('b')": ("a text can only be compared with a column, as in g == 'b'", 4),
    "x + 'b'": ("a text can only be compared with a column, as in g == 'b'", 4),
    "'a' == 'b'": ("a text can only be compared with a column, as in g == 'b'", 7),
    "log(g) == 'b'": ("a text can only be compared with a column, as in g == 'b'", 10),
}


@pytest.mark.parametrize("text", TREES)
def test_a_text_is_read_as_its_tree(text):
    assert parse(text) == TREES[text]


@pytest.mark.parametrize("text", SAME_TREE)
def test_operators_bind_as_in_r(text):
    assert parse(text) == parse(SAME_TREE[text])


def test_a_sign_binds_looser_than_a_power():
    assert parse("-2^2") == Unary("-", Binary("^", Number(2.0), Number(2.0)))


@pytest.mark.parametrize("text", CANONICAL)
def test_the_canonical_text_has_no_needless_parenthesis(text):
    assert render(parse(text)) == CANONICAL[text]


@pytest.mark.parametrize("text", REFUSED)
def test_a_bad_expression_is_refused_at_its_place(text):
    problem, start = REFUSED[text]
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert caught.value.problem == problem
    line, carets = caught.value.evidence[:2]
    assert line == text
    assert carets.index("^") == start


def test_the_mark_stands_under_the_end_of_an_open_call():
    with pytest.raises(UsageError) as caught:
        parse("log(x + 1")
    assert str(caught.value) == "expected ')'\n  log(x + 1\n           ^"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("lgo(x)", "did you mean:  log"),
        ("ln(x)", "the natural logarithm is log"),
        ("x = 1", "to compare, write '=='"),
        ("C(g) + 1", "C(g) stands as a term of its own on the right of '~'"),
    ],
)
def test_a_common_slip_gets_its_remedy(text, hint):
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert caught.value.evidence[-1].startswith(hint)


def test_an_unknown_function_lists_the_known_ones():
    with pytest.raises(UsageError) as caught:
        parse("gamma(x)")
    (listed,) = (line for line in caught.value.evidence if line.startswith("functions: "))
    assert set(listed.removeprefix("functions: ").split(", ")) == set(FUNCTIONS)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "x" + ")" * 10_000,
        "(" * 10_000,
        "-" * 10_000 + "x",
        "log(" * 10_000 + "x",
        "2^" * 10_000 + "x",
        "x + " * 10_000 + "x",
    ],
    ids=["parentheses", "open", "signs", "calls", "powers", "sum"],
)
def test_what_is_too_deep_is_refused_in_a_few_lines(text):
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert len(str(caught.value)) < 400


def test_the_deepest_trees_allowed_can_be_compared_and_rendered():
    for text in ("x+" * (MAX_HEIGHT - 1) + "x", "-" * (MAX_NESTING - 1) + "x"):
        tree = parse(text)
        assert render(tree) == text
        assert parse(text) == tree
        assert hash(parse(text)) == hash(tree)


def test_a_long_flat_expression_is_fine():
    columns = [f"column_{i}" for i in range(20_000)]
    assert names(parse(f"max({', '.join(columns)})")) == tuple(columns)


def test_the_mark_counts_the_columns_of_a_terminal():
    assert marked("身長 + ?", Span(5, 6)) == ("身長 + ?", " " * 7 + "^")
    assert marked("a\tb\n?", Span(4, 5)) == ("a b ?", "    ^")
    assert marked("e\u0301 ?", Span(3, 4))[1] == "  ^"


def test_a_long_text_is_shown_around_the_mark_only():
    line, carets = marked("a" * 500 + "?" + "b" * 500, Span(500, 501))
    assert line == "..." + "a" * 30 + "?" + "b" * 30 + "..."
    assert line[carets.index("^")] == "?"


def test_every_node_knows_where_it_stands():
    text = "log( x ) + -`odd name`^2 > b[z]"
    places = {render(node): text[node.at.start : node.at.end] for node in walk(parse(text))}
    assert places == {
        "log(x)+-`odd name`^2>b[z]": text,
        "log(x)+-`odd name`^2": "log( x ) + -`odd name`^2",
        "log(x)": "log( x )",
        "x": "x",
        "-`odd name`^2": "-`odd name`^2",
        "`odd name`^2": "`odd name`^2",
        "`odd name`": "`odd name`",
        "2": "2",
        "b[z]": "b[z]",
    }


def test_names_come_in_order_and_once():
    assert names(parse("b + log(a)*b - sigma[z] + c")) == ("b", "a", "c")


def test_names_compared_with_a_text_are_told_apart():
    assert text_names(parse("if(g == 'b', x, y) + ('c' != h) + (z > 1)")) == ("g", "h")


@pytest.mark.parametrize("name", ["x", "x.1", "_a", "größe", "身長", "class", "log", "C", ".x"])
def test_a_plain_name_needs_no_backticks(name):
    assert quote(name) == name


@pytest.mark.parametrize("name", ["", ".", "1x", ".5", "a b", "a`b", "a-b", "x²", "a\nb", "'", "~"])
def test_an_odd_name_gets_backticks(name):
    assert quote(name).startswith("`")
    assert parse(quote(name)) == Name(name)


@pytest.mark.parametrize(
    ("text", "name", "better"),
    [
        ("yy ~ yy2 + log(yy)", "yy", "y ~ yy2 + log(y)"),
        ("y ~ `a b`:c", "a b", "y ~ y:c"),
        ("log ~ log(log)", "log", "y ~ log(y)"),
        ("ref ~ C(ref, ref='ref')", "ref", "y ~ C(y, ref='ref')"),
    ],
)
def test_a_column_is_respelt_wherever_it_stands_and_nothing_else_is(text, name, better):
    assert respelt(text, name, "y") == better
    assert respelt(better, "y", "odd name") == better.replace("y ~", "`odd name` ~").replace(
        "(y", "(`odd name`"
    ).replace("y:c", "`odd name`:c")


@given(st.text())
def test_any_name_survives_quoting(name):
    assert parse(quote(name)) == Name(name)


@given(st.text())
def test_any_text_is_parsed_or_refused_politely(text):
    try:
        tree = parse(text)
    except UsageError:
        return
    assert parse(render(tree)) == tree


@settings(max_examples=300)
@given(st.deferred(lambda: TREE))
def test_the_canonical_text_means_the_same_tree(tree):
    assert parse(render(tree)) == tree


@given(st.deferred(lambda: TREE))
def test_walking_visits_every_child(tree):
    nodes = list(walk(tree))
    assert len(nodes) == 1 + sum(len(children(node)) for node in nodes)


_NAMES = st.builds(Name, st.sampled_from(["x", "y", "odd name", "größe", "a`b", "if"]))
_LEAVES = st.one_of(
    _NAMES,
    st.builds(Number, st.floats(min_value=0, allow_infinity=False).map(abs)),
    st.builds(Reference, st.sampled_from(["b", "odd name"]), st.text().map(str.strip)),
    st.builds(Reference, st.just("b"), st.text("[]'\" a", max_size=6)),
    st.builds(Comparison, st.sampled_from(["==", "<"]), _NAMES, st.builds(Text, st.text())),
)


def _larger(inner):
    return st.one_of(
        st.builds(Unary, st.just("-"), inner),
        st.builds(Binary, st.sampled_from("+-*/^"), inner, inner),
        st.builds(Comparison, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), inner, inner),
        st.builds(Call, st.sampled_from(["log", "I"]), st.tuples(inner)),
        st.builds(Call, st.just("max"), st.lists(inner, min_size=2, max_size=4).map(tuple)),
        st.builds(Call, st.just("if"), st.tuples(inner, inner, inner)),
    )


TREE: st.SearchStrategy[Expression] = st.recursive(_LEAVES, _larger, max_leaves=12)
