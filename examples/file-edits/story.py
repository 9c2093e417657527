"""An agent writes over what somebody else just wrote, into what is signed, and while everything stands still."""

import json
import os
from pathlib import Path

from stage import play

TOOLS = Path(os.environ.get("LASTLOOK_TOOLS", Path(__file__).parents[2] / ".tools")).resolve()
SERVER = TOOLS / "node/node_modules/@modelcontextprotocol/server-filesystem"

NOTES = {
    "plan.md": "one\ntwo\nthree\n",
    "other.md": "something else\n",
    "contract.md": "we agree\n",
    "draft.md": "a draft\n",
}


class Notes:
    """The folder, and what changes in it: this server keeps no log of its own, the files are what happened."""

    def __init__(self, stage):
        self.stage, self.folder = stage, stage.folder / "notes"
        self.folder.mkdir()
        for name, text in NOTES.items():
            (self.folder / name).write_text(text)
        (self.folder / "todo.md").symlink_to("contract.md")

    def somebody(self, what, name, text):
        self.stage.somebody(what)
        (self.folder / name).write_text(text)

    def log(self, scene):
        """What a scene left of each note that is not as it was."""
        with open(self.stage.environment["EFFECTS"], "a", encoding="utf-8") as log:
            for name in sorted(NOTES):
                file = self.folder / name
                text = file.read_text() if file.exists() else "(gone)"
                if text != NOTES[name]:
                    log.write(json.dumps({"after": scene, "note": name, "is": text}) + "\n")
                file.write_text(NOTES[name])
        for file in self.folder.iterdir():
            if file.name not in NOTES and not file.is_symlink():
                file.unlink()


def edit(name, old, new):
    return {"path": name, "edits": [{"oldText": old, "newText": new}]}


async def story(stage):
    if not SERVER.exists():
        raise SystemExit("the filesystem server is not installed\nhint: cargo xtask tools")
    notes = Notes(stage)
    stage.configure(("/opt/server-filesystem", SERVER), ("/srv/notes", notes.folder))

    async def scene(name, title, play):
        stage.scene(name, title)
        # A reader of its own: what another scene's agent read is not what this one knows.
        async with stage.agent("notes") as agent:
            await play(agent)
        notes.log(name)

    async def good(agent):
        await agent.call("read_text_file", path="plan.md")
        notes.somebody("writes another note", "other.md", "somebody else's\n")
        await agent.call("edit_file", **edit("plan.md", "two", "2"))

    async def outdated(agent):
        await agent.call("read_text_file", path="plan.md")
        notes.somebody("adds a line to the plan", "plan.md", "one\ntwo\nthree\nfour\n")
        await agent.call("write_file", path="plan.md", content="one\n2\nthree\n")

    async def unread(agent):
        await agent.call("write_file", path="draft.md", content="a better draft\n")

    async def signed(agent):
        await agent.call("read_text_file", path="contract.md")
        await agent.call("edit_file", **edit("contract.md", "agree", "do not agree"))

    async def link(agent):
        await agent.call("read_text_file", path="todo.md")
        await agent.call("write_file", path="todo.md", content="nothing to do\n")

    async def frozen(agent):
        await agent.call("read_text_file", path="draft.md")
        notes.somebody("freezes the notes", ".frozen", "")
        await agent.call("edit_file", **edit("draft.md", "a draft", "no draft"))

    async def moved(agent):
        await agent.call("read_text_file", path="draft.md")
        await agent.call("move_file", source="draft.md", destination="final.md")

    await scene("good", "An edit of what was read, while another note changes.", good)
    await scene("outdated", "The agent writes the plan over a line that somebody else just added.", outdated)
    await scene("unread", "The agent replaces a draft it never looked at.", unread)
    await scene("signed", "The agent rewords what is signed.", signed)
    await scene("link", "The same by another name: the list of things to do leads to the contract.", link)
    await scene("frozen", "The right edit at the wrong time: the notes are being published.", frozen)
    await scene("moved", "The agent renames a note.", moved)


play("file-edits", "File edits", story)
