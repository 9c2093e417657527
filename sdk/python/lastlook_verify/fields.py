"""Single fields of the values an entry commits to (``spec/entry.md``, *Fields*)."""

from collections.abc import Sequence
from dataclasses import dataclass

from .commitment import commitment
from .encoding import digest
from .strict import Number, Value
from .tree import inclusion_length, leaf, verify_inclusion


@dataclass(frozen=True)
class Fields:
    """What an entry says of its fields: how many there are, and the root over them."""

    size: int
    root: bytes

    def has(self, label: str, salted: bytes, value: bytes, index: int, proof: Sequence[bytes]) -> bool:
        """Whether a field with this label, salt and value is at this place among them."""
        if index >= self.size or len(proof) != inclusion_length(index, self.size):
            return False
        committed = bytes.fromhex(commitment(salted, value).removeprefix("sha256:"))
        hashed = leaf(digest("lastlook/field/v1", label.encode("utf-8"), committed))
        return verify_inclusion(index, self.size, hashed, proof, self.root)


def read_fields(body: dict[str, Value]) -> Fields | None:
    """The fields of an entry, whose body has the shape of one."""
    fields = body.get("fields")
    if not isinstance(fields, dict):
        return None
    size, root = fields["size"], fields["root"]
    count = size.integer() if isinstance(size, Number) else None
    if count is None or not isinstance(root, str):
        return None
    return Fields(count, bytes.fromhex(root))
