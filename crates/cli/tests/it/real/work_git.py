"""The work on `mcp-server-git`: all 12 tools, with their errors.

The dates of commits are the environment's, so that hashes are the same in every run.
"""

import subprocess


def git(root, *words):
    subprocess.run(["git", "-C", str(root), *words], check=True, stdout=subprocess.DEVNULL)


def prepare(root):
    # An error of an effect leaves a repository in doubt: each of them gets one of its own.
    for name in ["", "nothing-staged", "no-branch", "no-file", "branch-exists"]:
        begin(root / name)
    (root / ".gitignore").write_text("no*/\nbranch-exists/\n")


def begin(root):
    root.mkdir(exist_ok=True)
    git(root, "init", "--quiet", "--initial-branch=main")
    (root / "README.md").write_text("one\n")
    git(root, "add", "README.md")
    git(root, "commit", "--quiet", "--message=first")


async def run(work):
    repo = work.path()

    async def call(tool, **arguments):
        return await work.call(tool, repo_path=repo, **arguments)

    await look(call)
    await call("git_add", files=[".gitignore"])
    await call("git_diff_staged")
    await call("git_commit", message="ignore\n\nüber 🦀")
    await look(call)
    (work.root / "README.md").write_text("one\ntwo\n")
    (work.root / "new.txt").write_text("new\n")
    await look(call)
    await call("git_add", files=["README.md", "new.txt"])
    await call("git_status")
    await call("git_reset")
    await call("git_add", files=["."])
    await call("git_add", files=["."])
    await call("git_commit", message="second")
    await call("git_log", max_count=1)
    await call("git_create_branch", branch_name="side")
    await call("git_create_branch", branch_name="old", base_branch="main")
    await call("git_branch", branch_type="local")
    await call("git_checkout", branch_name="side")
    (work.root / "new.txt").write_text("newer\n")
    await look(call)
    await work.with_progress("git_add", repo_path=repo, files=["new.txt"])
    await call("git_commit", message="on the side")
    await call("git_diff", target="main")
    await call("git_checkout", branch_name="main")
    await look(call)
    for revision in ["HEAD", "side", "HEAD:README.md", "HEAD^{tree}"]:
        await call("git_show", revision=revision)
    await call("git_log", start_timestamp="2001-01-01", end_timestamp="2002-01-01")
    await call("git_branch", branch_type="all", contains="HEAD")
    await work.together(*[(f"git_{tool}", {"repo_path": repo}) for tool in ["status", "log", "diff_staged"] * 4])
    await call("git_checkout", branch_name="HEAD~1")
    await errors(work, call)
    await look(call)


async def look(call):
    """What an agent looks at before it goes on."""
    await call("git_status")
    await call("git_diff_unstaged")
    await call("git_diff_unstaged", context_lines=0)
    await call("git_diff_staged")
    await call("git_diff", target="HEAD")
    await call("git_log")
    await call("git_branch", branch_type="local")


async def errors(work, call):
    await call("git_show", revision="nonsense")
    await call("git_show", revision="--output=x")
    await call("git_diff", target="nonsense")
    await call("git_branch", branch_type="nonsense")
    await call("git_log", start_timestamp="-x")
    await call("git_log", max_count="many")
    await work.call("git_status", repo_path="/etc")
    await work.call("git_status")
    await work.call("git_commit", repo_path=work.path("nothing-staged"), message="empty")
    await work.call("git_checkout", repo_path=work.path("no-branch"), branch_name="nonsense")
    await work.call("git_add", repo_path=work.path("no-file"), files=["none.txt"])
    await work.call("git_create_branch", repo_path=work.path("branch-exists"), branch_name="main")
