"""The hash tree over a log (``spec/log.md``, RFC 9162 §2.1)."""

from collections.abc import Sequence

from .encoding import sha256

EMPTY = sha256(b"")
"""The root of the tree without leaves."""


def leaf(data: bytes) -> bytes:
    """The hash of a leaf that holds ``data``."""
    return sha256(b"\x00" + data)


def node(left: bytes, right: bytes) -> bytes:
    """The hash of a node over its two children."""
    return sha256(b"\x01" + left + right)


class Frontier:
    """A tree that grows leaf by leaf and keeps only the roots of its full parts."""

    def __init__(self) -> None:
        self.size = 0
        self._parts: list[bytes] = []

    def add(self, hashed: bytes) -> None:
        """Adds the hash of one more leaf."""
        full = self.size
        while full & 1:
            hashed = node(self._parts.pop(), hashed)
            full >>= 1
        self._parts.append(hashed)
        self.size += 1

    def root(self) -> bytes:
        """The root over what was added."""
        if not self._parts:
            return EMPTY
        top = self._parts[-1]
        for part in reversed(self._parts[:-1]):
            top = node(part, top)
        return top


def root(hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes."""
    tree = Frontier()
    for each in hashes:
        tree.add(each)
    return tree.root()


def inclusion_length(index: int, size: int) -> int:
    """How many hashes the inclusion proof of a leaf has; ``index`` is below ``size``."""
    last, length = size - 1, 0
    while last:
        # The last node of a level has no sibling when it stands on the left.
        if index & 1 or index < last:
            length += 1
        index >>= 1
        last >>= 1
    return length


def inclusion_root(index: int, size: int, hashed: bytes, proof: Sequence[bytes]) -> bytes:
    """The root that a proof leads to (RFC 9162 §2.1.3.2); the proof has the length its index and size demand."""
    last = size - 1
    rest = iter(proof)
    while last:
        if index & 1:
            hashed = node(next(rest), hashed)
        elif index < last:
            hashed = node(hashed, next(rest))
        index >>= 1
        last >>= 1
    return hashed


def verify_inclusion(index: int, size: int, hashed: bytes, proof: Sequence[bytes], top: bytes) -> bool:
    """Whether the leaf with this hash stands at this place of the tree with this size and root."""
    if not 0 <= index < size or len(proof) != inclusion_length(index, size):
        return False
    return inclusion_root(index, size, hashed, proof) == top


def verify_consistency(old_size: int, new_size: int, old: bytes, new: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the newer tree continues the older one (RFC 9162 §2.1.4.2)."""
    if not 0 <= old_size <= new_size:
        return False
    if old_size == 0:
        return not proof and old == EMPTY and (new_size > 0 or new == EMPTY)
    if old_size == new_size:
        return not proof and old == new
    rest = list(proof)
    if old_size & (old_size - 1) == 0:
        rest.insert(0, old)
    if not rest:
        return False
    place, last = old_size - 1, new_size - 1
    while place & 1:
        place >>= 1
        last >>= 1
    was = now = rest[0]
    for each in rest[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            was, now = node(each, was), node(each, now)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            now = node(now, each)
        place >>= 1
        last >>= 1
    return last == 0 and was == old and now == new
