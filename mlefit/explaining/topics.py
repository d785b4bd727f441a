"""What can be explained, and which of it a word means. Nothing numeric is loaded for the names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, get_args, get_origin, get_type_hints

from mlefit import families, priors
from mlefit.errors import UsageError, did_you_mean
from mlefit.explaining.concepts import CONCEPTS
from mlefit.frozen import frozen
from mlefit.results import fit as records

KINDS = ("concept", "family", "loss", "estimator", "prior", "link", "field")

PENALTIES = {"l1": "laplace", "l2": "normal"}
"""What a prior is called by its penalty."""

# spellings of a family that are the names of losses rather than of distributions
_LOSS = re.compile(
    r"loss|error|entropy|deviance|squares|nll|^(r?ms|ma)e$|^msle$|^bce|^ols$|^l[12]-|^pinball$"
    r"|^lad$|absolute|^quantile$|^log-?cosh|^(smooth|soft)|:[a-z]|^(quantile-|median-|huber-)?"
    r"regression|^softmax$|^logistic-regression$|^logit$"
)


@frozen
class Topic:
    """What a word means.

    Attributes:
        kind: one of `KINDS`.
        name: its canonical name.
        written: how the user wrote it.
    """

    kind: str
    name: str
    written: str = ""


@frozen
class Described:
    """A field of a result document.

    Attributes:
        record: the record it is in.
        name: its name.
        description: what the record says of it.
    """

    record: str
    name: str
    description: str


def resolve(word: str) -> Topic:
    """The topic that a word means; `kind:word` asks for one kind alone.

    Raises:
        UsageError: nothing has this name.
    """
    kind, colon, rest = word.partition(":")
    if colon and kind.lower() in KINDS:
        found = next((one for one in _meanings(rest) if one.kind == kind.lower()), None)
        if found is not None:
            return found
    found = next(_meanings(word), None)
    if found is not None:
        return found
    families_error = _refused(word)
    if families_error is not None:
        raise families_error
    if Path(word).exists():
        raise UsageError(
            f"'{word}' is a file: what of it is to be explained?",
            tries=[f"mlefit explain FAMILY {word}", "mlefit explain"],
        )
    close = did_you_mean(word, names())
    raise UsageError(
        f"nothing to explain is called '{word}'",
        tries=[f"mlefit explain {near}" for near in close] or ["mlefit explain"],
    )


@cache
def names() -> tuple[str, ...]:
    """Every word that has a page, for completion and suggestions."""
    found = [
        *CONCEPTS,
        *families.NAMES,
        *(spelling for name in families.NAMES for spelling in families.spellings_of(name)),
        *PENALTIES,
        *(name for name in priors.NAMES if name not in families.NAMES),
        *link_names(),
        *estimator_names(),
        *(field.name for field in described()),
    ]
    return tuple(dict.fromkeys(found))


@cache
def link_names() -> tuple[str, ...]:
    """The links, read from their file without loading it."""
    text = (Path(families.__file__).parent.parent / "links.py").read_text(encoding="utf-8")
    return tuple(re.findall(r'^    name, formula, onto = "([\w-]+)"', text, re.MULTILINE))


@cache
def estimator_names() -> tuple[str, ...]:
    """Estimators of other programs, read from the families' and translations' files."""
    found: dict[str, None] = {}
    root = Path(families.__file__).parent
    for path in sorted(root.glob("[a-z]*.py")):
        text = path.read_text(encoding="utf-8")
        found |= dict.fromkeys(re.findall(r'"scikit-learn": f?"(\w+)\(', text))
        found |= dict.fromkeys(re.findall(r"(nn\.\w+Loss)\(", text))
        found |= dict.fromkeys(re.findall(r'"R": f?"(?:\w+::)?(lm|rq|multinom)\(', text))
    for path in sorted((root.parent / "translations").glob("[a-z]*.py")):
        text = path.read_text(encoding="utf-8")
        found |= dict.fromkeys(re.findall(r'name="sklearn:(\w+)"', text))
    return tuple(found)


@cache
def described() -> tuple[Described, ...]:
    """Fields of the documents, each with what its record says of it; the first of a name."""
    found: dict[str, Described] = {}
    wanted = (records.Certificate, *(one for one in vars(records).values() if is_dataclass(one)))
    for record in wanted:
        assert isinstance(record, type)
        hints = get_type_hints(record, include_extras=True)
        for field in fields(record):
            hint = hints[field.name]
            if get_origin(hint) is Annotated:
                words = str(get_args(hint)[1])
                found.setdefault(field.name, Described(record.__name__, field.name, words))
    return tuple(found.values())


def is_loss(spelling: str) -> bool:
    """Whether a spelling of a family is the name of a loss."""
    plain = re.sub(r":[0-9.]+$", "", spelling.lower().replace("_", "-"))
    return _LOSS.search(plain) is not None


def _meanings(word: str) -> Iterator[Topic]:
    """What a word can mean, the likeliest first."""
    plain = word.strip().lower().replace("_", "-").replace(" ", "-")
    for name, concept in CONCEPTS.items():
        if plain in (name, *concept.also):
            yield Topic("concept", name, word)
    if word in estimator_names():  # spelt as there: ElasticNet is not the prior elasticnet
        yield from _estimators(word)
    if plain in PENALTIES:
        yield Topic("prior", PENALTIES[plain], plain)
    if plain in families.NAMES:
        yield Topic("family", plain, word)
    if plain in link_names():
        yield Topic("link", plain, word)
    if plain in priors.NAMES:
        yield Topic("prior", plain, word)
    yield from _estimators(word)
    for field in described():
        if plain.replace("-", "_") == field.name:
            yield Topic("field", field.name, word)
    yield from _families(word)


def _estimators(word: str) -> Iterator[Topic]:
    # what begins with a capital or names its module; mse and quantile are losses
    if not re.search(r"[A-Z]|\.|::", word) and word.lower() not in _lower_estimators():
        return
    from mlefit.explaining.estimators import find

    found = find(word)
    if len(found) == 1:
        yield Topic("estimator", word, word)
    elif found:
        tries = [f"mlefit explain {one.family}" for one in found]
        raise UsageError(f"'{word}' fits several families", tries=tries)


@cache
def _lower_estimators() -> frozenset[str]:
    taken = set(families.aliases()) | set(PENALTIES)
    known = (name.lower().split(".")[-1] for name in estimator_names())
    return frozenset(name for name in known if name not in taken)


def _families(word: str) -> Iterator[Topic]:
    try:
        name = families.resolve(word)
    except UsageError:
        name = ""
    if name:
        yield Topic("loss" if is_loss(word) else "family", name, word)
        return
    folded = re.sub(r"[-_ ]", "", word.lower())
    for family in families.every():
        for loss in family.losses:
            if folded == re.sub(r"[-_ ]", "", loss.name.lower()):
                yield Topic("loss", family.label, loss.name)


def _refused(word: str) -> UsageError | None:
    """Why a loss is no likelihood, where that is what was asked for."""
    try:
        families.resolve(word)
    except UsageError as error:
        return None if error.problem.startswith("no family") else error
    return None
