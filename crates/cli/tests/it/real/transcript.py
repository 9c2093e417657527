"""Does one long piece of work with the official MCP client, and prints all that came back as JSON.

    transcript.py ERA WORK ROOT -- COMMAND...

ERA `modern` lets the client negotiate; `session` is the handshake of 2025-11-25. WORK is `files` or `git`. ROOT is the
folder worked in, and COMMAND the server, with or without a boundary before it. Nothing in here knows which: whoever
started it compares two outputs. What no two runs can share (the folder, times) is replaced by a word; everything else
is printed as it came.
"""

import json
import os
import re
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import mcp_types as types
from mcp import Client, ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.shared.exceptions import MCPError

# What no two runs share: the times of files as JavaScript's `Date` prints them, and the names of temporary files.
MOVES = [
    (re.compile(r"\b[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d{4} \d\d:\d\d:\d\d GMT[+-]\d{4} \([^)]*\)"), "WHEN"),
    (re.compile(r"\.[0-9a-f]{32}\.tmp\b"), ".RANDOM.tmp"),
]


class Work:
    """A connected client, the folder it works in, and what it was told so far."""

    def __init__(self, client, root):
        self.client, self.root, self.steps = client, root, []

    def path(self, *parts):
        return str(self.root.joinpath(*parts))

    async def call(self, tool, /, **arguments):
        """Calls a tool; a failure of any kind is an answer like any other."""
        return await self.record(f"{tool} {json.dumps(arguments)[:200]}", self.client.call_tool(tool, arguments))

    async def with_progress(self, tool, /, **arguments):
        """The same with a progress token."""

        async def heard(progress, total, message):
            self.steps.append({"progress": [progress, total, message]})

        asked = self.client.call_tool(tool, arguments, progress_callback=heard)
        return await self.record(f"{tool} with a progress token", asked)

    async def together(self, *calls):
        """Calls that are all in flight at once; their answers are recorded in the order given."""
        got = [None] * len(calls)

        async def one(index, tool, arguments):
            got[index] = await answer(self.client.call_tool(tool, arguments))

        async with anyio.create_task_group() as tasks:
            for index, (tool, arguments) in enumerate(calls):
                tasks.start_soon(one, index, tool, arguments)
        self.steps.append({"do": "together", "got": got})

    async def record(self, what, asked):
        got = await answer(asked)
        self.steps.append({"do": what, "got": got})
        return got


async def answer(asked):
    try:
        return dump(await asked)
    except MCPError as error:
        return {"mcp_error": dump(error.error)}
    except Exception as error:  # what the client says of an answer it cannot take is part of the transcript
        return {"client_error": f"{type(error).__name__}: {error}"}


def dump(model):
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


@asynccontextmanager
async def connected(era, command, root, heard):
    server = StdioServerParameters(command=command[0], args=command[1:], env=dict(os.environ))

    async def roots(_context):
        heard.append("roots/list")
        return types.ListRootsResult(roots=[types.Root(uri=root.as_uri())])

    async def message(message):
        heard.append(str(getattr(message, "method", type(message).__name__)))

    callbacks = {"list_roots_callback": roots, "message_handler": message}
    if era == "modern":
        async with Client(server, **callbacks) as client:
            yield client, client.protocol_version, dump(client.server_capabilities)
    else:
        async with stdio_client(server) as (reads, writes), ClientSession(reads, writes, **callbacks) as session:
            began = await session.initialize()
            yield session, began.protocol_version, dump(began)


async def main():
    era, name, root = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    command = sys.argv[sys.argv.index("--") + 1 :]
    module = __import__(f"work_{name}")
    heard = []
    module.prepare(root)
    async with connected(era, command, root, heard) as (client, version, server):
        work = Work(client, root)
        await work.record("tools/list", client.list_tools())
        await work.record("resources/list", client.list_resources())
        await work.record("prompts/list", client.list_prompts())
        if version < "2026":
            await work.record("ping", client.send_ping())
        await module.run(work)
    printed = json.dumps({"version": version, "server": server, "heard": sorted(heard), "steps": work.steps}, indent=1)
    for folder, name in [(root, "ROOT"), (root.parent, "OUTSIDE")]:
        printed = printed.replace(str(folder), name)
    for pattern, name in MOVES:
        printed = pattern.sub(name, printed)
    print(printed)


anyio.run(main)
