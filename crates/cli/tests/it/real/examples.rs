//! The five examples, each story played without and with the built boundary.
//!
//! The oracle is what each small server wrote into its own log of effects; what the agent was told comes second, and what
//! the example prints third.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::rig::{Rig, clean, succeeded};
use super::tools;

/// Set to write what the examples print into their `expected.txt`, for a person to review.
const WRITE: &str = "LASTLOOK_WRITE_EXPECTED";

#[test]
fn refunds_are_paid_once_on_what_is_so_and_within_a_budget() {
    let refund = |order: &str, cents: u64| json!({"did": "refund", "order": order, "cents": cents});
    let edit = json!({"did": "edit", "customer": "C-1"});
    let told = play("refunds");
    let (a1, a4, a8) = (refund("A-1", 6000), refund("A-4", 3000), refund("A-8", 2500));
    let without = [
        a1.clone(),
        a1.clone(),
        refund("A-2", 4000),
        refund("A-3", 5000),
        a4.clone(),
        a8.clone(),
        a8,
        refund("A-6", 14000),
        refund("A-7", 20000),
        edit.clone(),
        refund("A-5", 9000),
    ];
    happened(&told, &without, &[a1, a4, edit]);
    refused(&told, "twice", "refund", &["once-done"]);
    refused(&told, "outdated", "refund", &["fact-changed"]);
    refused(&told, "back again", "refund", &["fact-changed"]);
    refused(&told, "unread", "refund", &["basis-missing"]);
    refused(&told, "skipped", "refund", &["step-missing"]);
    refused(&told, "budget", "refund", &["limit-exceeded"]);
    refused(&told, "too much", "refund", &["policy-denied"]);
    refused(&told, "undone", "refund", &["step-undone"]);
    nothing_else_was_refused(&told, 8);
}

#[test]
fn a_deploy_needs_proven_steps_and_a_report_is_checked_against_the_record() {
    let commit = |message: &str| json!({"did": "commit", "message": message});
    let deploy = |message: &str, works: bool| json!({"did": "deploy", "commit": message, "works": works});
    let (triples, again, touch, good) = (
        commit("the price triples"),
        commit("the price doubles again"),
        commit("one last touch"),
        commit("the price doubles for good"),
    );
    let fixed = deploy("an urgent fix", true);
    let without = [
        triples.clone(),
        deploy("the price triples", false),
        deploy("the price triples", false),
        again.clone(),
        touch.clone(),
        deploy("one last touch", false),
        good.clone(),
        deploy("the price doubles for good", true),
        fixed.clone(),
        fixed.clone(),
    ];
    let told = play("deploys");
    happened(&told, &without, &[triples, again, touch, good, fixed]);
    refused(&told, "skipped", "deploy", &["step-missing"]);
    refused(&told, "failing", "deploy", &["step-missing"]);
    refused(&told, "outdated", "deploy", &["step-missing"]);
    refused(&told, "overtaken", "deploy", &["fact-changed"]);
    refused(&told, "foreign", "deploy", &["policy-denied"]);
    let claims = |scene: &str| call(&told["boundary"], scene, "claims")["codes"].clone();
    assert_eq!(claims("skipped")[1], "missing", "the tests never ran");
    assert_eq!(claims("skipped")[2], "contradicted", "the deploy was refused");
    // Nobody looks for the effect of a build or a test run: that they passed is their own word.
    assert_eq!(claims("good"), json!(["unconfirmed", "unconfirmed", "confirmed"]));
}

#[test]
fn a_note_is_changed_only_as_it_was_read_and_never_while_it_is_frozen() {
    let note = |after: &str, note: &str, is: &str| json!({"after": after, "note": note, "is": is});
    let (other, plan) =
        (note("good", "other.md", "somebody else's\n"), note("good", "plan.md", "one\n2\nthree\n"));
    let without = [
        other.clone(),
        plan.clone(),
        note("outdated", "plan.md", "one\n2\nthree\n"),
        note("unread", "draft.md", "a better draft\n"),
        note("signed", "contract.md", "we do not agree\n"),
        note("link", "contract.md", "nothing to do\n"),
        note("frozen", "draft.md", "no draft\n"),
        note("moved", "draft.md", "(gone)"),
    ];
    let told = play("file-edits");
    // Somebody else's line is still there.
    happened(&told, &without, &[other, plan, note("outdated", "plan.md", "one\ntwo\nthree\nfour\n")]);
    refused(&told, "outdated", "write_file", &["fact-changed"]);
    refused(&told, "unread", "write_file", &["basis-missing"]);
    refused(&told, "signed", "edit_file", &["policy-denied"]);
    refused(&told, "link", "write_file", &["condition-false"]);
    refused(&told, "frozen", "edit_file", &["condition-false"]);
    refused(&told, "moved", "move_file", &["policy-denied"]);
    nothing_else_was_refused(&told, 6);
}

