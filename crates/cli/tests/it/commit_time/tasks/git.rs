//! Five tasks at the git server.

use serde_json::{Value, json};

use super::{Call, Task};
use crate::commit_time::place::Place;
use crate::real::rig::{Rig, succeeded};
use crate::real::tools;

const RULES: &str = r#"profile = "git"

[fact.staged]
mcp = { tool = "git.git_diff_staged", args = { repo_path = "${args.repo_path}" } }

[fact.unstaged]
mcp = { tool = "git.git_diff_unstaged", args = { repo_path = "${args.repo_path}" } }

[fact.branch]
command = { argv = ["git", "-C", "CHECKOUT", "rev-parse", "refs/heads/${args.branch_name}"], env = ["HOME"] }

[fact.base]
command = { argv = ["git", "-C", "BRANCH", "rev-parse", "refs/heads/${args.base_branch}"], env = ["HOME"] }

[guard.commit]
on = ["git.git_commit"]
unchanged = ["staged"]
approve = { by = 'Role::"owner"', expires = "15m" }

[guard.add]
on = ["git.git_add"]
unchanged = ["unstaged"]
approve = { by = 'Role::"owner"', expires = "15m" }

[guard.reset]
on = ["git.git_reset"]
unchanged = ["staged"]
approve = { by = 'Role::"owner"', expires = "15m" }

[guard.checkout]
on = ["git.git_checkout"]
facts = ["branch"]
approve = { by = 'Role::"owner"', expires = "15m" }

[guard.branch]
on = ["git.git_create_branch"]
facts = ["base"]
approve = { by = 'Role::"owner"', expires = "15m" }
"#;

/// One repository for each task, since all readings of a repository are what any change to it rests on, and a second one.
const REPOSITORIES: [&str; 6] = ["commit", "add", "reset", "second", "checkout", "branch"];

