"""The small rules that every format shares: base64, hex, digests, names, times (``spec/README.md``, ``entry.md``, ``log.md``)."""

import base64
import binascii
import hashlib
import re
from datetime import date

_HASH = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[!-*,-~]{1,255}")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.[0-9]{9}Z")
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def base64_bytes(text: str) -> bytes | None:
    """The bytes of a padded RFC 4648 §4 text, or nothing: one spelling for each."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    return data if base64.b64encode(data).decode("ascii") == text else None


def is_hash(text: str) -> bool:
    """Whether a text is a hex SHA-256."""
    return _HASH.fullmatch(text) is not None


def is_name(text: str) -> bool:
    """Whether a text is the name of a key or a log: 1 to 255 printable ASCII characters other than ``+``."""
    return _NAME.fullmatch(text) is not None


def is_identifier(text: str) -> bool:
    """Whether a text is the id of an attempt or a request."""
    return _IDENTIFIER.fullmatch(text) is not None


def is_time(text: str) -> bool:
    """Whether a text is a time: UTC, nine fractional digits, on a day that exists."""
    found = _TIME.fullmatch(text)
    if found is None:
        return False
    year, month, day, hour, minute, second = (int(part) for part in found.groups())
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= month <= 12:
        return False
    days = 29 if month == 2 and leap else _DAYS[month - 1]
    return 1 <= day <= days and hour <= 23 and minute <= 59 and second <= 59


def nanoseconds(time: str) -> int:
    """A time as a number of nanoseconds, to subtract another from it."""
    found = _TIME.fullmatch(time)
    if found is None:
        raise ValueError("it is not a time")
    year, month, day, hour, minute, second = (int(part) for part in found.groups())
    # The calendar repeats every 400 years, of 146,097 days; the library's ends before the year 10000, and begins after 0.
    days = year // 400 * 146_097 + date(400 + year % 400, month, day).toordinal()
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 10**9 + int(time[20:29])


def sha256(data: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(data).digest()


def digest(domain: str, *parts: bytes) -> bytes:
    """Digest(domain, parts…): SHA-256 over the domain, a zero byte, and each part after its length in eight bytes."""
    state = hashlib.sha256(domain.encode("utf-8") + b"\x00")
    for part in parts:
        state.update(len(part).to_bytes(8, "big"))
        state.update(part)
    return state.digest()
