"""Witnesses: who else signed a checkpoint, and whether that is enough (``spec/witness.md``)."""

from collections.abc import Sequence
from dataclasses import dataclass

from .checkpoint import Checkpoint, Signed, read_checkpoint, verify_checkpoint
from .ed25519 import verifies
from .errors import Refused
from .keys import Key, pinned_keys, read_key

TYPE = 4
"""The first byte of a witness's key: Ed25519, timestamped cosignatures."""


@dataclass(frozen=True)
class Witnesses:
    """Whose cosignatures count, and how many of them are wanted. Without any, nobody is asked for."""

    keys: tuple[Key, ...] = ()
    quorum: int = 0

    def many(self) -> int:
        """How many there are: two names of one key are one."""
        return len({key.public for key in self.keys})


NONE = Witnesses()


@dataclass(frozen=True)
class Cosigned:
    """A witness that has cosigned a checkpoint, and when by its own clock, in seconds since 1970."""

    witness: str
    time: int


def read_witness(text: str) -> Key:
    """Reads the key of a witness, ``NAME+ID+BASE64``."""
    return read_key(text, TYPE)


def pinned_witnesses(file: bytes) -> list[Key]:
    """Reads a file of witnesses' keys."""
    return pinned_keys(file, TYPE)


def verify_witnessed(
    note: bytes, keys: Sequence[Key], witnesses: Witnesses = NONE
) -> tuple[Checkpoint, tuple[Cosigned, ...]]:
    """Verifies a checkpoint with the pinned keys, and that enough of the pinned witnesses have cosigned it."""
    checkpoint = verify_checkpoint(note, keys)
    cosigned = _cosignatures(read_checkpoint(note), keys, witnesses)
    if len(cosigned) < witnesses.quorum:
        raise Refused(
            "checkpoint-not-witnessed",
            f"{len(cosigned)} of the pinned witnesses have cosigned the checkpoint; {witnesses.quorum} are needed",
        )
    return checkpoint, cosigned


def _cosignatures(signed: Signed, logs: Sequence[Key], witnesses: Witnesses) -> tuple[Cosigned, ...]:
    found: dict[bytes, Cosigned] = {}
    for name, blob in signed.signatures:
        key = next((each for each in witnesses.keys if (each.name, each.id) == (name, blob[:4])), None)
        if key is None:
            continue
        time = int.from_bytes(blob[4:12], "big")
        message = f"cosignature/v1\ntime {time}\n{signed.text}".encode()
        if len(blob) != 76 or time >= 2**63 or not verifies(key.public, message, blob[12:]):
            raise Refused("checkpoint-bad-cosignature", f"the cosignature of `{name}` is not of this checkpoint")
        if any(log.public == key.public for log in logs):
            continue
        before = found.get(key.public)
        if before is None:
            found[key.public] = Cosigned(key.name, time)
        else:
            found[key.public] = Cosigned(before.witness, max(before.time, time))
    return tuple(found.values())
