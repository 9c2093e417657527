"""Verifies what lastlook writes down: offline, with pinned keys and nothing else.

Written from the texts in ``spec/`` alone, so that two programs that share no code say whether a file verifies.

    keys = pinned_keys(open("lastlook.pub", "rb").read())
    proven = verify_receipt(open("receipt.json", "rb").read(), keys)

Every function raises :class:`Refused` with the code that the specification gives for the first check that fails.
"""

from .approval import Statement, read_statement, verify_statement
from .checkpoint import Checkpoint, verify_checkpoint
from .commitment import commitment, salt, verify_opening
from .entry import Entry, leaf_hash, read_entry
from .errors import Refused
from .keys import Key, pinned_keys, read_key
from .log import verify_log
from .receipt import Opened, Proven, verify_receipt
from .tree import root, verify_consistency, verify_inclusion

__all__ = [
    "Checkpoint",
    "Entry",
    "Key",
    "Opened",
    "Proven",
    "Refused",
    "Statement",
    "commitment",
    "leaf_hash",
    "pinned_keys",
    "read_entry",
    "read_key",
    "read_statement",
    "root",
    "salt",
    "verify_checkpoint",
    "verify_consistency",
    "verify_inclusion",
    "verify_log",
    "verify_opening",
    "verify_receipt",
    "verify_statement",
]