/// In each a commit to work on (`base`) and one that comes after it (`next`).
pub fn open() -> Place {
    let rig = Rig::new();
    let command =
        vec![tools::python().to_str().unwrap().to_owned(), "-m".to_owned(), "mcp_server_git".to_owned()];
    let mut place = Place::new("git", rig, command);
    for (name, value) in [
        ("GIT_AUTHOR_NAME", "Ada"),
        ("GIT_AUTHOR_EMAIL", "ada@example.org"),
        ("GIT_COMMITTER_NAME", "Ada"),
        ("GIT_COMMITTER_EMAIL", "ada@example.org"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_OPTIONAL_LOCKS", "0"),
    ] {
        place = place.with(name, value.to_owned());
    }
    for name in REPOSITORIES {
        std::fs::create_dir(place.at(name)).unwrap();
        git(&place, name, &["init", "--quiet", "--initial-branch=work"]);
        for (tag, text) in [("base", "one\n"), ("next", "one\ntwo\n")] {
            place.put(&format!("{name}/plan.md"), text);
            place.put(&format!("{name}/other.md"), "as it was\n");
            git(&place, name, &["add", "."]);
            git(&place, name, &["commit", "--quiet", "--message", tag]);
            git(&place, name, &["tag", tag]);
        }
    }
    let rules = RULES
        .replace("\"CHECKOUT\"", &json!(place.at("checkout")).to_string())
        .replace("\"BRANCH\"", &json!(place.at("branch")).to_string());
    place.configured("Service::\"desk\"", &rules)
}

/// Somebody else at a repository.
fn git(place: &Place, name: &str, words: &[&str]) -> String {
    let mut command = place.clean("git");
    command.arg("-C").arg(place.at(name)).args(words);
    String::from_utf8(succeeded(&format!("git {words:?}"), command.output().unwrap())).unwrap()
}

/// A repository on `work` with nothing staged, the branches `main`, `release` and `topic` at `base`, and no other.
fn before(place: &Place, name: &str) {
    let _ = std::fs::remove_file(place.at(&format!("{name}/secret.txt")));
    git(place, name, &["checkout", "--quiet", "--force", "-B", "work", "base"]);
    let updates = ["main", "release", "topic"].map(|branch| format!("update refs/heads/{branch} base\n"));
    let deletions = ["hotfix", "hotfix-2"].map(|branch| format!("delete refs/heads/{branch}\n"));
    place.put("updates", &[updates.concat(), deletions.concat()].concat());
    let mut command = place.clean("git");
    command.arg("-C").arg(place.at(name)).args(["update-ref", "--stdin"]);
    command.stdin(std::fs::File::open(place.at("updates")).unwrap());
    succeeded("git update-ref", command.output().unwrap());
}

/// The same with a change of the plan and of another file.
fn edited(place: &Place, name: &str) {
    before(place, name);
    place.put(&format!("{name}/plan.md"), "one, and a half\n");
    place.put(&format!("{name}/other.md"), "changed as well\n");
}

/// The same with the change of the plan staged.
fn staged(place: &Place, name: &str) {
    edited(place, name);
    git(place, name, &["add", "plan.md"]);
}

/// Every branch with what it holds, which one is checked out, and what is staged and what is not.
fn sees(place: &Place, name: &str) -> String {
    let heads = ["for-each-ref", "--format=%(HEAD) %(refname) %(subject) %(tree)", "refs/heads"];
    let status = ["status", "--verbose", "--verbose", "--untracked-files=no"];
    [git(place, name, &heads), git(place, name, &status)].concat()
}

fn stages_a_secret(place: &Place, name: &str) {
    place.put(&format!("{name}/secret.txt"), "not to be committed\n");
    git(place, name, &["add", "secret.txt"]);
}

fn call(place: &Place, name: &str, tool: &'static str, more: &Value) -> Call {
    let mut arguments = json!({"repo_path": place.at(name)});
    arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    (tool, arguments)
}

fn moves(place: &Place, name: &str, branch: &str) {
    git(place, name, &["update-ref", &format!("refs/heads/{branch}"), "next"]);
}

fn branches_off(place: &Place, branch: &str) -> Call {
    let arguments = json!({"branch_name": branch, "base_branch": "main"});
    call(place, "branch", "git_create_branch", &arguments)
}

pub fn tasks() -> Vec<Task> {
    vec![
        Task {
            name: "commit what is staged",
            changed: "something else was staged",
            before: |place| staged(place, "commit"),
            reads: |place| vec![call(place, "commit", "git_diff_staged", &json!({}))],
            acts: |place| call(place, "commit", "git_commit", &json!({"message": "a half"})),
            swapped: |place| call(place, "commit", "git_commit", &json!({"message": "approved by all"})),
            moves: |place| stages_a_secret(place, "commit"),
            aside: |place| place.put("commit/secret.txt", "lies there, not staged\n"),
            sees: |place| sees(place, "commit"),
        },
        Task {
            name: "stage a change",
            changed: "the change",
            before: |place| edited(place, "add"),
            reads: |place| vec![call(place, "add", "git_diff_unstaged", &json!({}))],
            acts: |place| call(place, "add", "git_add", &json!({"files": ["plan.md"]})),
            swapped: |place| call(place, "add", "git_add", &json!({"files": ["plan.md", "other.md"]})),
            moves: |place| place.put("add/plan.md", "one, and nothing else\n"),
            aside: |place| moves(place, "add", "topic"),
            sees: |place| sees(place, "add"),
        },
        Task {
            name: "unstage everything",
            changed: "something else was staged",
            before: |place| ["reset", "second"].iter().for_each(|name| staged(place, name)),
            reads: |place| vec![call(place, "reset", "git_diff_staged", &json!({}))],
            acts: |place| call(place, "reset", "git_reset", &json!({})),
            swapped: |place| call(place, "second", "git_reset", &json!({})),
            moves: |place| stages_a_secret(place, "reset"),
            aside: |place| place.put("second/other.md", "somebody else's\n"),
            sees: |place| ["reset", "second"].map(|name| sees(place, name)).join("----\n"),
        },
        Task {
            name: "check out the release",
            changed: "the release's head",
            before: |place| before(place, "checkout"),
            reads: |place| vec![call(place, "checkout", "git_show", &json!({"revision": "release"}))],
            acts: |place| call(place, "checkout", "git_checkout", &json!({"branch_name": "release"})),
            swapped: |place| call(place, "checkout", "git_checkout", &json!({"branch_name": "topic"})),
            moves: |place| moves(place, "checkout", "release"),
            aside: |place| moves(place, "checkout", "main"),
            sees: |place| sees(place, "checkout"),
        },
        Task {
            name: "branch off a hotfix",
            changed: "the head of what it starts from",
            before: |place| before(place, "branch"),
            reads: |place| vec![call(place, "branch", "git_show", &json!({"revision": "main"}))],
            acts: |place| branches_off(place, "hotfix"),
            swapped: |place| branches_off(place, "hotfix-2"),
            moves: |place| moves(place, "branch", "main"),
            aside: |place| moves(place, "branch", "topic"),
            sees: |place| sees(place, "branch"),
        },
    ]
}
