"""All logs of a state, against what its rosters say of them (``spec/log.md``, *Rosters*)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from .checkpoint import verify_checkpoint
from .entry import Entry, leaf_hash
from .errors import Refused
from .keys import Key
from .log import verify_log
from .strict import Number, Value
from .tree import Frontier

_BEGINS = ("log-opened", "log-found")


@dataclass
class _Said:
    """What rosters say: first leaves, heads, and every log in the order in which it was first named."""

    firsts: dict[str, str] = field(default_factory=dict)
    heads: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    named: dict[str, None] = field(default_factory=dict)


def is_roster(origin: str) -> bool:
    """Whether a log of this origin is a roster."""
    return origin.endswith("/roster")


def verify_logs(logs: Sequence[tuple[Sequence[bytes], bytes]], keys: Sequence[Key]) -> None:
    """Verifies the logs of a state, each given as its payloads in their order and its checkpoint."""
    leaves: dict[str, list[bytes]] = {}
    rosters: list[list[Entry]] = []
    for payloads, note in logs:
        origin = verify_checkpoint(note, keys).origin
        entries = verify_log(payloads, note, keys)
        leaves[origin] = [leaf_hash(payload) for payload in payloads]
        if is_roster(origin):
            rosters.append(entries)
    said = _Said()
    for entries in rosters:
        for index, entry in enumerate(entries):
            _take(said, index, entry)
    others = sorted(origin for origin in leaves if not is_roster(origin))
    if others and not rosters:
        raise Refused("roster-missing", "there are logs, and no roster that lists them")
    for origin in said.named:
        _compare(said, origin, leaves.get(origin))
    for origin in others:
        if rosters and origin not in said.firsts:
            raise Refused("log-unlisted", f"the log `{origin}` is listed by no roster")


def _take(said: _Said, index: int, entry: Entry) -> None:
    wrong = Refused("roster-entry", f"entry {index} of `{entry.origin}` does not belong in a roster")
    word, log = entry.body.get("as"), entry.body.get("log")
    if entry.kind != "operator" or word not in (*_BEGINS, "log-continued") or not isinstance(log, dict):
        raise wrong
    origin, first = _text(log["origin"]), _text(log["first"])
    if word in _BEGINS:
        if origin in said.firsts:
            raise Refused("log-begun-twice", f"the log `{origin}` is said to have begun twice")
        said.firsts[origin] = first
    elif said.firsts.get(origin) != first:
        raise wrong
    said.named.setdefault(origin)
    heads = entry.body.get("heads", [])
    for head in heads if isinstance(heads, list) else []:
        if isinstance(head, dict):
            of = _text(head["origin"])
            said.named.setdefault(of)
            said.heads.setdefault(of, []).append((_size(head["size"]), _text(head["root"])))


def _compare(said: _Said, origin: str, leaves: list[bytes] | None) -> None:
    first = said.firsts.get(origin)
    if leaves is None or (first is not None and not leaves):
        raise Refused("log-missing", f"the log `{origin}` is gone")
    replaced = Refused("log-replaced", f"the log `{origin}` is another than the one that a roster tells of")
    if first is not None and leaves[0].hex() != first:
        raise replaced
    tree = Frontier()
    heads = sorted(said.heads.get(origin, []))
    for size, root in heads:
        for leaf in leaves[tree.size : size]:
            tree.add(leaf)
        if 0 < size <= len(leaves) and tree.root().hex() != root:
            raise replaced
    if any(size > len(leaves) for size, _ in heads):
        raise Refused("log-cut-short", f"the log `{origin}` was cut short")


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""


def _size(value: Value) -> int:
    return (value.integer() or 0) if isinstance(value, Number) else 0
