"""An MCP server with one tool, `sentinel_write`, whose effect is that of the suite under way.

The suite's effect lives in the suite's own process. Each call that arrives here is carried there over the Unix socket that
EFFECTS names, one JSON line with the arguments as they arrived, and what came back is the answer:

    {"done": TEXT}    the tool's answer
    {"lost": true}    the answer got lost: this process ends at once and says nothing
    nothing           the call was cancelled over there

A cancelled call, or the end of this process, closes its connection: that is how the effect is told to stop.
"""

import asyncio
import json
import os
import sys

ARGUMENTS = {
    "run_id": {"type": "string"},
    "action_id": {"type": "string"},
    "parent_action_id": {"type": "string"},
    "requires_approval": {"type": "boolean"},
    "gated": {"type": "integer"},
    "arguments": {"type": "object"},
}
TOOL = {
    "name": "sentinel_write",
    "description": "Does something that cannot be taken back.",
    "inputSchema": {"type": "object", "properties": ARGUMENTS, "required": list(ARGUMENTS)},
}


def say(message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0"} | message) + "\n")
    sys.stdout.flush()


async def call(request, arguments):
    reader, writer = await asyncio.open_unix_connection(os.environ["EFFECTS"])
    try:
        writer.write(json.dumps(arguments).encode() + b"\n")
        await writer.drain()
        came = json.loads(await reader.readline() or b"{}")
    finally:
        writer.close()
    if came.get("lost"):
        os._exit(1)
    if "done" in came:
        say({"id": request, "result": {"content": [{"type": "text", "text": came["done"]}], "isError": False}})


async def main():
    calls = {}
    loop = asyncio.get_running_loop()
    stdin = asyncio.StreamReader(limit=1 << 24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    while line := await stdin.readline():
        message = json.loads(line)
        params, request = message.get("params") or {}, message.get("id")
        match message.get("method"):
            case "initialize":
                said = {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}}
                say({"id": request, "result": said | {"serverInfo": {"name": "effects", "version": "1"}}})
            case "tools/list":
                say({"id": request, "result": {"tools": [TOOL]}})
            case "tools/call":
                calls[request] = asyncio.create_task(call(request, params["arguments"]))
            case "notifications/cancelled":
                if task := calls.get(params["requestId"]):
                    task.cancel()
            case "ping":
                say({"id": request, "result": {}})
            case _ if request is not None:
                say({"id": request, "error": {"code": -32601, "message": "there is no such method"}})


asyncio.run(main())
