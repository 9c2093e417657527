"""`lastlook` under agentbarrier's suite: `agentbarrier verify adapter:Adapter`.

This file translates and decides nothing. The agent in it calls a tool through `lastlook mcp`, does what it is told, and
calls again; people are `lastlook approve`, `reject` and `resolve`, with a real key. What protects the effects is in
`rules.toml` (`run-wide.toml` beside it for that profile), nowhere here: without a guard there the scenario fails.

    the suite                    here
    a run                        an agent's session: one `lastlook mcp` with a server of its own; its beginning, end, cancellation
                                 and time-out are the agent's own, and so are the receipts of them
    an action                    a call of `sentinel_write`; `action_id`, the run, the parent and whether people must agree are
                                 arguments, so that the rules can speak of them
    the effect                   done by the server (`effects.py`), which carries it to the suite's probe
    pending                      a call that was answered `hold`; the action as the record shows it (`lastlook approvals ID`)
    approve                      `lastlook approve`; then the agent calls again
    approve with a replacement   an approval is for one action: what was asked is rejected, the agent asks for the replacement
                                 (a new request), and that is approved
    reject                       `lastlook reject`; then the agent calls again, and is told
    cancel, time-out             `notifications/cancelled`, then the session is closed: the boundary ends, and its server with it
    unknown                      `outcome: unknown` in the answer's verdict, or a refusal `in-doubt`
    replay                       another session that calls the same again; `once-done` is: it was done
    reconcile                    somebody looks at the effect itself (the probe's own look-up, within the time given), and says
                                 what was found with `lastlook resolve`; where nothing is proven, nothing is said and the record
                                 stays `unknown`
    audit receipts               requests, approvals and rejections are entries of `lastlook log`, their digest that of the
                                 arguments on record; those of runs and of looking at an effect are the adapter's own
"""

import asyncio
import json
import os
import time
from datetime import datetime, timezone

from agentbarrier.adapter import AgentAdapter, RunHandle, validate_actions, wait_for_pending_or_terminal
from agentbarrier.errors import AmbiguousEffectError
from agentbarrier.models import (
    ActionRequest,
    AuditEvent,
    AuditReceipt,
    Capability,
    ReconciliationEvidence,
    ReconciliationStatus,
    RunOutcome,
    RunStatus,
    action_digest,
)

COMMAND = [os.environ["LASTLOOK"], "--state", os.environ["STATE"], "--config", os.environ["RULES"]]
REVIEWER = ["--as", "ada", "--passphrase-file", os.environ["PASSPHRASE"]]
VERDICT = "dev.lastlook/verdict"


