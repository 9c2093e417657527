"""Shapes of the members of an entry's body (``spec/entry.md``, *Body*). A shape is a question: is this value one?"""

import re
from collections.abc import Callable

from .commitment import committed
from .encoding import is_hash, is_time
from .strict import Number, Value

Shape = Callable[[Value], bool]

_CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def text(value: Value) -> bool:
    """Any text."""
    return isinstance(value, str)


def flag(value: Value) -> bool:
    """True or false."""
    return isinstance(value, bool)


def count(value: Value) -> bool:
    """An integer from 0."""
    integer = value.integer() if isinstance(value, Number) else None
    return integer is not None and integer >= 0


def hexed(value: Value) -> bool:
    """A hex SHA-256."""
    return isinstance(value, str) and is_hash(value)


def time(value: Value) -> bool:
    """A time, as every entry has one."""
    return isinstance(value, str) and is_time(value)


def code(value: Value) -> bool:
    """At most 64 bytes of lower-case words joined by single hyphens."""
    return isinstance(value, str) and len(value) <= 64 and _CODE.fullmatch(value) is not None


def commitment(value: Value) -> bool:
    """A commitment, exactly."""
    return committed(value) is not None


def null(value: Value) -> bool:
    """Null."""
    return value is None


def either(*shapes: Shape) -> Shape:
    """One of several shapes."""
    return lambda value: any(shape(value) for shape in shapes)


def word(*words: str) -> Shape:
    """One of several words."""
    return lambda value: isinstance(value, str) and value in words


def array(of: Shape, empty: bool = True) -> Shape:
    """An array in which each has a shape."""
    return lambda value: isinstance(value, list) and (empty or bool(value)) and all(of(each) for each in value)


def anything(value: Value) -> bool:
    """A member whose presence is all that is asked for."""
    return True


def members(must: dict[str, Shape], may: dict[str, Shape] | None = None) -> Shape:
    """An object with these members; it may have others."""
    optional = may or {}

    def is_one(value: Value) -> bool:
        if not isinstance(value, dict):
            return False
        return all(name in value and shape(value[name]) for name, shape in must.items()) and all(
            shape(value[name]) for name, shape in optional.items() if name in value
        )

    return is_one


principal = members({"id": text, "asserted": flag})
fields = members({"root": hexed, "size": count})
reasons = array(members({"code": code}))
facts = array(members({"tool": text}, {"was": either(commitment, null), "now": either(commitment, null)}))
heads = array(members({"origin": text, "size": count, "root": hexed}))
