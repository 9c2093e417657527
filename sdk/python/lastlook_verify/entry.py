"""Entries: one record each, in canonical JSON (``spec/entry.md``)."""

from dataclasses import dataclass

from . import shapes as s
from . import strict
from .encoding import is_hash, is_identifier, is_name, is_time
from .errors import Refused
from .strict import Value
from .tree import leaf

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
KINDS = ("armed", "refused", "held", "outcome", "confirmation", "operator", "reads")
PAYLOAD_TYPE = "application/vnd.in-toto+json"

_STATEMENT = {"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://lastlook.dev/entry/v1"}
_HEAD = ("attempt", "kind", "origin", "time")

_VERDICT = s.either(s.word("allow", "deny"), s.null)
_TOOL = s.members({"upstream": s.text, "tool": s.text})
_ALL = s.members(
    {"mode": s.word("enforce", "audit"), "principal": s.principal},
    {
        "definition": s.either(s.hexed, s.null),
        "idempotency_key": s.text,
        "fields": s.fields,
        "class": s.members(
            {"is": s.word("read", "write", "destructive"), "by": s.word("declared", "hinted", "default", "profile")}
        ),
        "upstream": s.text,
        "tool": s.text,
    },
)
_BASIS = s.members(
    {"tool": s.text, "was": s.commitment, "params": s.commitment}, {"rebased_ms": s.either(s.count, s.null)}
)
_KINDS = {
    "armed": s.members(
        {"arguments": s.commitment, "basis": s.array(_BASIS)},
        {
            "compared": s.count,
            "uncompared": s.count,
            "missing": s.count,
            "blind": s.flag,
            "child": s.either(s.members({}), s.null),
        },
    ),
    "refused": s.members(
        {"armed": s.flag, "verdict": s.word("deny"), "reasons": s.array(s.members({"code": s.code}), empty=False)},
        {"facts": s.facts, "arguments": s.commitment, "decide_ns": s.count, "gap_ns": s.count},
    ),
    "held": s.members(
        {},
        {
            "verdict": s.word("hold"),
            "arguments": s.commitment,
            "asked": s.commitment,
            "asks": s.array(s.members({"guard": s.text, "digest": s.hexed, "by": s.text, "quorum": s.count})),
            "epoch": s.count,
            "after": s.text,
        },
    ),
    "outcome": s.members(
        {
            "verdict": _VERDICT,
            "outcome": s.word("succeeded", "failed", "unknown"),
            "evidence": s.code,
            "confirmation": s.word("confirmed", "contradicted", "unconfirmed"),
        },
        {
            "reasons": s.reasons,
            "closure": s.word("transactional", "conditional", "adjacent", "delegated", "observed"),
            "sent": s.hexed,
            "facts": s.facts,
            "gap_ns": s.count,
            "decide_ns": s.count,
            "begun_ns": s.count,
            "tail_ns": s.count,
            "answer": s.commitment,
            "rebased": s.count,
            "settles": s.flag,
        },
    ),
    "confirmation": s.anything,
    "operator": s.members(
        {
            "as": s.word(
                "succeeded",
                "failed",
                "reloaded",
                "accepted",
                "halted",
                "resumed",
                "approver-added",
                "approver-removed",
                "approved",
                "rejected",
                "revoked",
                "granted",
                "grant-revoked",
                "key-rotated",
                "log-opened",
                "log-found",
                "log-continued",
                "restored",
                "doubt-ended",
            ),
            "reason": s.text,
            "by": s.principal,
        },
        {
            "from": s.hexed,
            "to": s.hexed,
            "scope": s.members({"of": s.word("all", "upstream", "tool", "principal", "agent")}, {"name": s.text}),
            "approver": s.members({"name": s.text, "key": s.text, "fingerprint": s.hexed, "by": s.text}),
            "signed": s.text,
            "log": s.members({"origin": s.text, "first": s.hexed}),
            "heads": s.heads,
            "lost": s.heads,
        },
    ),
    "reads": s.members(
        {},
        {
            "calls": s.array(s.members({"upstream": s.text, "tool": s.text, "count": s.count})),
            "others": s.count,
            "first": s.time,
            "last": s.time,
        },
    ),
}


