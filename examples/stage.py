"""What the five stories share: a stage on which one story is played twice, without a boundary and with one.

    ./run.sh [direct|boundary|both] [--json FILE]

A story is a function that takes a `Stage`, sets up its small world in an empty folder, lets agents call tools, and lets
somebody else change things in between. `direct` starts the server of `lastlook.toml` as it is; `boundary` starts
`lastlook mcp` in front of it. The agents and somebody else do exactly the same in both.

The oracle is the world: each small server writes what it did into `effects.jsonl`, and only that counts.
"""

import argparse
import asyncio
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import tomllib
from contextlib import asynccontextmanager
from pathlib import Path

try:
    from mcp import Client, StdioServerParameters
    from mcp.shared.exceptions import MCPError
except ImportError:
    sys.exit("the official MCP client for Python is not installed\nhint: pip install 'mcp>=2.3,<3', or run `cargo xtask tools`")

VERDICT = "dev.lastlook/verdict"
EXAMPLES = Path(__file__).resolve().parent


class Stage:
    """One performance: a folder, a configuration with the folder's own paths in it, and what was said and done."""

    def __init__(self, example, guarded, folder):
        self.example, self.guarded, self.folder = EXAMPLES / example, guarded, folder
        self.environment = {**os.environ, "EFFECTS": str(folder / "effects.jsonl"), "PYTHONDONTWRITEBYTECODE": "1"}
        # `python3` in a configuration is the Python that plays the story, which has what the servers need.
        self.environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.scenes, self.lines = {}, []
        self.config = None

    def say(self, line=""):
        self.lines.append(line)
        print(line, flush=True)

    def configure(self, *changes, name="lastlook.toml"):
        """Puts the example's configuration into the folder, each `(here, there)` replaced.

        A configuration names absolute paths, ports and hours; a story that runs anywhere at any time needs its own.
        """
        text = (self.example / "lastlook.toml").read_text()
        for old, new in changes:
            if old not in text:
                raise SystemExit(f"`{old}` is not in {self.example / 'lastlook.toml'}")
            text = text.replace(old, str(new))
        self.config = self.folder / name
        self.config.write_text(text)
        self.config.chmod(stat.S_IRUSR | stat.S_IWUSR)
        for beside in ["policy.cedar", "entities.json"]:
            if (self.example / beside).exists():
                shutil.copy(self.example / beside, self.folder)
        return self.config

    @asynccontextmanager
    async def agent(self, upstream):
        """An agent connected to a server of the configuration: straight, or through a boundary of its own."""
        if self.guarded:
            words = [lastlook(), "mcp", "--config", self.config, "--upstream", upstream, "--state", self.folder / "state"]
            cwd = None
        else:
            server = tomllib.loads(self.config.read_text())["upstream"][upstream]
            words, cwd = server["command"], server.get("cwd")
        command, *args = map(str, words)
        server = StdioServerParameters(command=command, args=args, env=self.environment, cwd=cwd)
        # What servers print on their error stream is theirs; it is kept beside the world, not shown.
        async with Client(quiet(server, self.folder / "stderr.txt")) as client:
            yield Agent(self, client)

    def scene(self, name, title):
        self.say()
        self.say(f"  {title}")
        self.current = self.scenes[name] = []

    def somebody(self, what):
        self.say(f"    somebody else: {what}")

    def lastlook(self, *words):
        """Runs `lastlook …` on the story's state; gives its exit code and what it printed."""
        command = [lastlook(), *words, "--state", str(self.folder / "state")]
        ended = subprocess.run(command, capture_output=True, text=True, env=self.environment, check=False)
        return ended.returncode, ended.stdout, ended.stderr

    def effects(self):
        file = self.folder / "effects.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def quiet(server, file):
    from mcp.client.stdio import stdio_client

    return stdio_client(server, errlog=open(file, "a", encoding="utf-8"))


class Agent:
    """Somebody who calls tools and believes what it is told."""

    def __init__(self, stage, client):
        self.stage, self.client = stage, client

    async def call(self, tool, **arguments):
        """Calls a tool; gives its structured result, or `None` when there is none because it was refused or failed."""
        try:
            answer = (await self.client.call_tool(tool, arguments)).model_dump(mode="json", by_alias=True, exclude_none=True)
        except MCPError as error:
            answer = {"isError": True, "content": [{"text": str(error)}]}
        verdict = answer.get("_meta", {}).get(VERDICT, {})
        codes = list(dict.fromkeys(verdict.get("codes", [])))
        failed = answer.get("isError", False)
        self.stage.current.append({"tool": tool, "answer": "refused" if codes else "error" if failed else "ok", "codes": codes})
        shown = ", ".join(f"{name}={shorten(value)}" for name, value in arguments.items())
        text = " ".join(block.get("text", "") for block in answer["content"]).strip()
        told = f"refused: {', '.join(codes)}" if codes else f"error: {shorten(text, 100)}" if failed else "ok"
        self.stage.say(f"    agent: {tool}({shown}) → {told}")
        if failed:
            return None
        return answer.get("structuredContent") or {"text": text}


def shorten(value, most=40):
    text = value if isinstance(value, str) else json.dumps(value)
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"


def lastlook():
    """The program: LASTLOOK, or what was built here, or what is installed."""
    built = [EXAMPLES.parent / "target" / kind / "lastlook" for kind in ["release", "debug"]]
    found = os.environ.get("LASTLOOK") or next((str(file) for file in built if file.exists()), None) or shutil.which("lastlook")
    if not found:
        sys.exit("`lastlook` is not there\nhint: cargo build, or say where it is with LASTLOOK=/path/to/lastlook")
    return found


def play(example, title, story):
    """The whole of a story's `main`."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("mode", nargs="?", choices=["direct", "boundary", "both"], default="both")
    parser.add_argument("--json", help="also write what happened to this file")
    options = parser.parse_args()
    told = {}
    for mode in ["direct", "boundary"] if options.mode == "both" else [options.mode]:
        with tempfile.TemporaryDirectory(prefix="lastlook-") as folder:
            # Everything a server names is below its real path: a temporary folder may itself be a link.
            stage = Stage(example, mode == "boundary", Path(folder).resolve())
            stage.say(f"{title}: {'with a boundary' if stage.guarded else 'no boundary'}")
            asyncio.run(story(stage))
            stage.say()
            stage.say("  what happened to the world:")
            effects = stage.effects()
            for effect in effects:
                stage.say(f"    {', '.join(f'{name}={shorten(value)}' for name, value in effect.items())}")
            stage.say()
            told[mode] = {"scenes": stage.scenes, "effects": effects}
    if options.json:
        Path(options.json).write_text(json.dumps(told, indent=1))
