"""A small exchange, as an MCP server on the official SDK. RATES is the address of its rates.

It deals at whatever rate it has at that moment, as an exchange does.
"""

import json
import os
import urllib.request
from typing import Any

from mcp.server.mcpserver import MCPServer

server = MCPServer("exchange")


def rate_of(pair):
    with urllib.request.urlopen(f"{os.environ['RATES']}/rates/{pair}", timeout=5) as answer:
        return json.load(answer), answer.headers["ETag"], answer.headers["Last-Modified"]


@server.tool()
def get_rate(pair: str) -> dict[str, Any]:
    """The rate of a pair of currencies, with its tag and since when it holds."""
    quote, tag, since = rate_of(pair)
    return {"pair": pair, "rate": quote["rate"], "tag": tag, "since": since}


@server.tool()
def trade(pair: str, amount: int) -> dict[str, Any]:
    """Buys an amount at the rate of this moment."""
    quote, _, _ = rate_of(pair)
    with open(os.environ["EFFECTS"], "a", encoding="utf-8") as log:
        log.write(json.dumps({"did": "trade", "pair": pair, "amount": amount, "rate": quote["rate"]}) + "\n")
    return {"pair": pair, "amount": amount, "rate": quote["rate"]}


server.run()
