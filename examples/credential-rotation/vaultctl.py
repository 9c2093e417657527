"""A small vault of credentials in one file, with a command line of its own.

    vaultctl.py FILE show NAME            prints {"name", "version", "users", "revoked"}
    vaultctl.py FILE users NAME COUNT     somebody signs in or out
    vaultctl.py FILE move NAME            somebody rotates it
    vaultctl.py FILE backend up|down      a vault whose backend is down says yes and does nothing
"""

import json
import sys
from pathlib import Path

START = {
    "backend": "up",
    "credentials": {name: {"version": 1, "users": 0, "revoked": []} for name in ["mail", "billing", "search", "metrics", "payroll", "root"]},
}


def load(file):
    return json.loads(file.read_text()) if file.exists() else json.loads(json.dumps(START))


def save(file, vault):
    new = file.with_suffix(".new")
    new.write_text(json.dumps(vault))
    new.replace(file)


def show(vault, name):
    held = vault["credentials"][name]
    # A revoked version that is still the newest locks everybody out.
    return {"name": name, "version": held["version"], "users": held["users"], "locked_out": held["version"] in held["revoked"]}


if __name__ == "__main__":
    file, did, *words = Path(sys.argv[1]), *sys.argv[2:]
    vault = load(file)
    match did, *words:
        case "show", name:
            print(json.dumps(show(vault, name)))
        case "users", name, count:
            vault["credentials"][name]["users"] = int(count)
            save(file, vault)
        case "backend", state:
            vault["backend"] = state
            save(file, vault)
        case "move", name:
            vault["credentials"][name]["version"] += 1
            save(file, vault)