#[test]
fn a_trade_happens_while_the_market_is_open_at_the_rate_that_was_seen() {
    let trade = |pair: &str, amount: u64, rate: &str| json!({"did": "trade", "pair": pair, "amount": amount, "rate": rate});
    let good = trade("EURUSD", 100_000, "1.0851");
    let without = [
        trade("EURUSD", 100_000, "1.0842"),
        trade("EURCHF", 100_000, "0.9371"),
        trade("EURGBP", 100_000, "0.8244"),
        trade("EURUSD", 2_000_000, "1.0845"),
        good.clone(),
        good.clone(),
    ];
    let told = play("trading-window");
    happened(&told, &without, &[good]);
    refused(&told, "holiday", "trade", &["window-closed"]);
    refused(&told, "stale", "trade", &["fact-stale"]);
    refused(&told, "moved", "trade", &["fact-changed"]);
    refused(&told, "too much", "trade", &["limit-exceeded"]);
    refused(&told, "in a row", "trade", &["spacing-too-short"]);
    nothing_else_was_refused(&told, 5);
}

#[test]
fn a_credential_is_rotated_while_nobody_uses_it_and_revoked_once_the_next_one_shows() {
    let rotate = |name: &str, version: u64, out: u64| json!({"did": "rotate", "credential": name, "version": version, "signed_out": out});
    let revoke =
        |name: &str, out: bool| json!({"did": "revoke", "credential": name, "version": 1, "locked_out": out});
    let nothing = json!({"did": "nothing", "credential": "payroll"});
    let without = [
        rotate("mail", 2, 0),
        revoke("mail", false),
        rotate("billing", 2, 40),
        rotate("search", 3, 0),
        revoke("metrics", true),
        nothing.clone(),
        revoke("payroll", true),
        rotate("root", 2, 0),
        rotate("mail", 3, 0),
    ];
    let told = play("credential-rotation");
    happened(&told, &without, &[rotate("mail", 2, 0), revoke("mail", false), nothing]);
    refused(&told, "in use", "rotate", &["condition-false"]);
    refused(&told, "overtaken", "rotate", &["fact-changed"]);
    refused(&told, "skipped", "revoke", &["step-missing"]);
    refused(&told, "empty promise", "revoke", &["step-missing"]);
    refused(&told, "approval", "rotate", &["approval-required"]);
    refused(&told, "again", "rotate", &["limit-exceeded"]);
}

/// Plays a story both ways; what it prints is what its `expected.txt` holds.
fn play(name: &str) -> Value {
    let (rig, folder) = (Rig::new(), examples().join(name));
    let file = rig.beside("told.json");
    let mut command = clean(folder.join("run.sh"), &rig.beside("home"), &rig.beside("changes.jsonl"));
    command.env("LASTLOOK", env!("CARGO_BIN_EXE_lastlook")).env("LASTLOOK_TOOLS", tools::folder());
    command.args(["both", "--json"]).arg(&file);
    let printed = succeeded(&format!("{command:?}"), command.output().unwrap());
    let (printed, expected) = (String::from_utf8(printed).unwrap(), folder.join("expected.txt"));
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&expected, &printed).unwrap();
    }
    let told = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(printed, std::fs::read_to_string(&expected).unwrap(), "set {WRITE} to write it anew");
    told
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

/// What the world saw, without and with a boundary. Without one nothing was refused.
#[track_caller]
fn happened(told: &Value, without: &[Value], with: &[Value]) {
    assert_eq!(told["direct"]["effects"], json!(without), "without a boundary");
    assert_eq!(told["boundary"]["effects"], json!(with), "with a boundary");
    assert_eq!(refusals(&told["direct"]), 0);
}

/// The last call of a tool in a scene was refused, for these reasons among others.
#[track_caller]
fn refused(told: &Value, scene: &str, tool: &str, codes: &[&str]) {
    let call = call(&told["boundary"], scene, tool);
    assert_eq!(call["answer"], "refused", "{scene}: {call}");
    for code in codes {
        assert!(call["codes"].as_array().unwrap().iter().any(|told| told == code), "{scene}: {code}: {call}");
    }
}

#[track_caller]
fn nothing_else_was_refused(told: &Value, refused: usize) {
    assert_eq!(refusals(&told["boundary"]), refused, "{}", told["boundary"]["scenes"]);
}

fn refusals(told: &Value) -> usize {
    let scenes = told["scenes"].as_object().unwrap().values();
    scenes.flat_map(|calls| calls.as_array().unwrap()).filter(|call| call["answer"] == "refused").count()
}

#[track_caller]
fn call<'a>(told: &'a Value, scene: &str, tool: &str) -> &'a Value {
    let calls = told["scenes"][scene].as_array().unwrap_or_else(|| panic!("no scene `{scene}`: {told}"));
    calls.iter().rev().find(|call| call["tool"] == tool).unwrap_or_else(|| panic!("no `{tool}` in `{scene}`"))
}
