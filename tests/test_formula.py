"""Formulas: which terms they mean (as R's `terms()` says), what is refused and where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlefit.errors import UsageError
from mlefit.expression import Call, Name, parse
from mlefit.formula import Factor, Term, column_formula, parse_formula, quote

# R 4: t <- terms(as.formula(f), data = data.frame(y, a, b, c, d)); attr(t, "intercept"),
# attr(t, "term.labels"). Where the spelling of a factor's order differs, ours keeps the
# first spelling of the term.
AS_R = {
    "y ~ a": "1 a",
    "y ~ 1": "1",
    "y ~ 0": "0",
    "y ~ -0": "1",
    "y ~ +0": "0",
    "y ~ +1": "1",
    "y ~ -1": "0",
    "y ~ 1 - 1": "0",
    "y ~ 0 - 0": "1",
    "y ~ +a": "1 a",
    "y ~ -a": "1",
    "y ~ a - 1": "0 a",
    "y ~ a - 1 + 1": "1 a",
    "y ~ a + 0": "0 a",
    "y ~ a - 0": "1 a",
    "y ~ 0 + a + 1": "1 a",
    "y ~ -1 + a": "0 a",
    "y ~ a + b - 1 - 1": "0 a b",
    "y ~ (1 + a) - 1": "0 a",
    "y ~ (0 + a) + b": "0 a b",
    "y ~ a + (b - 1)": "0 a b",
    "y ~ -(1)": "0",
    "y ~ -(0)": "1",
    "y ~ a - (-1)": "1 a",
    "y ~ a - (b - 1)": "1 a",
    "y ~ a - (1 - 1)": "1 a",
    "y ~ -(a + 1) + a": "0 a",
    "y ~ a + -b": "1 a",
    "y ~ - a + a": "1 a",
    "y ~ b + a + b": "1 b a",
    "y ~ a:b + a": "1 a a:b",
    "y ~ a:a": "1 a",
    "y ~ a*a": "1 a",
    "y ~ b:a + a:b": "1 b:a",
    "y ~ a:b - b:a": "1",
    "y ~ (a - a)": "1",
    "y ~ a*b": "1 a b a:b",
    "y ~ a*b + c": "1 a b c a:b",
    "y ~ a*b - a": "1 b a:b",
    "y ~ a*b*c": "1 a b c a:b a:c b:c a:b:c",
    "y ~ a*(b + c)": "1 a b c a:b a:c",
    "y ~ a:b*c": "1 c a:b a:b:c",
    "y ~ (a + b):c": "1 a:c b:c",
    "y ~ a:(b + c)": "1 a:b a:c",
    "y ~ (a - 1):b": "0 a:b",
    "y ~ (a + 1):b": "1 a:b",
    "y ~ (a + 0)*b": "0 a b a:b",
    "y ~ (a + b + 1)^2": "1 a b a:b",
    "y ~ (a + b + c)^2 - a:b": "1 a b c a:c b:c",
    "y ~ (a + b)^3": "1 a b a:b",
    "y ~ (a + b + c + d)^3": "1 a b c d a:b a:c a:d b:c b:d c:d a:b:c a:b:d a:c:d b:c:d",
    "y ~ (a + b)**2": "1 a b a:b",
    "y ~ (a*b)^2": "1 a b a:b",
    "y ~ a^2": "1 a",
    "y ~ a^2:b": "1 a:b",
    "y ~ d + c:b + a + b:a": "1 d a c:b b:a",
    "y ~ .": "1 a b c d",
    "y ~ . - a": "1 b c d",
    "y ~ a - .": "1",
    "y ~ .:a": "1 a b:a c:a d:a",
    "y ~ (.)^2": "1 a b c d a:b a:c a:d b:c b:d c:d",
    "y ~ .^2": "1 a b c d a:b a:c a:d b:c b:d c:d",
    "y ~ (. - 1)^2": "0 a b c d a:b a:c a:d b:c b:d c:d",
    "log(y) ~ .": "1 a b c d",
    "y ~ I(a^2) + a": "1 I(a^2) a",
    "y ~ log( a )": "1 log(a)",
    "y ~ `a` + a": "1 a",
}

LABELS = {
    "y ~ x": ["x"],
    "y ~ `odd name`:x": ["`odd name`:x"],
    "y ~ I( x ** 2 )": ["I(x^2)"],
    "y ~ I((a + b)/2)": ["I((a+b)/2)"],
    "y ~ C(g)": ["C(g)"],
    "y ~ C(g, ref='b')": ["C(g)"],
    "y ~ C(g):x + g": ["g", "C(g):x"],
    "y ~ if(x > 0, log(x), 0)": ["if(x>0, log(x), 0)"],
    "y ~ I(g == 'b')": ["I(g=='b')"],
    "y ~ größe + 身長": ["größe", "身長"],
    "y ~ class + lambda + C + log": ["class", "lambda", "C", "log"],
    "y~x.1+.z": ["x.1", ".z"],
    "y ~ x^2": ["x"],
    "y ~ log(x)^2": ["log(x)"],
}

# formula -> (problem, start of the carets)
REFUSED = {
    "": ("expected '~'", 0),
    "cost + age": ("expected '~'", 10),
    "y ~ a ~ b": ("a formula has only one '~'", 6),
    "y x ~ a": ("expected '~', found x", 2),
    "y ~": ("nothing follows '~'", 3),
    "y ~ a +": ("expected a term", 7),
    "y ~ a + )": ("expected a term, found )", 8),
    "y ~ (a + b": ("expected ')'", 10),
    "y ~ a b": ("expected an operator, found b", 6),
    "y ~ a)": ("expected an operator, found )", 5),
    "y ~ a/b": ("'/' cannot stand between terms", 5),
    "y ~ (a/b)": ("'/' cannot stand between terms", 6),
    "y ~ a + b/c": ("'/' cannot stand between terms", 9),
    "y ~ b %in% a": ("'%in%' cannot stand between terms", 6),
    "y ~ a | g": ("'|' cannot stand between terms", 6),
    "y ~ a > 3": ("'>' cannot stand between terms", 6),
    "y ~ a = 3": ("'=' cannot stand between terms", 6),
    "y ~ a + offset(e)": ("an offset is not a term here", 8),
    "y ~ factor(g)": ("no function 'factor'", 4),
    "cbind(a, b) ~ x": ("'cbind' is not a term here", 0),
    "y ~ 2": ("2 is not a term; only 0 and 1 are, for the intercept", 4),
    "y ~ 2*a": ("2 is not a term; only 0 and 1 are, for the intercept", 4),
    "y ~ a + 1.0": ("1.0 is not a term; only 0 and 1 are, for the intercept", 8),
    "y ~ 1:a": ("':' needs terms on both sides", 5),
    "y ~ a*0": ("'*' needs terms on both sides", 5),
    "y ~ a:-b": ("expected a term, found -", 6),
    "y ~ a^b": ("expected a whole number of at least 1, found b", 6),
    "y ~ a^0": ("expected a whole number of at least 1, found 0", 6),
    "y ~ a^0.5": ("expected a whole number of at least 1, found 0.5", 6),
    "y ~ 'a'": ("a text is not a term", 4),
    "y ~ b[x]": ("a coefficient is not a column", 4),
    "y ~ I(2*b[x])": ("a coefficient is not a column", 8),
    "y ~ log(2)": ("log(2) names no column", 4),
    "2 ~ a": ("2 names no column", 0),
    "y ~ log(.)": ("'.' can only stand as a term of its own", 8),
    "y ~ log(a": ("expected ')'", 9),
    "y ~ lgo(a)": ("no function 'lgo'", 4),
    "y ~ __import__('os')": ("no function '__import__'", 4),
    "y ~ a + y": ("the response y cannot also be a term", 8),
    "y ~ a:log(y)": ("the response y cannot also be a term", 6),
    "log(y) ~ y": ("the response log(y) cannot also be a term", 9),
    "y ~ C(g, ref=b)": ("expected a level in quotes, as in ref='b', found b", 13),
    "y ~ C(g, base='b')": ("expected ref='level', found base", 9),
    "y ~ C(g, ref='a') + C(g, ref='b')": ("C(g) has two base levels", 22),
    "y ~ C(g": ("expected ')'", 7),
    "y ~ a & b": ("unexpected character '&' (ampersand)", 6),
}


@pytest.mark.parametrize("text", AS_R)
def test_a_formula_means_what_it_means_in_r(text):
    right = parse_formula(text).expand(["y", "a", "b", "c", "d"])
    assert [str(int(right.intercept)), *labels(right)] == AS_R[text].split()


@pytest.mark.parametrize("text", LABELS)
def test_terms_have_canonical_labels(text):
    assert labels(parse_formula(text).expand()) == LABELS[text]


@pytest.mark.parametrize("text", REFUSED)
def test_a_bad_formula_is_refused_at_its_place(text):
    problem, start = REFUSED[text]
    with pytest.raises(UsageError) as caught:
        parse_formula(text)
    assert caught.value.problem == problem
    line, carets = caught.value.evidence[:2]
    assert line == text
    assert carets.index("^") == start


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("cost + age", "write 'response ~ terms', for example 'cost ~ age'"),
        ("cost ~", "for no terms at all: cost ~ 1"),
        ("y ~ a/b", "for a quotient: I(a/b)"),
        ("y ~ a/b", "for nesting: a + a:b"),
        ("y ~ offset(e)", "name its column with --offset"),
        ("y ~ 'odd name'", "a column with an odd name: `odd name`"),
        ("y ~ g[b]", "if the column really has this name: `g[b]`"),
    ],
)
def test_a_refusal_says_what_to_write_instead(text, hint):
    with pytest.raises(UsageError) as caught:
        parse_formula(text)
    assert hint in caught.value.evidence


def test_the_two_sides_and_their_names_are_kept():
    formula = parse_formula("log(cost) ~ age + log(cost.2):g - x")
    assert formula.response == parse("log(cost)")
    assert formula.response_label == "log(cost)"
    assert formula.names == ("cost", "age", "cost.2", "g", "x")
    assert not formula.has_dot
    assert parse_formula("y ~ a + .").has_dot


def test_a_formula_may_have_no_response():
    formula = parse_formula("~ a + b")
    assert formula.response is None
    assert formula.response_label == ""
    assert labels(formula.expand()) == ["a", "b"]


def test_another_column_of_the_response_may_be_a_term():
    assert labels(parse_formula("y/n ~ n").expand()) == ["n"]


def test_the_response_may_be_taken_away():
    assert labels(parse_formula("y ~ . - y").expand(["y", "a"])) == ["a"]


def test_a_factor_keeps_what_was_asked_of_it():
    (term,) = parse_formula("y ~ C(year, ref=1990)").expand().terms
    assert term.factors == (Factor(Name("year"), categorical=True, reference="1990"),)
    (term,) = parse_formula("y ~ C(z, ref=-1)").expand().terms
    assert term.factors[0].reference == "-1"
    (term,) = parse_formula("y ~ I(x)").expand().terms
    assert term.factors == (Factor(Call("I", (Name("x"),))),)


def test_one_base_level_holds_for_every_mention_of_the_factor():
    right = parse_formula("y ~ C(g):x + C(g, ref='b')").expand()
    assert labels(right) == ["C(g)", "C(g):x"]
    assert {f.reference for t in right.terms for f in t.factors if f.categorical} == {"b"}


def test_a_term_is_a_set_of_factors():
    a, b = Factor(Name("a")), Factor(Name("b"))
    assert Term((a, b)) == Term((b, a))
    assert len({Term((a, b)), Term((b, a))}) == 1
    assert Term((a,)) != Term((b,))
    assert Term((a,)) != a


def test_a_dot_without_other_columns_has_nothing_to_interact_with():
    formula = parse_formula("y ~ .:g")
    assert labels(formula.expand(["y", "g", "x"])) == ["g", "x:g"]
    with pytest.raises(UsageError, match="needs terms on both sides"):
        formula.expand(["y"])


def test_thousands_of_columns_are_fine_and_more_than_ten_thousand_terms_are_not():
    features = [f"x{i}" for i in range(5_000)]
    assert labels(column_formula("y", features).expand()) == features
    assert len(parse_formula("y ~ .").expand(features).terms) == 5_000
    with pytest.raises(UsageError, match="more than 10,000 terms"):
        parse_formula("y ~ .^2").expand(features)
    with pytest.raises(UsageError, match="more than 10,000 terms"):
        parse_formula("y ~ " + "*".join("abcdefghijklmnop"))


def test_powers_of_powers_end_soon():
    nested = "y ~ (w + (x + (u + . + C(w))^1 + C(flag))^9 + C(g, ref='b'))^2"
    others = ["x", "z", "n", "w", "g", "flag", "day", "odd name", "u"]
    assert len(parse_formula(nested).expand(others).terms) == 4083
    with pytest.raises(UsageError, match=r"'\^' multiplies 8,191 terms by 8,191"):
        parse_formula("y ~ ((a+b+c+d+e+f+g+h+i+j+k+l+m)^13)^13")


def test_a_column_called_intercept_is_told_from_the_constant_one():
    right = parse_formula("y ~ Intercept + x").expand()
    assert labels(right) == ["`Intercept`", "x"]


def test_a_huge_power_stops_when_nothing_is_added():
    assert len(parse_formula("y ~ (a + b + c)^99999999999").expand().terms) == 7


@pytest.mark.parametrize("deep", ["(" * 10_000 + "a", "-" * 10_000 + "a", "log(" * 10_000 + "a"])
def test_deep_nesting_is_refused(deep):
    with pytest.raises(UsageError, match="nested more than 100 deep"):
        parse_formula("y ~ " + deep)


def test_a_formula_of_columns_without_features_is_a_plain_sample():
    formula = column_formula("waiting time")
    assert formula.text == "`waiting time` ~ 1"
    assert formula.response == Name("waiting time")
    assert formula.expand().terms == ()


@given(st.lists(st.text(), min_size=2, max_size=6, unique=True))
def test_any_column_names_make_a_formula(columns):
    target, *features = columns
    formula = column_formula(target, features)
    assert formula.names == tuple(columns)
    assert labels(formula.expand()) == [quote(name) for name in features]


@given(st.text("ab1. ~+-*:^()'`C,=[", max_size=20))
def test_any_text_is_a_formula_or_is_refused_politely(text):
    try:
        found, said = labels(parse_formula(text).expand(["a", "b", "y"])), "a formula"
    except UsageError as refusal:
        found, said = [], refusal.problem
    assert said
    assert len(said.splitlines()) == 1
    assert len(found) == len(set(found))


def labels(right):
    return [term.label for term in right.terms]