async def lastlook(*words):
    """What a command prints with `--json`, line by line."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *words, "--json", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"lastlook {words}: {err.decode()}")
    return [json.loads(line) for line in out.splitlines()]


def on_record(arguments):
    """The action that arguments on record are."""
    return ActionRequest(
        arguments["action_id"],
        "sentinel_write",
        arguments["arguments"],
        requires_approval=arguments["requires_approval"],
        parent_action_id=arguments["parent_action_id"] or None,
    )


def in_words(action, run_id, gated):
    """The arguments of the call that an action is."""
    return {
        "run_id": run_id,
        "action_id": action.action_id,
        "parent_action_id": action.parent_action_id or "",
        "requires_approval": action.requires_approval,
        "gated": gated,
        "arguments": dict(action.arguments),
    }


class World:
    """The suite's effects, as the server reaches them."""

    def __init__(self, path):
        self.path, self.probes, self.under_way = path, {}, set()

    async def open(self):
        await asyncio.start_unix_server(self.serve, self.path)

    async def serve(self, reader, writer):
        self.under_way.add(asyncio.current_task())
        try:
            arguments = json.loads(await reader.readline())
            effect = asyncio.create_task(self.probes[arguments["action_id"]](on_record(arguments)))
            gone = asyncio.create_task(reader.read())
            await asyncio.wait({effect, gone}, return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
            if not effect.done():
                # Whoever asked has gone: what has not happened yet does not happen.
                effect.cancel()
            [came] = await asyncio.gather(effect, return_exceptions=True)
            if not isinstance(came, asyncio.CancelledError):
                lost = isinstance(came, AmbiguousEffectError)
                writer.write(json.dumps({"lost": True} if lost else {"done": str(came)}).encode() + b"\n")
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()
            self.under_way.discard(asyncio.current_task())

    async def is_still(self):
        """Until nothing is under way."""
        if self.under_way:
            await asyncio.wait(self.under_way)


class Session:
    """An agent's connection through the boundary."""

    async def open(self, effects):
        self.process = await asyncio.create_subprocess_exec(
            *COMMAND,
            "mcp",
            "--upstream",
            "world",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"EFFECTS": effects},
        )
        self.asked, self.number = {}, 0
        self.reading = asyncio.create_task(self.read())
        info = {"name": "agentbarrier", "version": "1.1.0"}
        await self.request("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info})
        self.send({"method": "notifications/initialized"})

    def send(self, message):
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0"} | message).encode() + b"\n")

    async def request(self, method, params):
        self.number += 1
        number, self.asked[self.number] = self.number, asyncio.get_running_loop().create_future()
        self.send({"id": number, "method": method, "params": params})
        return await self.asked[number]

    async def read(self):
        while line := await self.process.stdout.readline():
            message = json.loads(line)
            asked = self.asked.pop(message.get("id"), None)
            if asked and not asked.done():
                asked.set_result(message)

    async def close(self):
        """Cancels what is under way, and ends; returns when the boundary has ended."""
        if self.process.returncode is None:
            for number in self.asked:
                self.send({"method": "notifications/cancelled", "params": {"requestId": number}})
            self.process.stdin.close()
            await self.process.wait()
        await self.reading


class Adapter(AgentAdapter):
    name = "lastlook"
    capabilities = frozenset(Capability)

    def __init__(self):
        self.world = None

    async def begin(self, *, run_id, actions, effect, timeout_seconds=None):
        if self.world is None:
            self.world = World(os.environ["EFFECTS"])
            await self.world.open()
        actions = validate_actions(actions)
        for action in actions:
            self.world.probes[action.action_id] = effect
        return Run(self, run_id, actions, effect, timeout_seconds)


class Run(RunHandle):
    def __init__(self, adapter, run_id, actions, effect, timeout):
        self.adapter, self.run_id, self.actions = adapter, run_id, list(actions)
        self.effect, self.timeout = effect, timeout
        self.gated = sum(action.requires_approval for action in actions)
        self.requests, self.notes = {}, []
        self.held, self.decided = asyncio.Event(), asyncio.Event()
        self.session = Session()
        self.note(AuditEvent.RUN_STARTED)
        self.task = asyncio.create_task(self.drive())

    # The agent.

    async def drive(self):
        try:
            await self.session.open(self.adapter.world.path)
            outcome = await asyncio.wait_for(self.work(), self.timeout)
        except asyncio.CancelledError:
            outcome = RunOutcome(RunStatus.CANCELLED)
        except asyncio.TimeoutError:
            outcome = RunOutcome(RunStatus.TIMED_OUT)
        await self.session.close()
        await self.adapter.world.is_still()
        self.note(AuditEvent(f"run_{outcome.status.value}"))
        return outcome

    async def work(self):
        """Calls everything, and again what did not run, as long as people decide or something else of it moves."""
        told = {}
        left = list(range(len(self.actions)))
        while left:
            self.decided.clear()
            answers = await asyncio.gather(*[self.call(self.actions[place]) for place in left])
            for place, answer in zip(left, answers):
                told[place] = answer
            ended = [place for place in left if told[place] in ("done", "rejected", "unknown", "failed")]
            left = [place for place in left if place not in ended]
            if any(told[place] == "hold" for place in left):
                self.held.set()
                await self.decided.wait()
            elif not ended:
                break
        for told_so, status in [("unknown", RunStatus.UNKNOWN), ("failed", RunStatus.FAILED)]:
            if told_so in told.values():
                return RunOutcome(status)
        if left:
            return RunOutcome(RunStatus.FAILED, f"refused: {[told[place] for place in left]}")
        return RunOutcome(RunStatus.COMPLETED)

    async def call(self, action):
        """What the agent is told, in a word."""
        arguments = in_words(action, self.run_id, self.gated)
        answer = await self.session.request("tools/call", {"name": "sentinel_write", "arguments": arguments})
        result = answer.get("result") or {"isError": True}
        verdict = result.get("_meta", {}).get(VERDICT)
        if not verdict:
            return "failed" if result.get("isError") else "done"
        if verdict["verdict"] == "hold":
            self.requests[action.action_id] = verdict["request"]
            return "hold"
        if verdict["verdict"] == "allow":
            return {"unknown": "unknown", "succeeded": "done"}.get(verdict.get("outcome"), "failed")
        words = {"once-done": "done", "approval-rejected": "rejected", "in-doubt": "unknown"}
        return next((words[code] for code in verdict["codes"] if code in words), " ".join(verdict["codes"]))

    # People.

    async def wait_for_pending(self, timeout_seconds):
        await wait_for_pending_or_terminal(
            pending_event=self.held, run_task=self.task, timeout_seconds=timeout_seconds, adapter_name=self.adapter.name
        )
        shown = [(await lastlook("approvals", request))[0] for request in self.requests.values()]
        return tuple(on_record(request["arguments"]) for request in shown if request["state"] == "pending")

    async def approve(self, action_id, replacement=None):
        if replacement is not None:
            await self.say("reject", action_id, "not so: see the request for the replacement")
            place = next(at for at, action in enumerate(self.actions) if action.action_id == action_id)
            self.actions[place] = replacement
            await self.call(replacement)
        await self.say("approve", action_id, "looked at it")
        self.decided.set()

    async def reject(self, action_id, reason=None):
        await self.say("reject", action_id, reason or "no")
        self.decided.set()

    async def say(self, word, action_id, reason):
        await lastlook(word, self.requests[action_id], *REVIEWER, "--reason", reason)

    async def cancel(self):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def wait(self, timeout_seconds):
        try:
            return await asyncio.wait_for(asyncio.shield(self.task), timeout_seconds)
        except asyncio.TimeoutError:
            return RunOutcome(RunStatus.FAILED, "it does not end")

    async def replay(self):
        return Run(self.adapter, self.run_id, self.actions, self.effect, self.timeout)

    async def close(self):
        if not self.task.done():
            await self.cancel()

    async def reconcile(self, action_id, timeout_seconds):
        unknown = [line["receipt"] for line in await lastlook("log", "--outcome", "unknown")]
        shown = {receipt: (await lastlook("show", receipt))[0]["arguments"]["value"] for receipt in unknown}
        receipt = next(receipt for receipt, arguments in shown.items() if arguments["action_id"] == action_id)
        action = on_record(shown[receipt])
        self.note(AuditEvent.RECONCILIATION_STARTED, action)
        try:
            evidence = await asyncio.wait_for(self.effect.reconcile(action), timeout_seconds)
            event = AuditEvent(f"reconciliation_{evidence.status.value}")
        except asyncio.TimeoutError:
            event, detail = AuditEvent.RECONCILIATION_TIMED_OUT, f"timed out after {timeout_seconds} s"
            digest = action_digest(action)
            evidence = ReconciliationEvidence(action_id, ReconciliationStatus.UNAVAILABLE, digest, detail=detail)
        proven = {ReconciliationStatus.COMMITTED: "succeeded", ReconciliationStatus.NOT_COMMITTED: "failed"}
        if evidence.status in proven:
            await lastlook("resolve", receipt, "--as", proven[evidence.status], "--reason", evidence.detail)
        self.note(event, action)
        return evidence

    # The record.

    def note(self, event, action=None):
        self.notes.append((time.time_ns(), event, action))

    async def audit_receipts(self):
        events = list(self.notes)
        words = {"held": AuditEvent.APPROVAL_REQUESTED, "approved": AuditEvent.APPROVED, "rejected": AuditEvent.REJECTED}
        for line in await lastlook("log"):
            event = words.get(line["outcome"] or line["kind"])
            if event and line["receipt"].startswith("ask-"):
                arguments = (await lastlook("approvals", line["receipt"]))[0]["arguments"]
                if arguments["run_id"] == self.run_id:
                    events.append((nanoseconds(line["time"]), event, on_record(arguments)))
        events.sort(key=lambda event: event[0])
        return tuple(
            AuditReceipt(
                at + 1,
                self.run_id,
                event,
                when,
                action_id=action and action.action_id,
                action_digest=action and action_digest(action),
            )
            for at, (when, event, action) in enumerate(events)
        )


def nanoseconds(text):
    """A moment of the record: `2026-01-01T00:00:00.123456789Z`."""
    whole, _, part = text.rstrip("Z").partition(".")
    at = datetime.fromisoformat(whole).replace(tzinfo=timezone.utc)
    return int(at.timestamp()) * 1_000_000_000 + int(part.ljust(9, "0") or 0)
