"""The test plays the model: what a model is told goes out as a line of JSON, what it answers comes in as one.

    DRIVER.py … -- COMMAND...

COMMAND is the MCP server; the drivers beside this file know nothing of a boundary.
"""

import json
import sys


def command():
    return sys.argv[sys.argv.index("--") + 1 :]


def turn(text, error=None):
    """Tells what the model sees last, and whether its framework calls that an error; gives the model's answer.

    That is `{"call": TOOL, "arguments": {…}}`, or `{"say": TEXT}`, which ends the conversation.
    """
    return _ask({"told": text, "error": error})


def ended(text):
    """The agent has come to its end by itself."""
    print(json.dumps({"ended": text}), flush=True)


def _ask(said):
    print(json.dumps(said), flush=True)
    line = sys.stdin.readline()
    if not line:
        sys.exit("nobody plays the model any more")
    return json.loads(line)
