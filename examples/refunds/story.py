"""Money is paid back on what was true a while ago, without the check that comes first, twice, and too much of it."""

import shutil

try:
    import psycopg
except ImportError:
    raise SystemExit("the PostgreSQL driver is not installed\nhint: pip install 'psycopg[binary]', or run `cargo xtask tools`") from None

from postgres import postgres
from stage import play

ORDERS = {"A-1": 6000, "A-2": 4000, "A-3": 5000, "A-4": 3000, "A-5": 9000, "A-6": 14000, "A-7": 20000, "A-8": 2500}


async def story(stage):
    shutil.copy(stage.example / "shop.py", stage.folder)
    stage.configure(("/srv/shop", stage.folder))
    with postgres(stage.folder) as url:
        stage.environment["SHOP_DB"] = url
        with psycopg.connect(url, autocommit=True) as database:
            database.execute("create table customers (id text primary key, name text, email text)")
            database.execute("create table orders (id text primary key, customer_id text, status text, total_cents bigint)")
            database.execute("insert into customers values ('C-1', 'Ada', 'ada@example.org'), ('C-2', 'Grace', 'grace@example.org')")
            for order, cents in ORDERS.items():
                database.execute("insert into orders values (%s, 'C-1', 'paid', %s)", [order, cents])
            await scenes(stage, lambda what, statement: (stage.somebody(what), database.execute(statement)))


async def scenes(stage, somebody):
    async with stage.agent("shop") as agent:
        stage.scene("good", "A refund as it should be.")
        await agent.call("verify_customer", customer_id="C-1", email="ada@example.org")
        order = await agent.call("get_order", order_id="A-1")
        await agent.call("refund", order_id="A-1", customer_id="C-1", amount_cents=order["total_cents"])

        stage.scene("twice", "The agent heard no answer, and tries again.")
        await agent.call("get_order", order_id="A-1")
        await agent.call("refund", order_id="A-1", customer_id="C-1", amount_cents=6000)

        stage.scene("outdated", "The agent reads an order; the bank takes the money back; the agent refunds what it read.")
        await agent.call("get_order", order_id="A-2")
        somebody("the bank charges A-2 back", "update orders set status = 'charged back' where id = 'A-2'")
        await agent.call("refund", order_id="A-2", customer_id="C-1", amount_cents=4000)

        stage.scene("back again", "An order goes away and comes back, as it was to the letter: it is not the order that was read.")
        await agent.call("get_order", order_id="A-3")
        somebody("disputes A-3", "update orders set status = 'disputed' where id = 'A-3'")
        somebody("settles A-3", "update orders set status = 'paid' where id = 'A-3'")
        await agent.call("refund", order_id="A-3", customer_id="C-1", amount_cents=5000)

        stage.scene("unrelated", "Another order changes, and that is nobody's business.")
        await agent.call("get_order", order_id="A-4")
        somebody("ships A-5", "update orders set status = 'shipped' where id = 'A-5'")
        await agent.call("refund", order_id="A-4", customer_id="C-1", amount_cents=3000)

        stage.scene("unread", "The agent refunds an order it never looked at.")
        await agent.call("refund", order_id="A-8", customer_id="C-1", amount_cents=2500)

        stage.scene("skipped", "The agent leaves out the check of the customer, for another one's order.")
        somebody("gives A-8 to C-2", "update orders set customer_id = 'C-2' where id = 'A-8'")
        await agent.call("get_order", order_id="A-8")
        await agent.call("refund", order_id="A-8", customer_id="C-2", amount_cents=2500)

        stage.scene("budget", "One refund too many for a day: 90.00 are spent, 140.00 more do not fit into 200.00.")
        await agent.call("get_order", order_id="A-6")
        await agent.call("refund", order_id="A-6", customer_id="C-1", amount_cents=14000)

        stage.scene("too much", "More at once than support may refund.")
        await agent.call("get_order", order_id="A-7")
        await agent.call("refund", order_id="A-7", customer_id="C-1", amount_cents=20000)

        stage.scene("undone", "The customer's address is changed after the check: the check does not count any more.")
        await agent.call("verify_customer", customer_id="C-1", email="ada@example.org")
        await agent.call("edit_customer", customer_id="C-1", email="mallory@example.org")
        somebody("pays for A-5 again", "update orders set status = 'paid' where id = 'A-5'")
        await agent.call("get_order", order_id="A-5")
        await agent.call("refund", order_id="A-5", customer_id="C-1", amount_cents=9000)


play("refunds", "Refunds", story)
