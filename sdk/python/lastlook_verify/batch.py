"""Many verifications in one process, for comparing this verifier with another: ``python -m lastlook_verify.batch``.

Each line of standard input is a JSON object with ``check``, and what that check takes, named as in ``spec/vectors``; the bytes of
``NAME`` may stand in ``NAME_base64``. For each, one line is printed: ``{"code": CODE}``, with null for what verifies, and what was
found beside it. ``flips`` changes every byte of a receipt, one at a time, by each of ``masks``, and gives a list of codes.
"""

import base64
import json
import sys
from collections import Counter
from typing import Any

from . import tree
from .approval import verify_statement
from .approvers import About, Approvers, read_approvers, verify_approval
from .checkpoint import verify_checkpoint
from .commitment import commitment, salt, verify_opening
from .entity import read_entity, same_principal
from .entry import leaf_hash, read_entry
from .errors import Refused
from .grants import Action, verify_grant
from .handover import brought_handovers, follow, read_handover
from .keys import Key, pinned_keys, read_key
from .log import verify_log
from .receipt import Proven, verify_receipt
from .roster import verify_logs
from .witness import Cosigned, Witnesses, read_witness, verify_witnessed

Vector = dict[str, Any]


def main() -> None:
    """Answers each line of standard input."""
    for line in sys.stdin.buffer:
        print(json.dumps(answer(json.loads(line))), flush=True)


def answer(vector: Vector) -> Vector:
    """The answer to one line."""
    try:
        return {"code": None, **_CHECKS[vector["check"]](vector)}
    except Refused as error:
        return {"code": error.code}


def _bytes(vector: Vector, name: str) -> bytes:
    if name in vector:
        text: str = vector[name]
        return text.encode("utf-8")
    return base64.b64decode(vector[f"{name}_base64"])


def _put(name: str, data: bytes) -> Vector:
    try:
        return {name: data.decode("utf-8")}
    except UnicodeDecodeError:
        return {f"{name}_base64": base64.b64encode(data).decode("ascii")}


def _keys(vector: Vector) -> list[Key]:
    return [read_key(key) for key in vector["keys"]]


def _key(vector: Vector) -> Vector:
    key = read_key(vector["vkey"])
    return {"key_name": key.name, "id": key.id.hex(), "public": key.public.hex()}


def _key_file(vector: Vector) -> Vector:
    return {"ids": [key.id.hex() for key in pinned_keys(_bytes(vector, "file"))]}


def _commitment(vector: Vector) -> Vector:
    salted = salt(bytes.fromhex(vector["seed"]), vector["label"])
    return {"salt": salted.hex(), "commitment": {"commitment": commitment(salted, _bytes(vector, "value"))}}


def _opening(vector: Vector) -> Vector:
    committed: str = vector["commitment"]["commitment"]
    if not verify_opening(committed, bytes.fromhex(vector["salt"]), _bytes(vector, "value")):
        raise Refused("value-does-not-open", "the value is not the one that was committed to")
    return {}


def _entry(vector: Vector) -> Vector:
    entry = read_entry(_bytes(vector, "payload"))
    return {"kind": entry.kind, "leaf": leaf_hash(entry.payload).hex()}


def _note(vector: Vector) -> Vector:
    found = verify_checkpoint(_bytes(vector, "note"), _keys(vector))
    return {"origin": found.origin, "size": found.size, "root": found.root.hex()}


def _proves(found: Proven) -> Vector:
    return {
        "receipt": found.entry.attempt,
        "kind": found.entry.kind,
        "origin": found.checkpoint.origin,
        "index": found.index,
        "size": found.checkpoint.size,
        "armed": found.armed is not None,
        "values": [{"of": it.of, "label": it.label, **_put("value", it.value)} for it in found.values],
    }


def _receipt(vector: Vector) -> Vector:
    return {"proves": _proves(verify_receipt(_bytes(vector, "file"), _keys(vector)))}


def _flips(vector: Vector) -> Vector:
    file, keys = bytearray(_bytes(vector, "file")), _keys(vector)
    codes: list[str | None] = []
    for mask in vector["masks"]:
        for at in range(len(file)):
            file[at] ^= mask
            try:
                verify_receipt(bytes(file), keys)
                codes.append(None)
            except Refused as error:
                codes.append(error.code)
            file[at] ^= mask
    return {"codes": codes}


def _witness_key(vector: Vector) -> Vector:
    key = read_witness(vector["vkey"])
    return {"key_name": key.name, "id": key.id.hex(), "public": key.public.hex()}


