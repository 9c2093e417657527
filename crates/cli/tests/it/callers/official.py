"""Calls one tool with the official MCP client, and does what it is told with what its user is asked.

    official.py ERA NOTE TEXT -- COMMAND...

ERA is `modern` (the client negotiates) or `session` (the handshake of 2025-11-25). Each time the user is asked something
it prints that as a line of JSON, and the answer is a line on its standard input: `accept`, `decline` or `cancel`. At the
end it prints the revision that was agreed on and the result of `write_note NOTE TEXT`.
"""

import json
import sys

import anyio
import mcp_types as types
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client


def tell(what):
    print(json.dumps(what), flush=True)


async def ask(_context, params):
    tell({"asked": params.model_dump(by_alias=True, mode="json", exclude_none=True)})
    said = await anyio.to_thread.run_sync(sys.stdin.readline)
    action = said.strip()
    form = params.mode == "form" and action == "accept"
    return types.ElicitResult(action=action, content={} if form else None)


async def heard(message):
    if isinstance(message, types.ElicitCompleteNotification):
        tell({"complete": message.params.elicitation_id})


async def main(era, note, text, command):
    server = StdioServerParameters(command=command[0], args=command[1:])
    mode = {"modern": "auto", "session": "legacy"}[era]
    async with Client(
        stdio_client(server), mode=mode, elicitation_callback=ask, message_handler=heard
    ) as client:
        result = await client.call_tool("write_note", {"path": note, "content": text})
        dumped = result.model_dump(by_alias=True, mode="json", exclude_none=True)
        tell({"revision": client.session.protocol_version, "result": dumped})


if __name__ == "__main__":
    split = sys.argv.index("--")
    anyio.run(main, *sys.argv[1:split], sys.argv[split + 1 :])
