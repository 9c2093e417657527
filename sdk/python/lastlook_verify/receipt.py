"""Receipts: one entry with what proves it, in one file (``spec/receipt.md``)."""

from collections.abc import Sequence
from dataclasses import dataclass

from . import strict
from .checkpoint import Checkpoint
from .commitment import at_label, is_below, verify_opening
from .fields import Fields, read_fields
from .encoding import base64_bytes
from .entry import KINDS, PAYLOAD_TYPE, Entry, leaf_hash, read_entry
from .errors import Refused
from .keys import Key
from .strict import Number, Value
from .tree import inclusion_length, inclusion_root
from .witness import NONE, Cosigned, Witnesses, verify_witnessed

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 64
MAX_HASHES = 64
FORMAT = "lastlook-receipt/v1"

_MUST = {"format", "payload_type", "payload", "index", "inclusion", "checkpoint"}
_MAY = {"armed", "values", "extensions"}
_ARMED = {"payload", "index", "inclusion"}


@dataclass(frozen=True)
class Opened:
    """A value that was shown, and is the one its entry committed to."""

    of: str
    label: str
    value: bytes


@dataclass(frozen=True)
class Proven:
    """What a receipt proves: this entry, at this place of this log, when the log had this size."""

    entry: Entry
    index: int
    checkpoint: Checkpoint
    armed: Entry | None
    values: tuple[Opened, ...]
    witnessed: tuple[Cosigned, ...] = ()


@dataclass(frozen=True)
class _Placed:
    payload: bytes
    index: int
    inclusion: tuple[bytes, ...]
    checkpoint: str | None


@dataclass(frozen=True)
class _Shown:
    of: str
    label: str
    salt: bytes
    value: bytes
    place: tuple[int, tuple[bytes, ...]] | None = None


def verify_receipt(file: bytes, keys: Sequence[Key], witnesses: Witnesses = NONE) -> Proven:
    """Verifies a receipt with the pinned keys and witnesses. After a refusal nothing in the file is proven."""
    main, armed, shown = _read(file)
    entry = read_entry(main.payload)
    if entry.kind not in ("refused", "outcome", "operator"):
        raise Refused("not-a-receipt", f"an entry of kind `{entry.kind}` says only what was about to happen")
    assert main.checkpoint is not None  # _read wants it of the receipt itself
    checkpoint, witnessed = verify_witnessed(main.checkpoint.encode("utf-8"), keys, witnesses)
    _included(main, entry, checkpoint)
    before = None if armed is None else _armed(armed, main, entry, checkpoint, (keys, witnesses))
    values = tuple(_opened(each, entry, before) for each in shown)
    return Proven(entry, main.index, checkpoint, before, values, witnessed)


def _included(placed: _Placed, entry: Entry, checkpoint: Checkpoint) -> None:
    if entry.origin != checkpoint.origin:
        raise Refused("other-log", f"the entry is of `{entry.origin}`, the checkpoint of `{checkpoint.origin}`")
    if placed.index >= checkpoint.size:
        raise Refused("index-out-of-range", f"index {placed.index} in a log of {checkpoint.size}")
    wanted = inclusion_length(placed.index, checkpoint.size)
    if len(placed.inclusion) != wanted:
        raise Refused("proof-length", f"the proof has {len(placed.inclusion)} hashes, and {wanted} are needed")
    top = inclusion_root(placed.index, checkpoint.size, leaf_hash(placed.payload), placed.inclusion)
    if top != checkpoint.root:
        raise Refused("not-included", "the proof does not lead from the entry to the checkpoint")


def _armed(
    armed: _Placed, main: _Placed, entry: Entry, checkpoint: Checkpoint, pins: tuple[Sequence[Key], Witnesses]
) -> Entry:
    before = read_entry(armed.payload)
    own = checkpoint
    if armed.checkpoint is not None:
        own, _ = verify_witnessed(armed.checkpoint.encode("utf-8"), *pins)
    _included(armed, before, own)
    if before.kind != "armed" or (before.attempt, before.action) != (entry.attempt, entry.action):
        raise Refused("armed-mismatch", "it is not the armed entry of this attempt and this action")
    if entry.kind == "refused" and entry.body["armed"] is not True:
        raise Refused("armed-mismatch", "the attempt was refused before it was armed")
    if before.origin == entry.origin and (armed.checkpoint is not None or armed.index >= main.index):
        raise Refused("armed-mismatch", "the armed entry does not come first in the one log of both")
    return before


def _opened(shown: _Shown, entry: Entry, before: Entry | None) -> Opened:
    holder = next((each for each in (entry, before) if each is not None and each.kind == shown.of), None)
    if holder is not None and shown.place is not None:
        return _field(shown, holder)
    committed = None if holder is None else at_label(holder.body, shown.label)
    if committed is None:
        raise Refused("value-unknown-label", f"there is no commitment of `{shown.of}` at `{shown.label}`")
    if not verify_opening(committed, shown.salt, shown.value):
        raise Refused("value-does-not-open", f"the value at `{shown.label}` is not the one that was committed to")
    return Opened(shown.of, shown.label, shown.value)


