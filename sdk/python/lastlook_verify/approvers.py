"""Who is an approver, and whose word an approval is (``spec/approval.md``, 12 to 20)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .approval import Statement, read_statement
from .ed25519 import verifies
from .encoding import base64_bytes, nanoseconds
from .entity import Entity, is_approver, read_entity
from .errors import Refused

AHEAD_NS = 5 * 60 * 10**9


@dataclass(frozen=True)
class Approver:
    """Somebody who is, or was, an approver."""

    name: str
    key: bytes
    groups: tuple[Entity, ...]
    since: str
    by: str
    removed: str | None

    def is_asked(self, by: str) -> bool:
        """Whether a guard that asks this entity asks this person."""
        entity = read_entity(by)
        return entity is not None and (entity == Entity(("User",), self.name) or entity in self.groups)


@dataclass(frozen=True)
class Approvers:
    """Everybody who is or was an approver of one state, by name."""

    state: str
    known: dict[str, Approver]

    @property
    def active(self) -> list[str]:
        """The names of those who are approvers now, in their order."""
        return sorted(name for name, approver in self.known.items() if approver.removed is None)

    def whose(self, statement: Statement, now: str) -> Approver:
        """The approver whose word an approval or a grant is at a time (18)."""
        name, time = statement.signer, statement.text("time")
        approver = self.known.get(name)
        if approver is None:
            raise Refused("word-unknown", f"there is no approver `{name}`")
        if approver.removed is not None:
            raise Refused("word-removed", f"`{name}` is an approver no more")
        if not verifies(approver.key, statement.signed, statement.signature):
            raise Refused("approval-signature", f"it was not signed with the key of `{name}`")
        if time < approver.since:
            raise Refused("word-before", f"it is dated before `{name}` was introduced")
        if nanoseconds(time) - nanoseconds(now) > AHEAD_NS:
            raise Refused("word-ahead", "it is dated more than five minutes ahead of the clock")
        return approver


@dataclass(frozen=True)
class About:
    """What is about to run, as an approval is about it. ``guards`` are hexadecimal digests."""

    request: str
    action: str
    guards: Sequence[str]
    epoch: int
    principal: str
    by: str


def read_approvers(introductions: Iterable[bytes], removals: Iterable[bytes], state: str) -> Approvers:
    """Who is an approver, by all the introductions and removals of a state. If it refuses, nobody is one."""
    introduced = [read_statement(stored, "introduction") for stored in introductions]
    removed = [read_statement(stored, "removal") for stored in removals]
    known: dict[str, Statement] = {}
    for it in introduced:
        if it.text("name") in known:
            raise Refused("approvers-name", f"`{it.text('name')}` was introduced twice")
        known[it.text("name")] = it
    if any(it.text("state") != state for it in introduced + removed):
        raise Refused("approvers-state", f"not all of them are of the state `{state}`")
    firsts = sum(it.text("by") == it.text("name") for it in introduced)
    if firsts != 1 and introduced + removed:
        raise Refused("approvers-first", f"{firsts} introduced themselves, and not one")
    groups = {name: _groups(it) for name, it in known.items()}
    keys = {name: base64_bytes(it.text("key")) or b"" for name, it in known.items()}
    if len(set(keys.values())) != len(keys):
        raise Refused("approvers-key", "two of them have one key")
    ends: dict[str, Statement] = {}
    for it in removed:
        name = it.text("name")
        if name not in known or name in ends:
            raise Refused("approvers-removal", f"`{name}` was removed twice, or never introduced")
        ends[name] = it
    for it in introduced + removed:
        if not _may_sign(it, known, ends):
            raise Refused("approvers-by", f"`{it.signer}` was no approver at {it.text('time')}")
    for it in introduced + removed:
        if not verifies(keys[it.signer], it.signed, it.signature):
            raise Refused("approval-signature", f"it was not signed with the key of `{it.signer}`")
    return Approvers(
        state,
        {
            name: Approver(
                name,
                keys[name],
                groups[name],
                it.text("time"),
                it.signer,
                ends[name].text("time") if name in ends else None,
            )
            for name, it in known.items()
        },
    )


def verify_approval(stored: bytes, approvers: Approvers, about: About, now: str) -> Statement:
    """An approval or a rejection that counts for what is about to run, and for a guard that asks ``about.by`` (18 to 20)."""
    statement = read_statement(stored, "approval")
    approver = approvers.whose(statement, now)
    said = statement.members
    same = (
        said["request"] == about.request
        and said["action"] == about.action
        and said["guards"] == list(about.guards)
        and statement.epoch == about.epoch
    )
    if not same:
        raise Refused("word-other", "it is about something else")
    expires = said["expires"]
    if isinstance(expires, str) and now >= expires:
        raise Refused("word-expired", f"it counted until {expires}")
    if is_approver(about.principal, approver.name):
        raise Refused("word-own", "nobody approves their own action")
    if not approver.is_asked(about.by):
        raise Refused("word-not-asked", f"`{approver.name}` is not asked")
    return statement


def _groups(introduction: Statement) -> tuple[Entity, ...]:
    listed = introduction.members["groups"]
    found = [read_entity(each) for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
    groups = tuple(entity for entity in found if entity is not None and entity.type != ("User",))
    if len(groups) != len(found):
        raise Refused("approvers-group", f"`{introduction.text('name')}` belongs to what is no group")
    return groups


def _may_sign(it: Statement, known: dict[str, Statement], ends: dict[str, Statement]) -> bool:
    by, time = it.signer, it.text("time")
    own = by == it.text("name")
    if own and it.kind == "introduction":
        return True
    if by not in known or time <= known[by].text("time"):
        return False
    end = ends.get(by)
    return end is None or end is it or time < end.text("time")
