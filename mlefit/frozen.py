"""Values that do not change, with named fields: dataclasses that are made without a compiler.

`dataclass(frozen=True)` writes the source of every method of every class and compiles it: half
a millisecond a class, and a small fit needs a hundred and thirty of them, a fifth of its time.
Here all classes share their methods, which look the fields up. Everything else is left to the
standard library: `fields`, `replace`, `asdict`, `is_dataclass` and pickle see a dataclass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from functools import cache, partial
from reprlib import recursive_repr
from typing import Any, NamedTuple, NoReturn, TypeVar, dataclass_transform, overload

T = TypeVar("T")


@overload
def frozen(cls: type[T], /) -> type[T]: ...
@overload
def frozen(*, eq: bool) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: Any = None, /, *, eq: bool = True) -> Any:
    """The class as a frozen dataclass; a method that it defines itself stays.

    Args:
        cls: the class.
        eq: whether two of a type are equal where their fields are, and hashed by them; else
            each is equal to itself alone.
    """
    if cls is None:
        return partial(frozen, eq=eq)
    _lend(cls, __init__=_init, __repr__=_repr)
    _lend(cls, __setattr__=_refuse_to_set, __delattr__=_refuse_to_delete)
    if eq:
        # where equality alone is defined, Python says by None that there is no hash
        if vars(cls).get("__hash__") is None:
            cls.__hash__ = _hash
        _lend(cls, __eq__=_equal)
    return dataclass(init=False, repr=False, eq=False)(cls)


def _lend(cls: type, **methods: Callable[..., Any]) -> None:
    for name, method in methods.items():
        if name not in vars(cls):
            setattr(cls, name, method)


class _Shape(NamedTuple):
    """What the methods need to know of the fields of a class."""

    positional: tuple[str, ...]
    taken: frozenset[str]
    defaults: Mapping[str, Any]
    factories: Mapping[str, Callable[[], Any]]
    every: frozenset[str]
    shown: tuple[str, ...]
    compared: tuple[str, ...]


@cache
def _shape(cls: Any) -> _Shape:
    every = fields(cls)
    given = [f for f in every if f.init]
    return _Shape(
        tuple(f.name for f in given if not f.kw_only),
        frozenset(f.name for f in given),
        {f.name: f.default for f in every if f.default is not MISSING},
        {f.name: f.default_factory for f in every if f.default_factory is not MISSING},
        frozenset(f.name for f in every),
        tuple(f.name for f in every if f.repr),
        tuple(f.name for f in every if f.compare),
    )


def _init(self: Any, /, *given: Any, **named: Any) -> None:
    cls: Any = type(self)
    shape = _shape(cls)
    state: dict[str, Any] = self.__dict__
    if len(given) > len(shape.positional):
        raise TypeError(
            f"{cls.__qualname__} takes {len(shape.positional)} values, not {len(given)}"
        )
    state.update(zip(shape.positional, given, strict=False))
    for name, value in named.items():
        if name in state or name not in shape.taken:
            raise TypeError(f"{cls.__qualname__} got {name!r} twice, or has no such field")
        state[name] = value
    if len(state) < len(shape.every):
        for name in shape.every - state.keys():
            if name in shape.factories:
                state[name] = shape.factories[name]()
            elif name in shape.defaults:
                state[name] = shape.defaults[name]
            else:
                raise TypeError(f"{cls.__qualname__} needs {name!r}")
    if hasattr(cls, "__post_init__"):
        self.__post_init__()


@recursive_repr()
def _repr(self: Any) -> str:
    cls: Any = type(self)
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in _shape(cls).shown)
    return f"{cls.__qualname__}({shown})"


def _compared(self: Any) -> tuple[Any, ...]:
    cls: Any = type(self)
    state = self.__dict__
    return tuple([state[name] for name in _shape(cls).compared])


def _equal(self: Any, other: object) -> bool:
    if type(self) is not type(other):
        return NotImplemented
    return _compared(self) == _compared(other)


def _hash(self: Any) -> int:
    return hash(_compared(self))


def _refuse_to_set(self: Any, name: str, value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: Any, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")
