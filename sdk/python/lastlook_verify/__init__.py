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
from .handover import Handover, brought_handovers, follow, read_handover
from .keys import Key, pinned_keys, read_key
from .log import verify_log
from .receipt import Opened, Proven, verify_receipt
from .tree import root, verify_consistency, verify_inclusion
from .witness import Cosigned, Witnesses, pinned_witnesses, read_witness, verify_witnessed

__all__ = [
    "Checkpoint",
    "Cosigned",
    "Entry",
    "Handover",
    "Key",
    "Opened",
    "Proven",
    "Refused",
    "Statement",
    "Witnesses",
    "brought_handovers",
    "commitment",
    "follow",
    "leaf_hash",
    "pinned_keys",
    "pinned_witnesses",
    "read_entry",
    "read_handover",
    "read_key",
    "read_statement",
    "read_witness",
    "root",
    "salt",
    "verify_checkpoint",
    "verify_consistency",
    "verify_inclusion",
    "verify_log",
    "verify_opening",
    "verify_receipt",
    "verify_statement",
    "verify_witnessed",
]
