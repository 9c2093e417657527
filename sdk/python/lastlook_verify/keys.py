"""Pinned keys (``spec/log.md``, *Names and keys*)."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .ed25519 import is_small, point
from .encoding import base64_bytes, is_name, sha256
from .errors import Refused

if TYPE_CHECKING:
    from .handover import Handover


@dataclass(frozen=True)
class Key:
    """A key that a verifier trusts: whose name it has, its id, the 32 bytes of its public part, and the handover that ended it."""

    name: str
    id: bytes
    public: bytes
    ended: Handover | None = field(default=None, compare=False)

    def __str__(self) -> str:
        """The key as it is pinned."""
        spelt = base64.b64encode(b"\x01" + self.public).decode("ascii")
        return f"{self.name}+{self.id.hex()}+{spelt}"

    def speaks_for(self, origin: str) -> bool:
        """Whether logs of this origin are this key's to sign."""
        return origin == self.name or origin.startswith(self.name + "/")


def read_key(text: str, kind: int = 1) -> Key:
    """Reads a verifier key, ``NAME+ID+BASE64``; its first byte says what kind of signatures it makes."""
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise Refused("key-form", "a key is NAME+ID+BASE64")
    name, identifier, spelt = parts
    data = base64_bytes(spelt)
    if not data:
        raise Refused("key-form", "the last part of the key is not base64 of anything")
    if data[0] != kind:
        raise Refused("key-type", f"the key is not one of type {kind}")
    public = data[1:]
    if len(public) != 32:
        raise Refused("key-form", f"the key has {len(public)} bytes, not 32")
    spot = point(public)
    if spot is None:
        raise Refused("key-weak", "the key is not a point on the curve")
    if not is_name(name):
        raise Refused("key-name", "the name of the key is not a name")
    if is_small(spot):
        raise Refused("key-weak", "the key is of small order: anybody could sign for it")
    given = sha256(name.encode("ascii") + bytes([0x0A, kind]) + public)[:4]
    if identifier != given.hex():
        raise Refused("key-id", f"name and key give the id {given.hex()}")
    return Key(name, given, public)


MAX_FILE = 1024 * 1024
"""A file of keys is a few lines; anything larger is something else."""


def pinned_keys(file: bytes, kind: int = 1) -> list[Key]:
    """Reads a key file: one key a line, beside empty lines and remarks that begin with ``#``."""
    if len(file) > MAX_FILE:
        raise Refused("key-file", f"the key file has more than {MAX_FILE} bytes")
    try:
        lines = file.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise Refused("key-file", "the key file is not UTF-8") from None
    texts = [line.strip(" \t\r") for line in lines]
    keys = [read_key(text, kind) for text in texts if text and not text.startswith("#")]
    if not keys:
        raise Refused("key-file", "the key file holds no key")
    return keys