@dataclass(frozen=True)
class Entry:
    """An entry that follows the rules. That says nothing yet of who wrote it."""

    attempt: str
    kind: str
    origin: str
    time: str
    action: str
    body: dict[str, Value]
    payload: bytes


def leaf_hash(payload: bytes) -> bytes:
    """The hash of an entry's leaf, over the DSSE v1 pre-authentication encoding."""
    return leaf(b"DSSEv1 28 application/vnd.in-toto+json %d %s" % (len(payload), payload))


def read_entry(payload: bytes) -> Entry:
    """Reads a payload and checks everything that an entry must be."""
    if len(payload) > MAX_BYTES:
        raise Refused("entry-too-large", f"the payload has {len(payload)} bytes; {MAX_BYTES} are allowed")
    try:
        value = strict.parse(payload, MAX_DEPTH)
    except strict.NotStrict as error:
        raise Refused("entry-json", str(error)) from None
    for number in strict.numbers(value):
        if number.integer() is None:
            raise Refused("entry-number", f"`{number.text[:40]}` is not an integer within 2^53 - 1")
    if strict.canonical(value) != payload:
        raise Refused("entry-not-canonical", "the payload is not the canonical form of what it says")
    entry = _statement(value, payload)
    problem = _head_problem(entry) or _body_problem(entry)
    if problem:
        raise Refused("entry-member", problem)
    return entry


def _statement(value: Value, payload: bytes) -> Entry:
    wrong = Refused("entry-statement", "the payload is not the statement of an entry")
    if not isinstance(value, dict) or set(value) != {"_type", "predicate", "predicateType", "subject"}:
        raise wrong
    if any(value[name] != known for name, known in _STATEMENT.items()):
        raise wrong
    predicate, subject = value["predicate"], value["subject"]
    if not isinstance(predicate, dict):
        raise wrong
    head = [text for text in map(predicate.get, _HEAD) if isinstance(text, str)]
    if len(head) != len(_HEAD) or head[1] not in KINDS:
        raise wrong
    attempt, kind, origin, time = head
    if not isinstance(subject, list) or len(subject) != 1:
        raise wrong
    about = subject[0]
    if not isinstance(about, dict) or set(about) != {"digest", "name"} or about["name"] != f"attempt/{attempt}":
        raise wrong
    digest = about["digest"]
    if not isinstance(digest, dict) or set(digest) != {"sha256"}:
        raise wrong
    action = digest["sha256"]
    if not isinstance(action, str) or not is_hash(action):
        raise wrong
    body = {name: member for name, member in predicate.items() if name not in _HEAD}
    return Entry(attempt, kind, origin, time, action, body, payload)


def _head_problem(entry: Entry) -> str | None:
    if not is_identifier(entry.attempt):
        return "`attempt` is not an id"
    if not is_name(entry.origin):
        return "`origin` is not a name"
    if not is_time(entry.time):
        return "`time` is not a time"
    return None


def _body_problem(entry: Entry) -> str | None:
    body = entry.body
    if not _ALL(body):
        return "a member that all kinds have is missing or not of its shape"
    if entry.kind not in ("operator", "reads") and not _TOOL(body):
        return "`upstream` or `tool` is missing"
    if not _KINDS[entry.kind](body):
        return f"a member of `{entry.kind}` is missing or not of its shape"
    if entry.kind != "outcome":
        return None
    if "sent" in body and "closure" not in body:
        return "something was sent without a closure"
    if body["verdict"] == "deny" and body["mode"] != "audit":
        return "an outcome of what was denied, outside audit mode"
    if body["verdict"] == "deny" and not body.get("reasons"):
        return "denied without reasons"
    if body["verdict"] is None and "sent" in body:
        return "something was sent without a verdict"
    return None
