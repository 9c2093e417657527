"""Checkpoints: C2SP signed notes over the size and root of a log (``spec/log.md``, *Checkpoints*)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .ed25519 import verifies
from .encoding import base64_bytes, is_name
from .errors import Refused
from .keys import Key

MAX_BYTES = 256 * 1024
MAX_SIGNATURES = 64

_MARK = "\u2014 "
_SIZE = re.compile(r"0|[1-9][0-9]{0,19}")


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that verified: the log it is of, how many entries it covers, and the root over them."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True)
class Signed:
    """A note that was read and not verified: its text, what that says, and each signature line's name and bytes."""

    text: str
    checkpoint: Checkpoint
    signatures: list[tuple[str, bytes]]


def read_checkpoint(note: bytes) -> Signed:
    """Reads a checkpoint as far as that goes without keys."""
    if len(note) > MAX_BYTES or any(byte < 0x20 and byte != 0x0A for byte in note):
        raise Refused("checkpoint-malformed", "the checkpoint is too long, or has a control character")
    try:
        text = note.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("checkpoint-malformed", "the checkpoint is not UTF-8") from None
    if not text.startswith(_MARK) and f"\n{_MARK}" not in text:
        raise Refused("checkpoint-unsigned", "the checkpoint has no signature line")
    cut = text.rfind("\n\n")
    if cut < 0:
        raise Refused("checkpoint-malformed", "no empty line parts the text from its signatures")
    signed, lines = text[: cut + 1], text[cut + 2 :]
    return Signed(signed, _body(signed), signature_lines(lines))


def verify_checkpoint(note: bytes, keys: Sequence[Key]) -> Checkpoint:
    """Verifies a checkpoint with the pinned keys."""
    signed = read_checkpoint(note)
    checkpoint = signed.checkpoint
    known = False
    for name, blob in signed.signatures:
        for key in keys:
            if (key.name, key.id) != (name, blob[:4]):
                continue
            known = True
            if not verifies(key.public, signed.text.encode("utf-8"), blob[4:]):
                raise Refused("checkpoint-bad-signature", f"the signature of `{name}` is not over this text")
            if not key.speaks_for(checkpoint.origin):
                raise Refused("checkpoint-foreign-origin", f"the key `{name}` does not speak for `{checkpoint.origin}`")
            if key.ended is not None:
                key.ended.covers(checkpoint)
            break
    if not known:
        raise Refused("checkpoint-unknown-key", "no pinned key signed the checkpoint")
    return checkpoint


def _body(signed: str) -> Checkpoint:
    lines = signed.split("\n")[:-1]
    if len(lines) < 3 or not is_name(lines[0]):
        raise Refused("checkpoint-malformed", "the text is not an origin, a size and a root")
    if "" in lines:
        raise Refused("checkpoint-malformed", "an extension line is empty")
    size = read_size(lines[1])
    if size is None:
        raise Refused("checkpoint-malformed", "the size is not a decimal number")
    top = base64_bytes(lines[2])
    if top is None or len(top) != 32:
        raise Refused("checkpoint-malformed", "the root is not the base64 of 32 bytes")
    return Checkpoint(lines[0], size, top)


def read_size(text: str) -> int | None:
    """A size: decimal, without a leading zero, below 2^64."""
    return int(text) if _SIZE.fullmatch(text) and int(text) < 2**64 else None


def signature_lines(text: str) -> list[tuple[str, bytes]]:
    """The names, and the ids with the signatures, of a note's signature lines."""
    lines = text.split("\n")
    if lines.pop() != "" or not 1 <= len(lines) <= MAX_SIGNATURES:
        raise Refused(
            "checkpoint-malformed", f"there are not 1 to {MAX_SIGNATURES} signature lines, each ended by a newline"
        )
    found = []
    for line in lines:
        name, space, spelt = line.removeprefix(_MARK).partition(" ")
        blob = base64_bytes(spelt)
        well = line.startswith(_MARK) and space and name and "+" not in name and not any(c.isspace() for c in name)
        if not well or blob is None or len(blob) <= 4:
            raise Refused("checkpoint-malformed", "a line after the empty one is no signature line")
        found.append((name, blob))
    return found
