"""What a grant stands for (``spec/approval.md``, 21 to 24). Its condition and its budget are not looked at."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .approval import Statement, read_statement
from .approvers import Approvers
from .encoding import nanoseconds
from .entity import is_approver, read_entity, same_principal
from .entry import Entry
from .errors import Refused

LONGEST_NS = 30 * 86_400 * 10**9


@dataclass(frozen=True)
class Action:
    """What is about to run, and the guard that asks. ``on_tool`` are the digests of all guards on the tool, hexadecimal."""

    principal: str
    agent: str | None
    upstream: str
    tool: str
    definition: str
    on_tool: Sequence[str]
    epoch: int
    guard: str
    by: str
    resource: str | None


def verify_grant(
    stored: bytes, approvers: Approvers, entries: Iterable[Entry], action: Action, now: str
) -> Statement:
    """A grant that stands for its giver's yes to ``action.guard``, if its condition holds and its budget has room.

    ``entries`` are those of the state's logs, each log verified.
    """
    grant = read_statement(stored, "grant")
    _counts(grant, approvers, action.epoch, now)
    _on_record(grant, stored, entries)
    _fits(grant, action)
    said = grant.members
    if action.guard not in _texts(grant, "guards"):
        raise Refused("grant-other-guard", "it was not given for this guard")
    if not approvers.known[grant.signer].is_asked(action.by):
        raise Refused("word-not-asked", f"`{grant.signer}` is not asked")
    about = read_entity(action.resource) if action.resource is not None else None
    if said["resources"] and (about is None or about not in map(read_entity, _texts(grant, "resources"))):
        raise Refused("grant-scope", "it is about other resources")
    return grant


def _counts(grant: Statement, approvers: Approvers, epoch: int, now: str) -> None:
    giver = approvers.whose(grant, now)
    if grant.text("state") != approvers.state:
        raise Refused("grant-state", "it was given in another state")
    if nanoseconds(grant.text("expires")) - nanoseconds(grant.text("time")) > LONGEST_NS:
        raise Refused("grant-lasting", "it lasts more than 30 days")
    if now >= grant.text("expires"):
        raise Refused("grant-expired", f"it counted until {grant.text('expires')}")
    if grant.epoch != epoch:
        raise Refused("grant-epoch", "it is of another epoch")
    if is_approver(grant.text("principal"), giver.name):
        raise Refused("grant-own", "nobody gives themselves a grant")


def _on_record(grant: Statement, stored: bytes, entries: Iterable[Entry]) -> None:
    about = [it.body for it in entries if it.kind == "operator" and it.attempt == grant.text("grant")]
    if any(body["as"] == "grant-revoked" for body in about):
        raise Refused("grant-revoked", "the log says that it was taken back")
    if not any(body["as"] == "granted" and body.get("signed") == stored.decode("utf-8") for body in about):
        raise Refused("grant-unrecorded", "the log does not say that it was given")


def _fits(grant: Statement, action: Action) -> None:
    said = grant.members
    same = (
        same_principal(grant.text("principal"), action.principal)
        and said["upstream"] == action.upstream
        and said["tool"] == action.tool
        and said["definition"] == action.definition
        and (said["agent"] is None or said["agent"] == action.agent)
    )
    if not same:
        raise Refused("grant-scope", "it is about something else")
    if not set(_texts(grant, "guards")) <= set(action.on_tool):
        raise Refused("grant-guards", "a guard it was given under is not on the tool")


def _texts(grant: Statement, name: str) -> list[str]:
    value = grant.members[name]
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