def _field(shown: _Shown, holder: Entry) -> Opened:
    assert shown.place is not None  # whoever calls knows
    fields: Fields | None = read_fields(holder.body)
    if fields is None or not is_below(holder.body, shown.label):
        raise Refused("value-unknown-label", f"`{shown.of}` has no field at `{shown.label}`")
    index, proof = shown.place
    if not fields.has(shown.label, shown.salt, shown.value, index, proof):
        raise Refused("value-does-not-open", f"the field at `{shown.label}` is not among those committed to")
    return Opened(shown.of, shown.label, shown.value)


def _read(file: bytes) -> tuple[_Placed, _Placed | None, list[_Shown]]:
    if len(file) > MAX_BYTES:
        raise Refused("receipt-json", f"the file has more than {MAX_BYTES} bytes")
    try:
        value = strict.parse(file, MAX_DEPTH)
    except strict.NotStrict as error:
        raise Refused("receipt-json", str(error)) from None
    if not isinstance(value, dict) or not isinstance(value.get("format"), str):
        raise _shape("it is not an object with a `format`")
    if value["format"] != FORMAT:
        raise Refused("receipt-format", f"its format is not `{FORMAT}`")
    unknown = set(value) - _MUST - _MAY
    if unknown:
        raise _shape(f"`{min(unknown)[:40]}` is no member of a receipt")
    if not isinstance(value.get("extensions", {}), dict):
        raise _shape("`extensions` is not an object")
    if not isinstance(value.get("payload_type"), str):
        raise _shape("`payload_type` is not a text")
    if value["payload_type"] != PAYLOAD_TYPE:
        raise Refused("payload-type", f"its payload is not of type `{PAYLOAD_TYPE}`")
    main = _placed(value, own=True)
    armed = None
    if "armed" in value:
        inner = value["armed"]
        if not isinstance(inner, dict) or not _ARMED <= set(inner) <= _ARMED | {"checkpoint"}:
            raise _shape("`armed` has not the members of one")
        armed = _placed(inner, own="checkpoint" in inner)
    shown = value.get("values", [])
    if not isinstance(shown, list):
        raise _shape("`values` is not an array")
    values = [_shown(each) for each in shown]
    if len({(each.of, each.label) for each in values}) != len(values):
        raise _shape("one commitment is opened twice")
    return main, armed, values


def _placed(value: dict[str, Value], own: bool) -> _Placed:
    payload = _bytes(value.get("payload"), "payload")
    place, hashes = _index(value), _hashes(value, "inclusion")
    checkpoint = value.get("checkpoint")
    if own and not isinstance(checkpoint, str):
        raise _shape("`checkpoint` is not a text")
    return _Placed(payload, place, hashes, checkpoint if isinstance(checkpoint, str) else None)


def _index(value: dict[str, Value]) -> int:
    index = value.get("index")
    place = index.integer() if isinstance(index, Number) else None
    if place is None or place < 0:
        raise _shape("`index` is not an integer from 0 to 2^53 - 1")
    return place


def _hashes(value: dict[str, Value], name: str) -> tuple[bytes, ...]:
    proof = value.get(name)
    if not isinstance(proof, list) or len(proof) > MAX_HASHES:
        raise _shape(f"`{name}` is not an array of at most {MAX_HASHES}")
    hashes = tuple(_bytes(each, name) for each in proof)
    if any(len(each) != 32 for each in hashes):
        raise _shape(f"a hash in `{name}` has not 32 bytes")
    return hashes


def _shown(value: Value) -> _Shown:
    if not isinstance(value, dict):
        raise _shape("a value is not an object")
    place = None
    if "index" in value or "proof" in value:
        place = (_index(value), _hashes(value, "proof"))
    names = set(value) - {"index", "proof"}
    if names != {"of", "label", "salt", "value"} and names != {"of", "label", "salt", "value_base64"}:
        raise _shape("a value has not the members of one")
    of, label = value["of"], value["label"]
    if not isinstance(of, str) or of not in KINDS or not isinstance(label, str):
        raise _shape("a value is not `of` a kind, or has no `label`")
    salted = _bytes(value["salt"], "salt")
    if len(salted) != 32:
        raise _shape("a salt has not 32 bytes")
    if "value_base64" in value:
        return _Shown(of, label, salted, _bytes(value["value_base64"], "value_base64"), place)
    plain = value["value"]
    if not isinstance(plain, str):
        raise _shape("a `value` is not a text")
    return _Shown(of, label, salted, plain.encode("utf-8"), place)


def _bytes(value: Value, name: str) -> bytes:
    data = base64_bytes(value) if isinstance(value, str) else None
    if data is None:
        raise _shape(f"`{name}` is not base64")
    return data


def _shape(message: str) -> Refused:
    return Refused("receipt-shape", message)
