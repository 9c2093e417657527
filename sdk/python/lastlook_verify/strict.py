"""Strict JSON (``spec/README.md``) and its canonical form (RFC 8785).

The parser keeps a stack of its own: input of a million brackets costs a refusal and no recursion. Numbers stay as they are spelt,
so that no reader's rounding decides what was said.
"""

import re
from dataclasses import dataclass
from typing import Union

MAX_SAFE = 2**53 - 1
"""The largest magnitude that every reader of JSON holds exactly."""

_SPACE = re.compile(r"[ \t\n\r]*")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_HEX4 = re.compile(r"[0-9a-fA-F]{4}")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_LITERALS: tuple[tuple[str, "Value"], ...] = (("true", True), ("false", False), ("null", None))

_MUST_ESCAPE = re.compile(r'["\\\x00-\x1f]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


@dataclass(frozen=True)
class Number:
    """A number as it was spelt."""

    text: str

    def integer(self) -> int | None:
        """Its value, if its spelling is that of an integer within ±(2^53 − 1). ``-0`` is one, ``1.0`` and ``1e2`` are not."""
        if not _INTEGER.fullmatch(self.text) or len(self.text) > 17:
            return None
        value = int(self.text)
        return value if -MAX_SAFE <= value <= MAX_SAFE else None


Value = Union[None, bool, str, Number, list["Value"], dict[str, "Value"]]


class NotStrict(ValueError):
    """The bytes are not strict JSON, or nest too deep."""


def parse(data: bytes, max_depth: int) -> Value:
    """Reads one document; arrays and objects may nest ``max_depth`` levels, the outermost being the first.

    Raises :class:`NotStrict`.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotStrict(f"invalid UTF-8 at byte {error.start}") from None
    value, end = _Parser(text, max_depth).document()
    if end != len(text):
        raise NotStrict(f"something follows the document at character {end}")
    return value


class _Parser:
    def __init__(self, text: str, max_depth: int) -> None:
        self.text = text
        self.max_depth = max_depth

    def document(self) -> tuple[Value, int]:
        open_: list[list[Value] | dict[str, Value]] = []
        names: list[str] = []  # for each open object, the member whose value is being read
        at = self._space(0)
        while True:
            value: Value
            char = self.text[at : at + 1]
            if char in ("{", "["):
                if len(open_) >= self.max_depth:
                    raise NotStrict(f"more than {self.max_depth} levels at character {at}")
                at = self._space(at + 1)
                closed = self.text[at : at + 1] == ("}" if char == "{" else "]")
                if not closed:
                    if char == "{":
                        members: dict[str, Value] = {}
                        open_.append(members)
                        name, at = self._name(members, at)
                        names.append(name)
                    else:
                        open_.append([])
                    continue
                value = {} if char == "{" else []
                at += 1
            else:
                value, at = self._scalar(at)
            # A value is complete: it goes into what is open, and may be the last of it.
            while True:
                at = self._space(at)
                if not open_:
                    return value, at
                top = open_[-1]
                char = self.text[at : at + 1]
                if isinstance(top, dict):
                    top[names.pop()] = value
                    if char == ",":
                        name, at = self._name(top, self._space(at + 1))
                        names.append(name)
                        break
                    if char != "}":
                        raise NotStrict(f"`,` or `}}` is missing at character {at}")
                else:
                    top.append(value)
                    if char == ",":
                        at = self._space(at + 1)
                        break
                    if char != "]":
                        raise NotStrict(f"`,` or `]` is missing at character {at}")
                value = open_.pop()
                at += 1

    def _space(self, at: int) -> int:
        found = _SPACE.match(self.text, at)
        return found.end() if found else at

    def _name(self, members: dict[str, Value], at: int) -> tuple[str, int]:
        if self.text[at : at + 1] != '"':
            raise NotStrict(f"no member name at character {at}")
        name, after = self._string(at)
        if name in members:
            raise NotStrict(f"a member name stands twice, at character {at}")
        members[name] = None  # taken from here on; the value follows
        after = self._space(after)
        if self.text[after : after + 1] != ":":
            raise NotStrict(f"`:` is missing at character {after}")
        return name, self._space(after + 1)

    def _scalar(self, at: int) -> tuple[Value, int]:
        if self.text[at : at + 1] == '"':
            return self._string(at)
        for word, value in _LITERALS:
            if self.text.startswith(word, at):
                return value, at + len(word)
        number = _NUMBER.match(self.text, at)
        if number is None:
            raise NotStrict(f"no value at character {at}")
        return Number(number.group()), number.end()

    def _string(self, at: int) -> tuple[str, int]:
        parts: list[str] = []
        at += 1
        while True:
            plain = _PLAIN.match(self.text, at)
            assert plain is not None  # it matches nothing, too
            parts.append(plain.group())
            at = plain.end()
            char = self.text[at : at + 1]
            if char == '"':
                return "".join(parts), at + 1
            if char != "\\":
                raise NotStrict(f"a text that does not end, or a control character in it, at character {at}")
            part, at = self._escape(at + 1)
            parts.append(part)

    def _escape(self, at: int) -> tuple[str, int]:
        char = self.text[at : at + 1]
        if char != "u":
            if char not in _ESCAPES:
                raise NotStrict(f"an escape that is none at character {at}")
            return _ESCAPES[char], at + 1
        first = self._unit(at + 1)
        if 0xDC00 <= first <= 0xDFFF:
            raise NotStrict(f"a lone surrogate at character {at}")
        if not 0xD800 <= first <= 0xDBFF:
            return chr(first), at + 5
        if self.text[at + 5 : at + 7] != "\\u":
            raise NotStrict(f"a lone surrogate at character {at}")
        second = self._unit(at + 7)
        if not 0xDC00 <= second <= 0xDFFF:
            raise NotStrict(f"a lone surrogate at character {at}")
        return chr(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)), at + 11

    def _unit(self, at: int) -> int:
        digits = _HEX4.match(self.text, at)
        if digits is None:
            raise NotStrict(f"`\\u` without four hexadecimal digits at character {at}")
        return int(digits.group(), 16)


def numbers(value: Value) -> list[Number]:
    """Every number in a value, at any depth."""
    found: list[Number] = []
    rest: list[Value] = [value]
    while rest:
        each = rest.pop()
        if isinstance(each, Number):
            found.append(each)
        elif isinstance(each, list):
            rest.extend(each)
        elif isinstance(each, dict):
            rest.extend(each.values())
    return found


def canonical(value: Value) -> bytes:
    """The RFC 8785 form of a value in which every number is an integer within ±(2^53 − 1).

    It recurses, but only as deep as :func:`parse` let the value nest.
    """
    return _canonical(value).encode("utf-8")


def _canonical(value: Value) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Number):
        integer = value.integer()
        if integer is None:
            raise ValueError("a number without a canonical form here")
        return str(integer)
    if isinstance(value, list):
        return "[" + ",".join(_canonical(each) for each in value) + "]"
    members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be"))
    return "{" + ",".join(f"{_quoted(name)}:{_canonical(each)}" for name, each in members) + "}"


def _quoted(text: str) -> str:
    return '"' + _MUST_ESCAPE.sub(lambda found: _SHORT.get(found.group()) or f"\\u{ord(found.group()):04x}", text) + '"'
