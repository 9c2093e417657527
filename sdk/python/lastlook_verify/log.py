"""A whole log (``spec/log.md``, *A whole log*)."""

from collections.abc import Iterable, Sequence

from .checkpoint import verify_checkpoint
from .entry import Entry, leaf_hash, read_entry
from .errors import Refused
from .keys import Key
from .tree import Frontier


def verify_log(payloads: Iterable[bytes], note: bytes, keys: Sequence[Key]) -> list[Entry]:
    """Verifies the entries of a log, in their order, against its checkpoint."""
    checkpoint = verify_checkpoint(note, keys)
    tree = Frontier()
    entries: list[Entry] = []
    for payload in payloads:
        if tree.size >= checkpoint.size:
            raise Refused("log-longer", f"the checkpoint covers {checkpoint.size} entries, and there are more")
        entry = read_entry(payload)
        if entry.origin != checkpoint.origin:
            raise Refused("other-log", f"entry {tree.size} is of the log `{entry.origin}`")
        tree.add(leaf_hash(payload))
        entries.append(entry)
    if tree.size < checkpoint.size:
        raise Refused("log-shorter", f"the checkpoint covers {checkpoint.size} entries, and there are {tree.size}")
    if tree.root() != checkpoint.root:
        raise Refused("log-root", "the entries are not those that the checkpoint covers")
    return entries
