"""Commitments to values, and opening them (``spec/entry.md``, *Commitments*)."""

import hmac
import re

from .encoding import digest
from .strict import Value

_INDEX = re.compile(r"0|[1-9][0-9]*")
_PREFIX = "sha256:"


def salt(seed: bytes, label: str) -> bytes:
    """The salt of one commitment: it opens this one and says nothing of the others."""
    return hmac.digest(seed, b"lastlook/salt/v1\x00" + label.encode("utf-8"), "sha256")


def commitment(salted: bytes, value: bytes) -> str:
    """What stands in an entry for a value: ``sha256:`` and hex."""
    return _PREFIX + digest("lastlook/commitment/v1", salted, value).hex()


def verify_opening(committed: str, salted: bytes, value: bytes) -> bool:
    """Whether salt and value are the ones that were committed to."""
    return commitment(salted, value) == committed


def at_label(body: Value, label: str) -> str | None:
    """The commitment at a label's path in a body, if one stands there."""
    place = body
    for step in label.split("/"):
        if isinstance(place, dict) and step in place:
            place = place[step]
        elif isinstance(place, list) and _INDEX.fullmatch(step) and len(step) < 10 and int(step) < len(place):
            place = place[int(step)]
        else:
            return None
    return committed(place)


def is_below(body: Value, label: str) -> bool:
    """Whether a commitment stands at a label, or at what the label goes on from."""
    steps = label.split("/")
    return any(at_label(body, "/".join(steps[: n + 1])) is not None for n in range(min(len(steps), 32)))


def committed(value: Value) -> str | None:
    """The text of a commitment, ``{"commitment":"sha256:HEX"}`` and nothing else, if a value is one."""
    if not isinstance(value, dict) or set(value) != {"commitment"}:
        return None
    text = value["commitment"]
    if not isinstance(text, str) or not re.fullmatch(r"sha256:[0-9a-f]{64}", text):
        return None
    return text
