"""A small build and deploy service over one git repository, as an MCP server on the official SDK.

    python3 ci.py REPOSITORY

It trusts whoever calls it, as most such services do: it deploys what it is told to deploy.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

repository = Path(sys.argv[1])
live = repository.parent / "live.json"
server = MCPServer("ci")


def git(*words):
    return subprocess.run(["git", "-C", repository, *words], check=True, capture_output=True, text=True).stdout.strip()


def done(**effect):
    with open(os.environ["EFFECTS"], "a", encoding="utf-8") as log:
        log.write(json.dumps(effect) + "\n")


@server.tool()
def status() -> dict[str, Any]:
    """The newest revision, and the one that is live."""
    return {"head": git("rev-parse", "HEAD"), "live": json.loads(live.read_text())["revision"] if live.exists() else "none"}


@server.tool()
def commit(file: str, text: str, message: str) -> dict[str, Any]:
    """Writes one file and commits it."""
    (repository / file).write_text(text)
    git("add", file)
    git("commit", "--quiet", f"--message={message}")
    done(did="commit", message=message)
    return {"revision": git("rev-parse", "HEAD")}


@server.tool()
def build(revision: str) -> dict[str, Any]:
    """Compiles every source of a revision."""
    for file in git("ls-tree", "--name-only", revision).splitlines():
        if file.endswith(".py"):
            try:
                compile(git("show", f"{revision}:{file}"), file, "exec")
            except SyntaxError as error:
                raise ToolError(f"{file} does not compile: {error}") from error
    return {"revision": revision, "built": True}


@server.tool()
def run_tests(revision: str) -> dict[str, Any]:
    """Runs the tests of a revision. Tests that fail are an error."""
    code = git("show", f"{revision}:price.py") + "\n" + git("show", f"{revision}:check.py")
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise ToolError(f"tests of {revision[:8]} fail: {ended.stderr.strip().splitlines()[-1]}")
    return {"revision": revision, "passed": True}


@server.tool()
def deploy(service: str, revision: str) -> dict[str, Any]:
    """Makes a revision live."""
    live.write_text(json.dumps({"service": service, "revision": revision}))
    code = git("show", f"{revision}:price.py") + "\n" + git("show", f"{revision}:check.py")
    works = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0
    done(did="deploy", commit=git("log", "-1", "--format=%s", revision), works=works)
    return {"service": service, "live": revision}


server.run()
