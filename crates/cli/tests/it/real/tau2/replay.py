"""Does the scripted tasks of a tau2 domain with the official MCP client, and prints all that came back as JSON.

    replay.py DOMAIN STORY [--reads as-written|once|each] [--tasks 1,2,…] [--jobs N] -- COMMAND...

DOMAIN is `airline` or `retail`. COMMAND starts the server (`world.py`), with or without a boundary before it, once for
each task, since a conversation is a connection; `{task}` in its words becomes the task's number. Nothing in here knows
whether a boundary is there: whoever started it compares two outputs.

STORY `benign`: every action as it is scripted.

STORY `moved`: before each write that follows a read of what it writes to, somebody else changes that very record; the
write is tried; everything is put back and the record is read again; then somebody else changes other records, one that
was read and one that was not, and the write is done. Each answer is recorded, with whether the write ran and which
records it changed, as the server's own data shows it.

The scripts hold only what decides their score, so two thirds of their writes come without the read that the domain's
own policy asks for. `--reads once` reads each record a write is about when it was not read before; `each` also reads it
again after the task itself wrote to it.
"""

import argparse
import asyncio
import json
import os
import re
import sys
import tempfile
from importlib import resources
from pathlib import Path

from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError

# Which record a write is about: its table, the argument that names it, and the tool that reads it.
USER = ("users", "user_id", "get_user_details")
ORDER = ("orders", "order_id", "get_order_details")
RESERVATION = ("reservations", "reservation_id", "get_reservation_details")
WRITES = {
    "airline": {
        "book_reservation": USER,
        "send_certificate": USER,
        "cancel_reservation": RESERVATION,
        "update_reservation_baggages": RESERVATION,
        "update_reservation_flights": RESERVATION,
        "update_reservation_passengers": RESERVATION,
    },
    "retail": {
        "cancel_pending_order": ORDER,
        "exchange_delivered_order_items": ORDER,
        "modify_pending_order_address": ORDER,
        "modify_pending_order_items": ORDER,
        "modify_pending_order_payment": ORDER,
        "modify_user_address": USER,
        "return_delivered_order_items": ORDER,
    },
}

# What somebody else does to a record: what an agent was told of it is not true any more, and the server runs the write
# all the same.
MOVES = {
    "orders": (["address", "address1"], "1 Somebody Else Street"),
    "users": (["address", "address1"], "1 Somebody Else Street"),
    "reservations": (["total_baggages"], 9),
}

# The server numbers its calls; a boundary that reads for itself makes calls of its own.
NUMBER = re.compile(r"\b(tau2_(?:airline|retail)_mcp)_\d+\b")


class World:
    """The second way into the server's data."""

    def __init__(self, path):
        self.path = path

    async def ask(self, **asked):
        reads, writes = await asyncio.open_unix_connection(self.path, limit=2**26)
        writes.write(json.dumps(asked).encode() + b"\n")
        told = json.loads(await reads.readline())
        writes.close()
        return told

    async def get(self, *path):
        return await self.ask(do="get", path=path)

    async def move(self, table, key):
        """Somebody else changes a record; gives the way back."""
        path, value = MOVES[table]
        path = [table, key, *path]
        was = await self.ask(do="set", path=path, value=value)
        assert was != value, path

        async def back():
            await self.ask(do="set", path=path, value=was)

        return back


