//! agentbarrier's suite, which nobody here wrote, on the built boundary: 11 scenarios under both of its profiles.
//!
//! The suite's own journal is the oracle. `adapter.py` says what of it is what here.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::real::rig::{clean, succeeded};
use crate::real::tools;

const SCENARIOS: [&str; 11] = [
    "approval_hold",
    "rejection",
    "argument_binding",
    "replay",
    "outcome_ambiguity",
    "outcome_reconciliation",
    "cancellation",
    "timeout",
    "parallel_barrier",
    "delegation",
    "audit_receipts",
];

#[test]
fn all_scenarios_hold_when_everything_of_a_run_waits_for_people() {
    let rules = format!("{}{}", here("rules.toml"), here("run-wide.toml"));
    let suite = Suite::under(&rules);
    assert_eq!(suite.verify("run-wide", &[]), SCENARIOS.map(|name| format!("{name}: passed")));
    suite.is_on_record();
}

#[test]
fn all_scenarios_hold_when_only_what_people_must_approve_waits() {
    let suite = Suite::under(&here("rules.toml"));
    assert_eq!(suite.verify("per-action", &[]), SCENARIOS.map(|name| format!("{name}: passed")));
    suite.is_on_record();
}

/// The adapter protects nothing by itself: without its guard the scenario fails, with the suite's own finding.
#[test]
fn without_its_guard_a_scenario_fails() {
    let rules = here("rules.toml");
    for (guard, profile, scenario, finding) in [
        ("once", "per-action", "replay", "AB007"),
        ("delegated", "per-action", "delegation", "AB014"),
        ("barrier", "run-wide", "parallel_barrier", "AB010"),
    ] {
        let suite = Suite::under(&without(&rules, guard));
        assert_eq!(suite.verify(profile, &[scenario]), [format!("{scenario}: failed {finding}")]);
    }
}

/// A state with one reviewer, rules, and the folder of one run of the suite.
struct Suite {
    folder: TempDir,
}

impl Suite {
    fn under(rules: &str) -> Suite {
        let suite = Suite { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(suite.at("home")).unwrap();
        let rules = rules
            .replace("\"PYTHON\"", &json!(python()).to_string())
            .replace("\"SERVER\"", &json!(beside("effects.py")).to_string());
        suite.private("rules.toml", &rules);
        suite.private("ada.pass", "the passphrase of ada\n");
        let pass = suite.at("ada.pass").to_str().unwrap().to_owned();
        let group = "Role::\"reviewer\"";
        suite.lastlook(&["approvers", "add", "ada", "--group", group, "--passphrase-file", &pass]);
        suite
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn private(&self, name: &str, text: &str) {
        std::fs::write(self.at(name), text).unwrap();
        std::fs::set_permissions(self.at(name), std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn clean(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        clean(program, &self.at("home"), &self.at("unused"))
    }

    fn lastlook(&self, words: &[&str]) -> Vec<u8> {
        let mut command = self.clean(env!("CARGO_BIN_EXE_lastlook"));
        command.arg("--state").arg(self.at("state")).arg("--config").arg(self.at("rules.toml")).args(words);
        succeeded(&format!("{words:?}"), command.output().unwrap())
    }

    /// Runs the suite; each scenario with how it ended, and the finding where there is one.
    fn verify(&self, profile: &str, scenarios: &[&str]) -> Vec<String> {
        let mut command = self.clean(python());
        // As long as a busy machine may take; nothing waits for it but what is to time out.
        command.args([
            "-m",
            "agentbarrier",
            "verify",
            "adapter:Adapter",
            "--strict-skips",
            "--color",
            "never",
        ]);
        command.args(["--approval-profile", profile, "--tool-timeout", "1", "--operation-timeout", "60"]);
        command.arg("--json").arg(self.at("report.json"));
        command.args(scenarios.iter().flat_map(|name| ["--scenario", name]));
        command
            .env("PYTHONPATH", beside(""))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("LASTLOOK", env!("CARGO_BIN_EXE_lastlook"))
            .env("STATE", self.at("state"))
            .env("RULES", self.at("rules.toml"))
            .env("PASSPHRASE", self.at("ada.pass"))
            .env("EFFECTS", self.at("effects.sock"));
        let said = command.output().unwrap();
        println!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
        let report: Value = serde_json::from_slice(&std::fs::read(self.at("report.json")).unwrap()).unwrap();
        assert_eq!(said.status.success(), report["passed"] == json!(true));
        let results = report["results"].as_array().unwrap().iter();
        results
            .map(|result| {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                let finding = result["finding"]["code"].as_str().map(|code| format!(" {code}"));
                let (name, status) = (text(&result["id"]), text(&result["status"]));
                format!("{name}: {status}{}", finding.unwrap_or_default())
            })
            .collect()
    }

    /// The record is whole.
    fn is_on_record(&self) {
        self.lastlook(&["verify"]);
    }
}

/// The rules without one of their guards.
fn without(rules: &str, guard: &str) -> String {
    let head = format!("[guard.{guard}]");
    let sections = rules.split("\n\n").filter(|section| !section.contains(&head));
    sections.collect::<Vec<_>>().join("\n\n")
}

fn python() -> PathBuf {
    tools::agentbarrier()
}

fn beside(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/agentbarrier").join(name)
}

fn here(name: &str) -> String {
    std::fs::read_to_string(beside(name)).unwrap()
}
