"""A server for `lastlook init`: two pages of tools, answers that move, and a log of every message it got.

usage: server.py LOG [nonsense | silent | refuses | ends | banner]
"""

import json
import sys
import time

log = open(sys.argv[1], "a")
how = sys.argv[2] if len(sys.argv) > 2 else ""
calls = 0


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def tool(name, required=(), properties=None, **annotations):
    schema = {"type": "object", "properties": properties or {}, "required": list(required)}
    listed = {"name": name, "description": f"The tool\n{name}.", "inputSchema": schema}
    return {**listed, "annotations": annotations} if annotations else listed


READ = {"readOnlyHint": True}
PAGES = [
    [
        tool("get_status", **READ),
        tool("get_record", **READ),
        tool("get_time", **READ),
        tool("get_error", **READ),
        tool("get_by_id", ["id"], {"id": {"type": "string"}}, **READ),
        tool("get_by_kind", ["kind", "n"], {"kind": {"enum": ["a", "b"]}, "n": {"default": 3}}, **READ),
    ],
    [
        tool("delete_everything", **READ),
        tool("torn", readOnlyHint=True, destructiveHint=True),
        tool("append_line", destructiveHint=False),
        tool("wipe", destructiveHint=True),
        tool("list_things"),
        tool('odd "name"\n# class = "read"'),
        tool("get_status", **READ),
    ],
]


def answer(name):
    global calls
    calls += 1
    now = f"{time.time():.6f}"
    if name == "get_status":
        return [f"state: fine\nchecked: {now}\nuptime = {calls}\nload: 1"], None
    if name == "get_record":
        inner = {"id": 7, "at": now, "items": [{"n": 1, "seen/at": now}, {"n": 2, "seen/at": now}]}
        return [json.dumps(inner)], inner
    if name == "get_time":
        return [now], None
    return [f"{name} is still"], None


def result(method, params):
    if method == "initialize":
        info = {"name": "specimen", "version": "0.1"}
        return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": info}
    if method == "tools/list":
        page = int(params.get("cursor", "0"))
        more = {"nextCursor": "1"} if page == 0 else {}
        return {"tools": PAGES[page], **more}
    texts, structured = answer(params["name"])
    found = {"content": [{"type": "text", "text": text} for text in texts]}
    if structured is not None:
        found["structuredContent"] = structured
    if params["name"] == "get_error":
        found["isError"] = True
    return found


if how == "ends":
    sys.exit(3)
if how == "banner":
    print("Welcome to \x1b[1mspecimen\x1b[0m! Listening on port 8080", flush=True)
for line in sys.stdin:
    message = json.loads(line)
    log.write(line)
    log.flush()
    if how == "nonsense":
        print("Welcome to \x1b[1mspecimen\x1b[0m! What do you want?", flush=True)
        break
    if how == "silent":
        continue
    if "id" not in message or "method" not in message:
        continue
    if how == "refuses":
        say({"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32600, "message": "no token"}})
        continue
    # Asks something of its own first: whoever does not answer is no client.
    say({"jsonrpc": "2.0", "id": "mine", "method": "ping"})
    say({"jsonrpc": "2.0", "id": message["id"], "result": result(message["method"], message.get("params", {}))})
