"""Windows as another program sees them: reads rows from standard input, one JSON object a line, and says whether it agrees.

It shares nothing with the program under test but the zone data. The rule is applied to single instants only; that an
answer holds for a stretch is seen by asking at many instants inside and at both edges.
"""

import json
import re
import sys
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
SECOND = 10**9
NEVER = (-(2**63), 2**63 - 1)


def hours_of(text):
    """All (weekday, start, end) in minutes; after a comma the days of the group before it hold on."""
    for entry in text.split(";"):
        days = range(7)
        for days_text, h1, m1, h2, m2 in re.findall(
            r"((?:[A-Za-z]+(?:\s*-\s*[A-Za-z]+)?\s*,?\s*)*)(\d\d):(\d\d)\s*-\s*(\d\d):(\d\d)", entry
        ):
            if days_text.strip(" ,"):
                days = []
                for part in days_text.strip(" ,").split(","):
                    ends = [DAYS.index(name.strip().lower()[:3]) for name in part.split("-")]
                    span = (ends[-1] - ends[0]) % 7
                    days += [(ends[0] + step) % 7 for step in range(span + 1)]
            for day in days:
                yield day, int(h1) * 60 + int(m1), int(h2) * 60 + int(m2)


def closed_of(text):
    first, _, last = text.partition("..")
    return date.fromisoformat(first.strip()), date.fromisoformat((last or first).strip())


def reading(zone, seconds):
    return (datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)).astimezone(zone)


@lru_cache(maxsize=None)
def exists(zone, day):
    """Whether the clock ever shows this day."""
    noon = int(datetime(day.year, day.month, day.day, 12, tzinfo=timezone.utc).timestamp())
    return any(reading(zone, noon + hour * 3600).date() == day for hour in range(-40, 41))


class Window:
    def __init__(self, row):
        self.zone = ZoneInfo(row["zone"])
        self.hours = [hours for text in row["open"] for hours in hours_of(text)]
        self.closed = [closed_of(text) for text in row["closed"]]
        self.first, self.last = row["first"], row["last"]

    def is_closed(self, day):
        return any(first <= day <= last for first, last in self.closed)

    def state(self, ns):
        if self.first is not None and ns < self.first:
            return "too early"
        if self.last is not None and ns >= self.last:
            return "too late"
        local = reading(self.zone, ns // SECOND)
        today, minute = local.date(), local.hour * 60 + local.minute
        if self.is_closed(today):
            return "closed"
        yesterday = today - timedelta(days=1)
        for day, start, end in self.hours:
            if start < end:
                if day == today.weekday() and start <= minute < end:
                    return "open"
            elif day == today.weekday() and start <= minute:
                return "open"
            elif day == yesterday.weekday() and minute < end:
                if not self.is_closed(yesterday) and exists(self.zone, yesterday):
                    return "open"
        return "outside" if self.hours else "open"


def between(first, last, most):
    """Instants from first up to before last, every quarter of an hour if they are few enough."""
    step = max(900 * SECOND, (last - first) // most)
    return range(first, last, step)


def disagreement(row):
    window = Window(row)
    state, begin, end, opens = row["state"], row["from"], row["until"], row["opens"]
    year = 366 * 86400 * SECOND
    if not begin <= row["at"] < end:
        return "the instant is not inside"
    if window.state(row["at"]) != state:
        return f"it is {window.state(row['at'])}"
    if begin not in NEVER and window.state(begin - 1) == state:
        return "it is so before"
    if end not in NEVER and window.state(end) == state:
        return "it is so after"
    first, last = max(begin, row["at"] - year), min(end, row["at"] + year)
    for ns in [*between(first, last, 300), last - 1]:
        if window.state(ns) != state:
            return f"it is {window.state(ns)} at {ns}"
    if state == "outside":
        horizon = opens if opens is not None else row["at"] + year
        if opens is not None and window.state(opens) != "open":
            return "it does not open then"
        for ns in [*between(end, horizon, 2000), horizon - 1]:
            if window.state(ns) == "open":
                return f"it is open at {ns}"
    return None


def main():
    rows = [json.loads(line) for line in sys.stdin]
    wrong = [(row, why) for row in rows if (why := disagreement(row))]
    for row, why in wrong:
        print(f"{why}: {row}")
    if wrong:
        sys.exit(1)
    print(f"{len(rows)} rows agree")


main()
