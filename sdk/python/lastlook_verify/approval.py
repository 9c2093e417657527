"""Statements of approvers: approvals, grants, introductions, removals (``spec/approval.md``)."""

import re
from dataclasses import dataclass

from . import strict
from .ed25519 import is_small, point, verifies
from .encoding import base64_bytes, is_hash, is_identifier, is_name, is_time
from .errors import Refused
from .shapes import Shape, array, either, null, word
from .strict import Number, Value

MAX_BYTES = 131_072
MAX_DEPTH = 8
KINDS = ("approval", "grant", "introduction", "removal")

_DECIMAL = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_APPROVER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True)
class Statement:
    """A statement of the right form. Nothing in it is proven before its signature was verified."""

    kind: str
    members: dict[str, Value]
    signed: bytes
    signature: bytes

    def text(self, name: str) -> str:
        """A member that is a text in every statement of this kind."""
        value = self.members[name]
        if not isinstance(value, str):
            raise TypeError(f"`{name}` is not a text")
        return value

    @property
    def epoch(self) -> int | None:
        """Its epoch, if this kind has one."""
        value = self.members.get("epoch")
        return value.integer() if isinstance(value, Number) else None

    @property
    def signer(self) -> str:
        """Whose statement it says it is."""
        return self.text("approver" if self.kind in ("approval", "grant") else "by")


def read_statement(stored: bytes, kind: str) -> Statement:
    """Reads a statement of the kind that is expected."""
    if len(stored) > MAX_BYTES:
        raise Refused("approval-too-large", f"the statement has more than {MAX_BYTES} bytes")
    try:
        value = strict.parse(stored, MAX_DEPTH)
    except strict.NotStrict as error:
        raise Refused("approval-json", str(error)) from None
    if not isinstance(value, dict) or not isinstance(value.get("format"), str):
        raise _member("it is not an object with a `format`")
    named = f"lastlook/{kind}/v1"
    if value["format"] != named:
        raise Refused("approval-format", f"its format is not `{named}`")
    if set(value) != {"format", "signature", "statement"}:
        raise _member("it has not the members of a statement")
    spelt = value["signature"]
    signature = base64_bytes(spelt) if isinstance(spelt, str) else None
    if signature is None or len(signature) != 64:
        raise _member("`signature` is not the base64 of 64 bytes")
    statement, shapes = value["statement"], _SHAPES[kind]
    if not isinstance(statement, dict) or set(statement) != set(shapes):
        raise _member(f"`statement` has not the members of an {kind}")
    for name, shape in shapes.items():
        if not shape(statement[name]):
            raise _member(f"`{name}` is not of its shape")
    if kind == "grant" and not _is_bounded(statement):
        raise _member("a grant ends after it was given, and has `sum` and `max` together")
    if strict.canonical(value) != stored:
        raise Refused("approval-not-canonical", "the statement is not the canonical form of what it says")
    signed = named.encode("ascii") + b"\n" + strict.canonical(statement)
    return Statement(kind, statement, signed, signature)


def verify_statement(stored: bytes, kind: str, public: bytes) -> Statement:
    """Reads a statement, and verifies it with the public key (32 bytes) of whom it names."""
    statement = read_statement(stored, kind)
    if not verifies(public, statement.signed, statement.signature):
        raise Refused("approval-signature", f"it was not signed with the key of `{statement.signer}`")
    return statement


def _member(message: str) -> Refused:
    return Refused("approval-member", message)


def _name(value: Value) -> bool:
    return isinstance(value, str) and _APPROVER.fullmatch(value) is not None


def _time(value: Value) -> bool:
    return isinstance(value, str) and is_time(value)


def _hash(value: Value) -> bool:
    return isinstance(value, str) and is_hash(value)


def _request(value: Value) -> bool:
    return isinstance(value, str) and is_identifier(value)


def _state(value: Value) -> bool:
    return isinstance(value, str) and is_name(value)


def _epoch(value: Value) -> bool:
    integer = value.integer() if isinstance(value, Number) else None
    return integer is not None and integer >= 0


def _key(value: Value) -> bool:
    data = base64_bytes(value) if isinstance(value, str) else None
    spelt = point(data) if data is not None else None
    return spelt is not None and not is_small(spelt)


def _text(least: int, most: int) -> Shape:
    return lambda value: isinstance(value, str) and least <= len(value.encode("utf-8")) <= most


def _guards(value: Value) -> bool:
    return array(_hash)(value) and isinstance(value, list) and len(value) <= 256


def _uses(value: Value) -> bool:
    integer = value.integer() if isinstance(value, Number) else None
    return integer is not None and integer >= 1


def _resources(value: Value) -> bool:
    if not isinstance(value, list) or len(value) > 64 or not array(_text(1, 1024))(value):
        return False
    return len({each for each in value if isinstance(each, str)}) == len(value)


def _sum(value: Value) -> bool:
    return isinstance(value, str) and _text(1, 1024)(value) and value.startswith("/")


def _max(value: Value) -> bool:
    return isinstance(value, str) and len(value) <= 40 and _DECIMAL.fullmatch(value) is not None


def _is_bounded(grant: dict[str, Value]) -> bool:
    """What two members of a grant say of each other. Times are of one length and form: their text has their order."""
    time, expires = grant["time"], grant["expires"]
    later = isinstance(time, str) and isinstance(expires, str) and expires > time
    return later and (grant["sum"] is None) == (grant["max"] is None)


def _groups(value: Value) -> bool:
    if not isinstance(value, list) or len(value) > 64 or not array(_text(1, 512))(value):
        return False
    return len({each for each in value if isinstance(each, str)}) == len(value)


_SHAPES: dict[str, dict[str, Shape]] = {
    "approval": {
        "request": _request,
        "action": _hash,
        "decision": word("approve", "reject"),
        "reason": _text(0, 4096),
        "guards": _guards,
        "epoch": _epoch,
        "expires": either(_time, null),
        "approver": _name,
        "time": _time,
    },
    "grant": {
        "grant": _request,
        "approver": _name,
        "principal": _text(1, 1024),
        "agent": either(_text(1, 1024), null),
        "upstream": _text(1, 1024),
        "tool": _text(1, 1024),
        "definition": _hash,
        "resources": _resources,
        "when": either(_text(1, 16384), null),
        "uses": either(_uses, null),
        "sum": either(_sum, null),
        "max": either(_max, null),
        "guards": _guards,
        "epoch": _epoch,
        "expires": _time,
        "reason": _text(1, 4096),
        "state": _state,
        "time": _time,
    },
    "introduction": {"name": _name, "key": _key, "groups": _groups, "by": _name, "state": _state, "time": _time},
    "removal": {"name": _name, "reason": _text(1, 4096), "by": _name, "state": _state, "time": _time},
}
