"""``python -m lastlook_verify RECEIPT… --key FILE [--witness FILE [--quorum K]] [--json]``: receipts, offline, against pinned keys.

Exit code 0: every receipt verifies. 1: one does not; its code is printed. 2: something could not be read, or the command is not as
it should be.
"""

import argparse
import datetime
import io
import json
import sys
from typing import Any

from .errors import Refused
from .handover import brought_handovers, follow
from .keys import MAX_FILE, Key, pinned_keys
from .receipt import MAX_BYTES, Proven, verify_receipt
from .strict import Number, Value
from .witness import Witnesses, pinned_witnesses

CHECKED = (
    "the entry is in canonical form, and has what its kind must have",
    "the checkpoint is signed by a key that speaks for its log, and is pinned or was handed over to by one that is",
    "the proof leads from the entry to that checkpoint",
)
WITHOUT_WITNESSES = (
    "that nothing was cut off: without a witness, truncation is not detectable",
    "that everybody is shown the same log: that takes a witness",
)
WITH_WITNESSES = ("that nothing was cut off which is newer than the checkpoint",)
NOT_PROVEN = (
    "that the record is true: it is the word of whoever holds the key",
    "that the time is right: it is the clock of the machine that wrote it",
    "that the key was not stolen: it is good until those who pin it stop",
)

_LATEST = 253402300799  # the last second of year 9999: no later one can be written


