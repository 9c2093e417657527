"""The right trade at the wrong time: at a rate of yesterday, at one that just moved, on a holiday, twice in a row."""

import json
import shutil
import subprocess
import sys
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from stage import play

HOURS = 'open = "Mon-Fri 09:00-17:30"'
ALWAYS = 'open = "Mon-Sun 00:00-24:00"'
CLOSED = 'closed = ["2026-12-24..2027-01-02"]'


async def story(stage):
    shutil.copy(stage.example / "exchange.py", stage.folder)
    rates = stage.folder / "rates"
    rates.mkdir()

    def market(pair, rate, seconds_ago=0):
        # In place of the old one at once: a server may be reading it.
        new = rates / f"{pair}.new"
        new.write_text(json.dumps({"rate": rate, "at": int(time.time()) - seconds_ago}))
        new.replace(rates / f"{pair}.json")

    vendor = subprocess.Popen([sys.executable, stage.example / "rates.py", rates], stdout=subprocess.PIPE, text=True)
    try:
        address = f"http://127.0.0.1:{vendor.stdout.readline().strip()}"
        stage.environment["RATES"] = address
        places = [("/srv/exchange", stage.folder), ("http://127.0.0.1:8080", address)]
        today = datetime.now(ZoneInfo("Europe/Paris")).date()

        # The story is played at any hour: the market is always open, but for the scene of the holiday.
        around = f"{today - timedelta(days=1)}..{today + timedelta(days=1)}"
        holiday = (CLOSED, CLOSED.replace("[", f'["{around}", '))
        stage.configure(*places, (HOURS, ALWAYS), holiday, name="holiday.toml")
        stage.scene("holiday", "Everything is right but the day: it is a holiday.")
        async with stage.agent("exchange") as agent:
            market("EURUSD", "1.0842")
            await agent.call("get_rate", pair="EURUSD")
            await agent.call("trade", pair="EURUSD", amount=100000)

        stage.configure(*places, (HOURS, ALWAYS), (CLOSED, "closed = []"))
        async with stage.agent("exchange") as agent:
            stage.scene("stale", "The vendor stopped an hour ago, and still serves what it had.")
            market("EURCHF", "0.9371", seconds_ago=3600)
            await agent.call("get_rate", pair="EURCHF")
            await agent.call("trade", pair="EURCHF", amount=100000)

            stage.scene("moved", "The agent looks at the rate and thinks; the market moves.")
            market("EURGBP", "0.8571")
            await agent.call("get_rate", pair="EURGBP")
            stage.somebody("the market falls")
            market("EURGBP", "0.8244")
            await agent.call("trade", pair="EURGBP", amount=100000)

            stage.scene("too much", "More than a day's limit.")
            market("EURUSD", "1.0845")
            await agent.call("get_rate", pair="EURUSD")
            await agent.call("trade", pair="EURUSD", amount=2000000)

            stage.scene("good", "Open, young, and as it was seen; another rate moves, and that does not matter.")
            market("EURUSD", "1.0851")
            await agent.call("get_rate", pair="EURUSD")
            stage.somebody("another market moves")
            market("EURGBP", "0.8250")
            await agent.call("trade", pair="EURUSD", amount=100000)

            stage.scene("in a row", "The agent is in a loop and trades once more.")
            await agent.call("get_rate", pair="EURUSD")
            await agent.call("trade", pair="EURUSD", amount=100000)
    finally:
        vendor.kill()
        vendor.wait()


play("trading-window", "A trading window", story)
