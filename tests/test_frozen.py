"""A frozen class is what `dataclass(frozen=True)` makes, found to be so side by side."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import (
    FrozenInstanceError,
    asdict,
    dataclass,
    field,
    fields,
    is_dataclass,
    replace,
)
from typing import Any, ClassVar

import pytest

from mlefit.frozen import frozen

KINDS: list[Any] = [frozen, dataclass(frozen=True)]


def made(kind: Any) -> Any:
    @kind
    class Base:
        """Has what a class may have."""

        first: int
        second: float = 2.5
        many: list[int] = field(default_factory=list)
        hidden: str = field(default="h", repr=False, compare=False)
        fixed: ClassVar[int] = 7
        last: int = field(default=0, kw_only=True)

    @kind
    class Derived(Base):
        """Adds a field, changes a default and checks itself."""

        second: float = 3.5
        more: str = "m"

        def __post_init__(self):
            if self.first < 0:
                raise ValueError("negative")

    return Base, Derived


CALLS = [
    ((1,), {}),
    ((1, 2.0), {}),
    ((1, 2.0, [3], "x"), {"last": 4}),
    ((), {"first": 1, "last": 2, "hidden": "y"}),
    ((), {}),
    ((1, 2.0, [3], "x", 5, 6), {}),
    ((1,), {"first": 1}),
    ((1,), {"fixed": 1}),
    ((1,), {"none": 1}),
    ((-1,), {}),
]


def outcome(cls, given, named):
    try:
        one = cls(*given, **named)
    except (TypeError, ValueError) as error:
        return type(error)
    return asdict(one), repr(one).rpartition(".")[2], one.fixed


@pytest.mark.parametrize(("given", "named"), CALLS)
@pytest.mark.parametrize("which", [0, 1])
def test_a_call_makes_what_a_dataclass_makes(which, given, named):
    found, wanted = (outcome(made(kind)[which], given, named) for kind in KINDS)
    assert found == wanted


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_equal_and_what_is_not(kind):
    base, derived = made(kind)
    assert base(1, many=()) == base(1, many=(), hidden="other")
    assert hash(base(1, many=())) == hash(base(1, many=(), hidden="other"))
    assert base(1) != base(2)
    assert base(1, 3.5) != derived(1)
    assert base(1) != (1, 2.5, [], 0)
    with pytest.raises(TypeError, match="unhashable"):
        hash(base(1))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_set_or_deleted(kind):
    one = made(kind)[1](1)
    with pytest.raises(FrozenInstanceError):
        one.first = 2
    with pytest.raises(FrozenInstanceError):
        one.other = 2
    with pytest.raises(FrozenInstanceError):
        del one.first
    assert one.first == 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_library_sees_a_dataclass(kind):
    base, derived = made(kind)
    assert base.__match_args__ == ("first", "second", "many", "hidden")
    assert is_dataclass(base)
    names = ["first", "second", "many", "hidden", "last"]
    assert [f.name for f in fields(base)] == names
    assert [f.name for f in fields(derived)] == [*names, "more"]
    assert replace(derived(1, more="n"), second=1.0) == derived(1, 1.0, more="n")
    assert derived(1).many is not derived(1).many


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_class_defines_itself_stays(kind):
    class Own:
        """Knows its own hash and words."""

        x: list[int]

        def __hash__(self):
            return 5

        def __repr__(self):
            return "own"

    own: Any = kind(Own)
    assert (hash(own([1])), repr(own([1]))) == (5, "own")
    assert own([1]) == own([1])


@frozen
class Pair:
    """At the top of the module, where pickle finds it."""

    left: Mapping[str, int]
    right: object = None


@frozen(eq=False)
class Itself:
    """Equal to itself alone."""

    x: int


def test_pickle_brings_back_the_same():
    pair = Pair({"a": 1}, Pair({}))
    assert pickle.loads(pickle.dumps(pair)) == pair


def test_a_value_that_holds_itself_can_be_shown():
    held: dict[str, Any] = {}
    pair = Pair(held)
    held["me"] = pair
    assert repr(pair) == "Pair(left={'me': ...}, right=None)"


def test_without_equality_each_is_equal_to_itself():
    one = Itself(1)
    assert one == one
    assert one != Itself(1)
    assert len({one, Itself(1)}) == 2
