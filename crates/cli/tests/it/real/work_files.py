"""The work on `@modelcontextprotocol/server-filesystem`: all 14 tools, with their errors."""

PLAN = "".join(f"{number}. step\n" for number in range(1, 21))
# Larger than a pipe takes at once.
LARGE = "".join(f"line {number}: äöü 漢字 🦀 \\ \" \t end\n" for number in range(9000))


def prepare(root):
    (root / "sub").mkdir()
    (root / "plan.md").write_text(PLAN)
    (root / "crlf.txt").write_bytes(b"one\r\ntwo\r\nthree\r\n")
    (root / "large.txt").write_text(LARGE)
    (root / "empty.txt").write_text("")
    (root / "ünïcode.txt").write_text("ü\n")
    (root / "dot.png").write_bytes(bytes(range(256)))
    (root / "blob.bin").write_bytes(bytes(reversed(range(256))))
    (root / "sub" / "deep.md").write_text("deep\n")
    (root / "link.md").symlink_to(root / "plan.md")
    (root / "away.md").symlink_to("/etc/hostname")


async def run(work):
    path, call = work.path, work.call
    await reads(work)
    await edits(work)
    await writes(work)
    await listings(work)
    await call("list_allowed_directories")
    await errors(work)
    await call("read_text_file", path=path("plan.md"))


async def reads(work):
    path, call = work.path, work.call
    plan = path("plan.md")
    await call("read_text_file", path=plan)
    await call("read_text_file", path=plan, head=2)
    await call("read_text_file", path=plan, tail=2)
    await call("read_file", path=plan)
    for name in ["crlf.txt", "large.txt", "empty.txt", "ünïcode.txt", "link.md", "dot.png"]:
        await call("read_text_file", path=path(name))
    await call("read_text_file", path="plan.md")
    await call("read_media_file", path=path("dot.png"))
    await call("read_media_file", path=path("blob.bin"))
    await call("read_multiple_files", paths=[plan, path("crlf.txt"), path("none.md")])
    await call("get_file_info", path=plan)
    await call("get_file_info", path=path("sub"))
    await work.with_progress("read_text_file", path=plan)
    names = ["plan.md", "crlf.txt", "large.txt", "none.md", "sub/deep.md", "empty.txt"]
    await work.together(*[("read_text_file", {"path": path(name)}) for name in names * 3])


async def edits(work):
    path, call = work.path, work.call
    plan = path("plan.md")
    # Everything that was read of this file stands behind these: text, head, tail, media, times.
    await call("edit_file", path=plan, edits=[{"oldText": "1. step\n2.", "newText": "1. begun\n2."}], dryRun=True)
    await call("edit_file", path=plan, edits=[{"oldText": "1. step\n2.", "newText": "1. begun\n2."}])
    await call("edit_file", path=plan, edits=[{"oldText": "20. step", "newText": "20. done"}])
    await call("read_text_file", path=plan)
    await call("edit_file", path=plan, edits=[{"oldText": "3. ", "newText": "3! "}, {"oldText": "4. ", "newText": "4! "}])
    await call("edit_file", path=path("crlf.txt"), edits=[{"oldText": "two", "newText": "2"}])
    await call("read_text_file", path=path("crlf.txt"))
    await call("edit_file", path=path("ünïcode.txt"), edits=[{"oldText": "ü", "newText": "ü 🦀 \\u0041 \u0001"}])
    await call("read_text_file", path=path("ünïcode.txt"))
    await work.with_progress("edit_file", path=plan, edits=[{"oldText": "5. ", "newText": "5! "}])
    await call("edit_file", path=path("sub", "deep.md"), edits=[{"oldText": "deep", "newText": "unread"}])
    await work.together(
        *[
            ("edit_file", {"path": path(name), "edits": [{"oldText": old, "newText": "together"}]})
            for name, old in [("crlf.txt", "one"), ("sub/deep.md", "unread"), ("ünïcode.txt", "🦀")]
        ]
    )


async def writes(work):
    path, call = work.path, work.call
    await call("write_file", path=path("new.md"), content="new\n")
    await call("write_file", path=path("new.md"), content="newer\n")
    await call("read_text_file", path=path("new.md"))
    await call("write_file", path=path("large.txt"), content=LARGE + LARGE)
    await call("read_text_file", path=path("large.txt"), tail=3)
    await call("read_text_file", path=path("soon.md"))
    await call("write_file", path=path("soon.md"), content="there\n")
    await call("read_text_file", path=path("soon.md"))
    await call("write_file", path=path("empty.txt"), content="")
    await call("create_directory", path=path("made", "inner"))
    await call("create_directory", path=path("made", "inner"))
    await call("move_file", source=path("new.md"), destination=path("made", "moved.md"))
    await call("read_text_file", path=path("new.md"))
    await call("read_text_file", path=path("made", "moved.md"))
    await call("write_file", path=path("new.md"), content="again\n")


async def listings(work):
    path, call = work.path, work.call
    await call("list_directory", path=path())
    await call("list_directory_with_sizes", path=path())
    await call("list_directory_with_sizes", path=path(), sortBy="size")
    await call("write_file", path=path("later.md"), content="later\n")
    await call("list_directory", path=path())
    await call("directory_tree", path=path())
    await call("directory_tree", path=path(), excludePatterns=["*.md"])
    await call("search_files", path=path(), pattern="**/*.md")
    await call("search_files", path=path(), pattern="*", excludePatterns=["sub"])
    await call("search_files", path=path("made"), pattern="nothing")


async def errors(work):
    path, call = work.path, work.call
    for name in ["none.md", "sub", "none/none.md", "../outside.md", "away.md", "nul\0.md", "x" * 300]:
        await call("read_text_file", path=path(name))
    await call("read_text_file", path=path("plan.md"), head=1, tail=1)
    await call("read_text_file", path=7)
    await call("read_text_file")
    await call("read_multiple_files", paths=[])
    await call("list_directory", path=path("plan.md"))
    await call("get_file_info", path=path("none.md"))
    await call("edit_file", path=path("plan.md"), edits=[{"oldText": "not in there", "newText": ""}])
    await call("edit_file", path=path("none.md"), edits=[])
    await call("edit_file", path=path("plan.md"), edits="no list")
    await call("edit_file")
    await call("move_file", source=path("none.md"), destination=path("nowhere.md"))
    await call("move_file", source=path("crlf.txt"), destination=path("plan.md"))
    # An error of these leaves their outcome unknown, so each is the last on its path.
    await call("write_file", path=path("made"), content="a folder is there")
    await call("write_file", path="/etc/lastlook-no", content="")
    await call("create_directory", path=path("plan.md", "no"))
