"""A small shop over PostgreSQL, as an MCP server on the official SDK. SHOP_DB is the URL of its database.

It does what it is told, as most such services do: it refunds whatever it is asked to refund.
"""

import json
import os
from typing import Any

import psycopg
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from psycopg.rows import dict_row

server = MCPServer("shop")


def ask(statement, *values):
    with psycopg.connect(os.environ["SHOP_DB"], row_factory=dict_row) as connection:
        row = connection.execute(statement, values).fetchone()
    if row is None:
        raise ToolError("there is none")
    return row


def done(**effect):
    with open(os.environ["EFFECTS"], "a", encoding="utf-8") as log:
        log.write(json.dumps(effect) + "\n")


@server.tool()
def get_order(order_id: str) -> dict[str, Any]:
    """An order: its customer, its status, what it cost, and the version of its row."""
    return ask("select id, customer_id, status, total_cents, xmin::text as version from orders where id = %s", order_id)


@server.tool()
def get_customer(customer_id: str) -> dict[str, Any]:
    """A customer's name and address for mail."""
    return ask("select id, name, email from customers where id = %s", customer_id)


@server.tool()
def verify_customer(customer_id: str, email: str) -> dict[str, Any]:
    """Checks that whoever asks knows the customer's address."""
    if ask("select email from customers where id = %s", customer_id)["email"] != email:
        raise ToolError("that is not the customer's address")
    return {"customer_id": customer_id, "verified": True}


@server.tool()
def edit_customer(customer_id: str, email: str) -> dict[str, Any]:
    """Changes a customer's address."""
    row = ask("update customers set email = %s where id = %s returning id, email", email, customer_id)
    done(did="edit", customer=customer_id)
    return row


@server.tool()
def refund(order_id: str, customer_id: str, amount_cents: int) -> dict[str, Any]:
    """Pays money back."""
    row = ask("update orders set status = 'refunded' where id = %s returning id, status", order_id)
    done(did="refund", order=order_id, cents=amount_cents)
    return row | {"customer_id": customer_id, "amount_cents": amount_cents}


server.run()
