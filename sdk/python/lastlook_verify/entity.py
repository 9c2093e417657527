"""Entities and principals (``spec/approval.md``, *Entities*)."""

import re
from dataclasses import dataclass

_SPACE = "[\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
_BLANK = re.compile(f"(?:{_SPACE}|//[^\n\r]*)*")
_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_QUOTED = re.compile(r'"((?:[^"\\\r]|\\.)*)"')
_ESCAPE = re.compile(r"\\(?:([nrt0\\'\"])|x([0-9A-Fa-f]{2})|u\{([0-9A-Fa-f][0-9A-Fa-f_]*)\})")
_RESERVED = {"true", "false", "if", "then", "else", "in", "is", "has", "like", "__cedar"}
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "\\": "\\", "'": "'", '"': '"'}


@dataclass(frozen=True)
class Entity:
    """An entity, however it was spelt: two are the same if they are equal."""

    type: tuple[str, ...]
    id: str


def read_entity(text: str) -> Entity | None:
    """The entity that a text spells, if it spells one."""
    names: list[str] = []
    at = _skip(text, 0)
    while True:
        quoted = _QUOTED.match(text, at) if names else None
        if quoted is not None:
            plain = _unescaped(quoted[1])
            if plain is None or _skip(text, quoted.end()) != len(text):
                return None
            return Entity(tuple(names), plain)
        name = _NAME.match(text, at)
        if name is None or name[0] in _RESERVED:
            return None
        names.append(name[0])
        at = _skip(text, name.end())
        if not text.startswith("::", at):
            return None
        at = _skip(text, at + 2)


def same_principal(one: str, other: str) -> bool:
    """Whether two texts name one principal."""
    first, second = read_entity(one), read_entity(other)
    if first is None and second is None:
        return one == other
    return first == second


def is_approver(principal: str, name: str) -> bool:
    """Whether a principal is the approver of this name."""
    entity = read_entity(principal)
    if entity is not None:
        return entity.id == name
    return principal == name or principal.endswith(f'::"{name}"')


def _skip(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank is not None else at


def _unescaped(text: str) -> str | None:
    parts: list[str] = []
    at = 0
    while (slash := text.find("\\", at)) >= 0:
        parts.append(text[at:slash])
        escape = _ESCAPE.match(text, slash)
        character = _character(escape) if escape is not None else None
        if escape is None or character is None:
            return None
        parts.append(character)
        at = escape.end()
    return "".join([*parts, text[at:]])


def _character(escape: re.Match[str]) -> str | None:
    plain, two, many = escape.groups()
    if plain is not None:
        return _PLAIN[plain]
    digits = two or (many or "").replace("_", "")
    if not 1 <= len(digits) <= 6:
        return None
    number = int(digits, 16)
    if two is not None:
        return chr(number) if number <= 0x7F else None
    return chr(number) if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else None