class Task:
    """One scripted task in one conversation."""

    def __init__(self, domain, client, world, reads):
        self.writes, self.client, self.world, self.reads = WRITES[domain], client, world, reads
        self.steps, self.seen, self.dirty = [], [], set()

    async def call(self, tool, arguments, **more):
        try:
            answer = dump(await self.client.call_tool(tool, arguments))
        except MCPError as error:
            answer = {"mcp_error": dump(error.error)}
        except Exception as error:  # what the client says of an answer it cannot take is part of the transcript
            answer = {"client_error": f"{type(error).__name__}: {error}"}
        self.steps.append({"tool": tool, "arguments": arguments, **more, "answer": answer})

    async def act(self, tool, arguments, moved):
        if tool not in self.writes:
            return await self.read(tool, arguments)
        table, name, reader = self.writes[tool]
        key = arguments[name]
        record = (table, key)
        unread = record not in self.seen
        if (unread and self.reads != "as-written") or (record in self.dirty and self.reads == "each"):
            await self.read(reader, {name: key}, inserted=True)
        if moved and record in self.seen and await self.world.get(*record):
            await self.moved(tool, arguments, record, {name: key})
        else:
            await self.call(tool, arguments)
        self.dirty.add(record)

    async def read(self, tool, arguments, **more):
        await self.call(tool, arguments, **more)
        for table, name, reader in set(self.writes.values()):
            if tool == reader:
                record = (table, arguments[name])
                self.dirty.discard(record)
                if record not in self.seen:
                    self.seen.append(record)

    async def moved(self, tool, arguments, record, name):
        await self.world.ask(do="keep")
        await self.world.move(*record)
        await self.tried(tool, arguments, record, "this record")
        await self.world.ask(do="restore")
        await self.read(self.writes[tool][2], name, again=True)
        ways_back = [await self.world.move(*other) for other in await self.others(record, arguments)]
        await self.tried(tool, arguments, record, "other records")
        for back in ways_back:
            await back()

    async def tried(self, tool, arguments, record, moved):
        before, ran = await self.world.get(*record), await self.ran()
        await self.call(tool, arguments, moved=moved)
        after = await self.world.get(*record)
        self.steps[-1] |= {"ran": await self.ran() - ran, "changed": before != after}

    async def ran(self):
        """How many writes the server ran, as its own log has it."""
        return sum(call["name"] in self.writes and not call["error"] for call in await self.world.ask(do="calls"))

    async def others(self, record, arguments):
        """Records the write is not about: each that was read before, and one that nobody looked at."""
        named = json.dumps(arguments)
        read = [other for other in self.seen if other != record and json.dumps(other[1]) not in named]
        read = [other for other in read if await self.world.get(*other)]  # some scripts ask for what does not exist
        table = record[0]
        everything = await self.world.ask(do="keys", path=[table])
        unread = next(key for key in everything if (table, key) not in self.seen and json.dumps(key) not in named)
        return [*read, (table, unread)]


def dump(model):
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


def tasks_of(domain):
    file = resources.files(f"tau2_{domain}_mcp").joinpath(f"data/tau2/domains/{domain}/tasks.json")
    return {task["id"]: (task["evaluation_criteria"] or {}).get("actions") or [] for task in json.loads(file.read_text())}


async def play(options, task, actions, folder):
    words = [word.replace("{task}", task) for word in options.command]
    path = str(Path(folder) / f"{task}.sock")
    environment = {**os.environ, "TAU2_SOCKET": path}
    server = StdioServerParameters(command=words[0], args=words[1:], env=environment)
    async with Client(server) as client:
        await client.list_tools()
        world = World(path)
        played = Task(options.domain, client, world, options.reads)
        for action in actions:
            await played.act(action["name"], action["arguments"], options.story == "moved")
        ran = [call for call in await world.ask(do="calls") if call["name"] in WRITES[options.domain]]
        tables = {table for table, _, _ in WRITES[options.domain].values()}
        left = {table: await world.get(table) for table in sorted(tables)}
    return {"task": task, "steps": played.steps, "writes": ran, "left": left}


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("domain", choices=WRITES)
    parser.add_argument("story", choices=["benign", "moved"])
    parser.add_argument("--reads", choices=["as-written", "once", "each"], default="as-written")
    parser.add_argument("--tasks")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    tasks = tasks_of(options.domain)
    if options.tasks:
        tasks = {name: tasks[name] for name in options.tasks.split(",")}
    turns = asyncio.Semaphore(options.jobs)

    async def one(task, actions, folder):
        async with turns:
            return await play(options, task, actions, folder)

    with tempfile.TemporaryDirectory() as folder:
        played = await asyncio.gather(*[one(task, actions, folder) for task, actions in tasks.items() if actions])
    fresh = json.loads(
        resources.files(f"tau2_{options.domain}_mcp").joinpath(f"data/tau2/domains/{options.domain}/db.json").read_text()
    )
    # Only what differs from the beginning is worth printing.
    for task in played:
        task["left"] = {
            table: {key: record for key, record in records.items() if fresh[table].get(key) != record}
            for table, records in task["left"].items()
        }
    json.dump(json.loads(NUMBER.sub(r"\1_N", json.dumps(played))), sys.stdout, indent=1, sort_keys=True)
    print()


asyncio.run(main())
