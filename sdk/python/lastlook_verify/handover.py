"""Handovers: one key ends, the next begins (``spec/log.md``, *Handovers* and *Following*)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from . import strict
from .checkpoint import Checkpoint, read_size, signature_lines
from .ed25519 import verifies
from .encoding import base64_bytes, is_name, is_time
from .errors import Refused
from .keys import Key, read_key

MAX_BYTES = 256 * 1024
MAX_BROUGHT = 64
FORMAT = "lastlook-handover/v1"

_RECEIPT_BYTES = 64 * 1024 * 1024
_RECEIPT_DEPTH = 64


@dataclass(frozen=True)
class Handover:
    """A handover that both its keys signed: why and when, from which key to which, and how far each log went."""

    why: str
    time: str
    old: Key
    new: Key
    logs: tuple[Checkpoint, ...]

    def covers(self, checkpoint: Checkpoint) -> None:
        """Refuses a checkpoint on which the old key's signature does not count."""
        head = next((log for log in self.logs if log.origin == checkpoint.origin), None)
        if head == checkpoint:
            return
        if self.why == "compromised":
            raise Refused("checkpoint-key-compromised", f"the key `{self.old.name}` was declared compromised")
        if checkpoint.size >= (0 if head is None else head.size):
            raise Refused("checkpoint-key-ended", f"the key `{self.old.name}` was handed over before it signed this")


def read_handover(note: bytes) -> Handover:
    """Reads a handover, and verifies its two signatures. Whether to believe either key is for :func:`follow`."""
    if len(note) > MAX_BYTES or any(byte < 0x20 and byte != 0x0A for byte in note):
        raise _malformed("it is too long, or has a control character")
    try:
        text = note.decode("utf-8")
    except UnicodeDecodeError:
        raise _malformed("it is not UTF-8") from None
    cut = text.rfind("\n\n")
    if cut < 0:
        raise _malformed("no empty line parts the text from its signatures")
    handover = _body(text[:cut].split("\n"))
    try:
        lines = signature_lines(text[cut + 2 :])
    except Refused as error:
        raise _malformed(error.message) from None
    signed = text[: cut + 1].encode("utf-8")
    for key in (handover.old, handover.new):
        own = [blob[4:] for name, blob in lines if (name, blob[:4]) == (key.name, key.id)]
        if not own:
            raise Refused("handover-unsigned", f"`{key.name}` ({key.id.hex()}) has not signed it")
        if not all(verifies(key.public, signed, signature) for signature in own):
            raise Refused("handover-bad-signature", f"the signature of `{key.name}` ({key.id.hex()}) is not over this text")
    return handover


def follow(pinned: Sequence[Key], handovers: Sequence[Handover]) -> list[Key]:
    """The keys to verify with: the pinned ones, and those that handovers lead to or came before them, with their ends."""
    known: list[Handover] = []
    for handover in handovers:
        same = next((other for other in known if other.old == handover.old), None)
        if same is None:
            known.append(handover)
        elif same != handover:
            raise Refused("handover-conflict", f"two handovers end the key `{handover.old.name}`")
    keys = list(pinned)
    while True:
        further = [key for key in (_reached(handover, keys) for handover in known) if key is not None]
        if not further:
            break
        keys.append(further[0])
    ends = {(it.old.name, it.old.public): it for it in known}
    return [replace(key, ended=ends.get((key.name, key.public), key.ended)) for key in keys]


def brought_handovers(receipt: bytes) -> list[Handover]:
    """The handovers that a receipt brings along; what is no receipt brings none."""
    if len(receipt) > _RECEIPT_BYTES:
        return []
    try:
        value = strict.parse(receipt, _RECEIPT_DEPTH)
    except strict.NotStrict:
        return []
    extensions = value.get("extensions") if isinstance(value, dict) else None
    brought = extensions.get("handovers") if isinstance(extensions, dict) else None
    if not isinstance(brought, list):
        return []
    if len(brought) > MAX_BROUGHT:
        raise _malformed(f"there are more than {MAX_BROUGHT} of them")
    found = []
    for text in brought:
        if not isinstance(text, str):
            raise _malformed("it is not a text")
        found.append(read_handover(text.encode("utf-8")))
    return found


def _reached(handover: Handover, keys: Sequence[Key]) -> Key | None:
    old, new = handover.old in keys, handover.new in keys
    if old and not new and handover.why == "rotated":
        return handover.new
    if new and not old:
        return handover.old
    return None


def _body(lines: list[str]) -> Handover:
    if lines[0] != FORMAT:
        raise Refused("handover-format", f"its format is not `{FORMAT}`")
    if len(lines) < 5:
        raise _malformed("it has fewer than five lines")
    why, time = lines[1:3]
    if why not in ("rotated", "compromised"):
        raise _malformed("it does not say why")
    if not is_time(time):
        raise _malformed("its time is not a time")
    old, new = read_key(lines[3]), read_key(lines[4])
    if old.name != new.name or old.id == new.id:
        raise Refused("handover-keys", "its keys have two names, or one id")
    logs = tuple(_log(line, old) for line in lines[5:])
    origins = [log.origin for log in logs]
    if any(one >= following for one, following in zip(origins, origins[1:], strict=False)):
        raise _malformed("its logs are not in the order of their origins")
    return Handover(why, time, old, new, logs)


def _log(line: str, key: Key) -> Checkpoint:
    words = line.split(" ")
    if len(words) != 3:
        raise _malformed("the line of a log has not three words")
    origin, size, root = words[0], read_size(words[1]), base64_bytes(words[2])
    if not is_name(origin) or not key.speaks_for(origin) or not size or root is None or len(root) != 32:
        raise _malformed("the line of a log is not its origin, size and root")
    return Checkpoint(origin, size, root)


def _malformed(message: str) -> Refused:
    return Refused("handover-malformed", message)
