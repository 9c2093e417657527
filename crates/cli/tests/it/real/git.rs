//! The first story at the git server: what an agent saw of a repository is not what it is any more.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::rig::{Rig, clean, refused, succeeded, worked};
use super::tools;
use crate::client::Client;

/// A repository with one commit, behind the git server.
struct Repository {
    rig: Rig,
    path: PathBuf,
}

impl Repository {
    fn new() -> Repository {
        let rig = Rig::new();
        let repository = Repository { path: rig.folder(), rig };
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository.rig.put("plan.md", "one\n");
        repository.git(&["add", "plan.md"]);
        repository.git(&["commit", "--quiet", "--message=first"]);
        repository
    }

    /// Runs git around every server: what somebody else does.
    fn git(&self, words: &[&str]) -> String {
        let mut command = self.command("git");
        command.arg("-C").arg(&self.path).args(words);
        String::from_utf8(succeeded(&format!("git {words:?}"), command.output().unwrap())).unwrap()
    }

    fn agent(&self) -> Client {
        let mut command = self.command(env!("CARGO_BIN_EXE_lastlook"));
        command.arg("mcp").arg("--state").arg(self.rig.state()).arg("--").arg(tools::python());
        command.args(["-m", "mcp_server_git", "--repository"]).arg(&self.path);
        let mut agent = Client::spawn(&mut command);
        agent.initialize();
        agent
    }

    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command =
            clean(program.as_ref(), &self.rig.beside("home"), &self.rig.beside("changes.jsonl"));
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Ada").env(format!("GIT_{who}_EMAIL"), "ada@example.org");
        }
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        command
    }

    fn arguments(&self, more: Value) -> Value {
        let mut arguments = json!({"repo_path": self.path});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    }

    fn commits(&self) -> usize {
        self.git(&["log", "--format=%s"]).lines().count()
    }
}

#[test]
fn a_commit_on_a_repository_that_moved_is_refused_until_it_is_looked_at_again() {
    let repository = Repository::new();
    let mut agent = repository.agent();
    let all = |more: Value| repository.arguments(more);
    repository.rig.put("plan.md", "one\ntwo\n");
    worked(&agent.call("git_status", all(json!({}))));
    worked(&agent.call("git_add", all(json!({"files": ["plan.md"]}))));
    worked(&agent.call("git_diff_staged", all(json!({}))));
    // Somebody else stages something: the commit would take it along unseen.
    repository.rig.put("secret.txt", "not to be committed\n");
    repository.git(&["add", "secret.txt"]);
    refused(&agent.call("git_commit", all(json!({"message": "two"}))), &["fact-changed"]);
    assert_eq!(repository.commits(), 1);

    repository.git(&["rm", "--quiet", "--cached", "secret.txt"]);
    worked(&agent.call("git_status", all(json!({}))));
    worked(&agent.call("git_commit", all(json!({"message": "two"}))));
    assert_eq!(repository.git(&["log", "--format=%s"]), "two\nfirst\n");
    assert_eq!(repository.git(&["show", "--name-only", "--format="]), "plan.md\n");

    let receipts = repository.rig.receipts();
    let said: Vec<_> =
        receipts.iter().map(|receipt| [&receipt.says["tool"], &receipt.says["verdict"]]).collect();
    assert_eq!(said, [["git_add", "allow"], ["git_commit", "deny"], ["git_commit", "allow"]]);
}