def _cosigned(vector: Vector) -> Vector:
    witnesses = Witnesses(tuple(read_witness(key) for key in vector["witnesses"]), vector["quorum"])
    found: tuple[Cosigned, ...]
    if "note" in vector:
        _, found = verify_witnessed(_bytes(vector, "note"), _keys(vector), witnesses)
    else:
        found = verify_receipt(_bytes(vector, "file"), _keys(vector), witnesses).witnessed
    return {"cosigned": [{"witness": it.witness, "time": it.time} for it in found]}


def _log(vector: Vector) -> Vector:
    payloads = [payload.encode("utf-8") for payload in vector["payloads"]]
    entries = verify_log(payloads, _bytes(vector, "note"), _keys(vector))
    return {"kinds": Counter(entry.kind for entry in entries)}


def _logs(vector: Vector) -> Vector:
    logs = [([it.encode("utf-8") for it in log["payloads"]], _bytes(log, "note")) for log in vector["logs"]]
    verify_logs(logs, _keys(vector))
    return {}


def _statement(vector: Vector) -> Vector:
    public = base64.b64decode(vector["key"])
    return _put("signed", verify_statement(_bytes(vector, "stored"), vector["kind"], public).signed)


def _book(vector: Vector) -> Approvers:
    introductions, removals = ([each.encode("utf-8") for each in vector[name]] for name in ("introductions", "removals"))
    return read_approvers(introductions, removals, vector["state"])


def _approvers(vector: Vector) -> Vector:
    book = _book(vector)
    return {"approvers": book.active, "known": sorted(book.known)}


def _word(vector: Vector) -> Vector:
    about = About(**{name: vector[name] for name in ("request", "action", "guards", "epoch", "principal", "by")})
    found = verify_approval(_bytes(vector, "stored"), _book(vector), about, vector["now"])
    return {"approver": found.signer, "decision": found.text("decision")}


def _grant(vector: Vector) -> Vector:
    entries = [read_entry(payload.encode("utf-8")) for payload in vector["payloads"]]
    found = verify_grant(_bytes(vector, "stored"), _book(vector), entries, Action(**vector["about"]), vector["now"])
    return {"approver": found.signer}


def _entity(vector: Vector) -> Vector:
    found = read_entity(vector["text"])
    return {"entity": None if found is None else {"type": list(found.type), "id": found.id}}


def _principals(vector: Vector) -> Vector:
    return {"same": same_principal(*vector["principals"])}


def _handover(vector: Vector) -> Vector:
    found = read_handover(_bytes(vector, "note"))
    logs = [{"origin": log.origin, "size": log.size, "root": log.root.hex()} for log in found.logs]
    return {"why": found.why, "time": found.time, "old": found.old.id.hex(), "new": found.new.id.hex(), "logs": logs}


def _followed(vector: Vector) -> list[Key]:
    return follow(_keys(vector), [read_handover(note.encode("utf-8")) for note in vector["handovers"]])


def _following(vector: Vector) -> Vector:
    keys = _followed(vector)
    if "checkpoint" in vector:
        verify_checkpoint(_bytes(vector, "checkpoint"), keys)
    return {"goes_by": [key.id.hex() for key in keys]}


def _brought(vector: Vector) -> Vector:
    file = _bytes(vector, "file")
    keys = follow(_keys(vector), brought_handovers(file))
    return {"proves": _proves(verify_receipt(file, keys))}


def _hashes(hexed: list[str]) -> list[bytes]:
    return [bytes.fromhex(each) for each in hexed]


def _root(vector: Vector) -> Vector:
    return {"root": tree.root([tree.leaf(data.encode("utf-8")) for data in vector["data"]]).hex()}


def _inclusion(vector: Vector) -> Vector:
    leaf, top = _hashes([vector["leaf"], vector["root"]])
    proof = _hashes(vector["proof"])
    return {"good": tree.verify_inclusion(vector["index"], vector["size"], leaf, proof, top)}


def _consistency(vector: Vector) -> Vector:
    old, new = _hashes([vector["old_root"], vector["new_root"]])
    proof = _hashes(vector["proof"])
    return {"good": tree.verify_consistency(vector["old_size"], vector["new_size"], old, new, proof)}


_CHECKS = {
    "key": _key,
    "key_file": _key_file,
    "commitment": _commitment,
    "opening": _opening,
    "entry": _entry,
    "note": _note,
    "receipt": _receipt,
    "flips": _flips,
    "log": _log,
    "witness_key": _witness_key,
    "cosigned": _cosigned,
    "logs": _logs,
    "statement": _statement,
    "approvers": _approvers,
    "word": _word,
    "grant": _grant,
    "entity": _entity,
    "principals": _principals,
    "handover": _handover,
    "following": _following,
    "brought": _brought,
    "root": _root,
    "inclusion": _inclusion,
    "consistency": _consistency,
}

if __name__ == "__main__":
    main()
