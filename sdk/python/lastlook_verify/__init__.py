"""Verifies what lastlook writes down: offline, with pinned keys and nothing else.

Written from the texts in ``spec/`` alone, so that two programs that share no code say whether a file verifies.

    keys = pinned_keys(open("lastlook.pub", "rb").read())
    proven = verify_receipt(open("receipt.json", "rb").read(), keys)

Every function raises :class:`Refused` with the code that the specification gives for the first check that fails.
"""

from .approval import Statement, read_statement, verify_statement
from .approvers import About, Approver, Approvers, read_approvers, verify_approval
from .checkpoint import Checkpoint, verify_checkpoint
from .commitment import commitment, salt, verify_opening
from .entity import Entity, is_approver, read_entity, same_principal
from .entry import Entry, leaf_hash, read_entry
from .errors import Refused
from .grants import Action, verify_grant
from .handover import Handover, brought_handovers, follow, read_handover
from .keys import Key, pinned_keys, read_key
from .log import verify_log
from .receipt import Opened, Proven, verify_receipt
from .roster import verify_logs
from .tree import root, verify_consistency, verify_inclusion
from .witness import Cosigned, Witnesses, pinned_witnesses, read_witness, verify_witnessed

__all__ = [
    "About",
    "Action",
    "Approver",
    "Approvers",
    "Checkpoint",
    "Cosigned",
    "Entity",
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
    "is_approver",
    "leaf_hash",
    "pinned_keys",
    "pinned_witnesses",
    "read_approvers",
    "read_entity",
    "read_entry",
    "read_handover",
    "read_key",
    "read_statement",
    "read_witness",
    "root",
    "salt",
    "same_principal",
    "verify_approval",
    "verify_checkpoint",
    "verify_consistency",
    "verify_grant",
    "verify_inclusion",
    "verify_log",
    "verify_logs",
    "verify_opening",
    "verify_receipt",
    "verify_statement",
    "verify_witnessed",
]