def main(words: list[str] | None = None) -> int:
    """Verifies what was named; gives the exit code."""
    parser = argparse.ArgumentParser(prog="lastlook_verify", description="Verifies receipts offline, with pinned keys.")
    parser.add_argument("receipts", nargs="+", metavar="RECEIPT", help="a receipt; `-` is standard input")
    parser.add_argument(
        "--key",
        action="append",
        required=True,
        metavar="FILE",
        help="pinned keys, one a line; may be given several times",
    )
    parser.add_argument(
        "--no-follow", action="store_true", help="go by the pinned keys only, not by those that handovers lead to"
    )
    parser.add_argument(
        "--witness",
        action="append",
        default=[],
        metavar="FILE",
        help="keys of pinned witnesses, one a line; may be given several times",
    )
    parser.add_argument(
        "--quorum", type=int, metavar="K", help="how many of them must have cosigned; all of them if not given"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a receipt")
    args = parser.parse_args(words)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name may hold what this terminal cannot show
    keys: list[Key] = []
    pinned: list[Key] = []
    for name, read, into in [(it, pinned_keys, keys) for it in args.key] + [
        (it, pinned_witnesses, pinned) for it in args.witness
    ]:
        try:
            into += read(_read(name, MAX_FILE))
        except OSError as error:
            return _usage(f"the key file `{_clean(name)}` cannot be read: {error.strerror}")
        except Refused as error:
            return _usage(f"`{_clean(name)}` is not a file of such keys: {error.message} ({error.code})")
    many = Witnesses(tuple(pinned)).many()
    quorum = many if args.quorum is None else args.quorum
    if quorum > many or (quorum < 1 and (pinned or args.quorum is not None)):
        return _usage(f"a quorum of {quorum} of {many} witnesses is none")
    witnesses = Witnesses(tuple(pinned), quorum)
    fails = unreadable = False
    for name in args.receipts:
        shown = "standard input" if name == "-" else _clean(name)
        try:
            file = _read(name, MAX_BYTES)
            proven, followed = _verify(file, keys, witnesses, not args.no_follow)
        except OSError as error:
            unreadable = True
            _refuse(args.json, shown, "unreadable", f"it cannot be read: {error.strerror}")
        except Refused as error:
            fails = True
            _refuse(args.json, shown, error.code, error.message)
        else:
            print(json.dumps(_object(shown, proven, followed)) if args.json else _text(shown, proven, followed))
    return 1 if fails else 2 if unreadable else 0


def _read(name: str, most: int) -> bytes:
    """The bytes of a file, one too many at the most: what is that large is refused anyway."""
    if name == "-":
        return sys.stdin.buffer.read(most + 1)
    with open(name, "rb") as file:
        return file.read(most + 1)


def _verify(
    file: bytes, pinned: list[Key], witnesses: Witnesses, following: bool
) -> tuple[Proven, list[Key]]:
    """What a receipt proves, and the keys it took besides the pinned ones."""
    trusted = follow(pinned, brought_handovers(file) if following else [])
    further = trusted[len(pinned) :]
    try:
        return verify_receipt(file, trusted[: len(pinned)], witnesses), []
    except Refused:
        if not further:
            raise
        return verify_receipt(file, trusted, witnesses), further


def _usage(message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return 2


def _refuse(as_json: bool, name: str, code: str, message: str) -> None:
    if as_json:
        print(json.dumps({"file": name, "ok": False, "code": code, "message": message}))
    else:
        print(f"error: `{name}` does not verify: {_clean(message)} ({code})", file=sys.stderr)


def _text(name: str, proven: Proven, followed: list[Key]) -> str:
    entry, body = proven.entry, proven.entry.body
    lines = [
        f"{name} verifies",
        f"  attempt   {entry.attempt}: {_how(proven)}",
        f"  recorded  {entry.time} as entry {proven.index} of {proven.checkpoint.origin}",
        f"  signed    over {proven.checkpoint.size} entries",
    ]
    lines += [f"  followed  a handover that a pinned key signed, to {key}" for key in followed]
    lines += [f"  checked   {each}" for each in CHECKED]
    for seen in proven.witnessed:
        at = datetime.datetime.fromtimestamp(min(seen.time, _LATEST), datetime.UTC).isoformat()
        lines.append(f"  witnessed by {_clean(seen.witness)}, at {at} by its clock")
    if proven.armed is not None:
        lines.append("  checked   the entry it was armed with is in the record, and is of this attempt and action")
    for each in proven.values:
        lines.append(f"  checked   the value at {_clean(each.label)} of the {each.of} entry is the one committed to")
    if entry.kind == "outcome":
        closed = f"closure {body.get('closure', 'none')}, gap_ns {_plain(body.get('gap_ns'))}"
        lines.append(f"  claimed   {body['outcome']}, evidence {body['evidence']}, {body['confirmation']}; {closed}")
    lines += [f"  not proven: {each}" for each in _not_proven(proven)]
    return "\n".join(lines)


def _not_proven(proven: Proven) -> list[str]:
    return [*(WITH_WITNESSES if proven.witnessed else WITHOUT_WITNESSES), *NOT_PROVEN]


def _how(proven: Proven) -> str:
    body = proven.entry.body
    tool = _clean(str(body.get("tool", "?")))
    if proven.entry.kind == "refused":
        return f"{tool} was refused"
    if proven.entry.kind == "operator":
        return f"{tool} {body['as']}, by an operator's word"
    return f"{tool} {body['outcome']}"


def _object(name: str, proven: Proven, followed: list[Key]) -> dict[str, Any]:
    entry, checkpoint = proven.entry, proven.checkpoint
    return {
        "file": name,
        "ok": True,
        "receipt": entry.attempt,
        "kind": entry.kind,
        "time": entry.time,
        "origin": checkpoint.origin,
        "index": proven.index,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "action": entry.action,
        "statement": _plain(entry.body),
        "armed": None if proven.armed is None else _plain(proven.armed.body),
        "values": [{"of": each.of, "label": each.label} for each in proven.values],
        "witnessed": [{"witness": it.witness, "time": it.time} for it in proven.witnessed],
        "followed": [str(key) for key in followed],
        "not_proven": _not_proven(proven),
    }


def _plain(value: Value) -> Any:
    """The value as the standard library writes it. Entries hold integers only, and nest no deeper than 32 levels."""
    if isinstance(value, Number):
        return value.integer()
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return value


def _clean(text: str) -> str:
    """A text from elsewhere, with nothing in it that a terminal would obey or hide."""
    return "".join(char if char.isprintable() else f"\\u{{{ord(char):x}}}" for char in text)


if __name__ == "__main__":
    sys.exit(main())
