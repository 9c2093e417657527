"""Runs one of the two tau2 servers as it was published, with a second way into its data.

    world.py DOMAIN            DOMAIN is `airline` or `retail`

The server keeps everything in its own memory. Somebody else, who changes a record while an agent is at work, needs a way
in: the Unix socket that TAU2_SOCKET names, one JSON request a line. Without that variable there is none.

    {"do": "get", "path": ["orders", "#W1"]}                    the value there, null where there is none
    {"do": "keys", "path": ["orders"]}                          the names of its members
    {"do": "set", "path": [..., "status"], "value": "shipped"}  puts a value there; answers the one before
    {"do": "keep"}   {"do": "restore"}                          remembers the whole database; puts it back
    {"do": "calls"}                                             every call the server ran, as its own log has it
"""

import importlib
import json
import os
import pickle
import socket
import sys
import threading
import traceback


def main():
    domain = sys.argv.pop(1)
    server = importlib.import_module(f"tau2_{domain}_mcp.server")
    # The server saves its whole database after every call, for other processes of the same benchmark. There are none,
    # and seven megabytes a call would be most of the run.
    server._save_state = lambda _key, _state: None
    server._load_state = lambda _key: None
    # A state as `_new_state` makes it, without the copy of a database that nobody else uses in this process.
    fresh = json.loads((server.Path(server.__file__).parent / f"data/tau2/domains/{domain}/db.json").read_text())
    state = {"domain": domain, "task_id": None, "db": fresh, "calls": []}
    server._STATES[f"tau2/{domain}/default"] = state
    if path := os.environ.get("TAU2_SOCKET"):
        # A server that was started again takes the place of the one before.
        if os.path.exists(path):
            os.unlink(path)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        threading.Thread(target=serve, args=[listener, state], daemon=True).start()
    server.main()


def serve(listener, state):
    """Answers whoever comes; a mistake in here ends the process, so that nobody waits for an answer."""
    try:
        answer_all(listener, state)
    except BaseException:
        traceback.print_exc()
        os._exit(70)


def answer_all(listener, state):
    kept = b""
    while True:
        connection, _ = listener.accept()
        with connection, connection.makefile("rw") as lines:
            for line in lines:
                asked = json.loads(line)
                match asked["do"]:
                    case "get":
                        told = reach(state["db"], asked["path"])
                    case "keys":
                        told = sorted(reach(state["db"], asked["path"]))
                    case "set":
                        *folder, name = asked["path"]
                        place = reach(state["db"], folder)
                        told = place.get(name) if isinstance(place, dict) else place[name]
                        place[name] = asked["value"]
                    case "keep":
                        kept, told = pickle.dumps(state["db"]), None
                    case "restore":
                        state["db"], told = pickle.loads(kept), None
                    case "calls":
                        told = [
                            call["tau2_tool_call"] | {"error": call["tau2_tool_message"]["error"]}
                            for call in state["calls"]
                        ]
                lines.write(json.dumps(told) + "\n")
                lines.flush()


def reach(value, path):
    for name in path:
        value = value.get(name) if isinstance(value, dict) else value[name]
        if value is None:
            return None
    return value


main()
