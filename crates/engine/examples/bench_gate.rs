//! What the gate costs each effect: passing it and leaving it, alone and beside others, and reading the halts at the look.
//!
//! `cargo run --release -p lastlook-engine --example bench_gate [PASSES]`
#![allow(clippy::expect_used)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lastlook_canon::{Digest, Json};
use lastlook_engine::{Control, Gate, clock, halts, standing};
use lastlook_kernel::{
    Action, Basis, Case, Class, ClassSource, Definition, GuardSet, Mode, Permit, Principal, Snapshot,
    Standing, Tool, ToolRules, Verdict, decide,
};
use lastlook_store::StateDir;

fn permit(action: &Action, tool: &Tool, epoch: u64) -> Permit {
    let case = Case {
        action,
        tool,
        basis: &Basis::default(),
        snapshot: &Snapshot::default(),
        standing: &Standing { epoch, ..Standing::default() },
        guards: &GuardSet::default(),
        mode: Mode::Enforce,
        at: clock::moment(),
        judgement: None,
        deadline: None,
    };
    match decide(&case) {
        Verdict::Allow(permit) => permit,
        verdict @ (Verdict::Deny(_) | Verdict::Hold(_)) => {
            eprintln!("the bench's own action is not allowed: {verdict:?}");
            std::process::exit(1);
        }
    }
}

/// Passes and leaves so often; what one of each took on average, in nanoseconds, and how often it found the gate shut.
fn passes(gate: &Gate, action: &Action, tool: &Tool, count: u32) -> (u128, u128, u32) {
    let (mut passing, mut leaving, mut shut) = (Duration::ZERO, Duration::ZERO, 0);
    for n in 0..count {
        let id = format!("{n:020x}");
        let control = Control::default();
        let permit = permit(action, tool, gate.epoch());
        let began = Instant::now();
        let passed = gate.pass(&id, permit, &control);
        let then = Instant::now();
        passing += then - began;
        match passed {
            Ok(passage) => drop(passage),
            Err(_) => shut += 1,
        }
        let then = Instant::now();
        gate.leave(&id);
        leaving += then.elapsed();
    }
    (passing.as_nanos() / u128::from(count), leaving.as_nanos() / u128::from(count), shut)
}

fn main() {
    let count = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(100_000);
    let folder = tempfile::tempdir().expect("a folder");
    let state = StateDir::open(folder.path().join("state")).expect("a state");
    let digest = Digest::of("bench", &[]);
    let principal = Principal { id: "User::\"ada\"".to_owned(), asserted: true };
    let action =
        Action::new("shop", "refund", Some(digest), principal, Json::Object(Vec::new())).expect("an action");
    let tool = Tool {
        name: "refund".to_owned(),
        class: Class::Write,
        class_by: ClassSource::Declared,
        definition: Some(Definition { digest, input_schema: None, read_only_hint: false }),
        rules: ToolRules::default(),
    };
    let gate = Gate::open(state.paths(), 1, Duration::from_secs(60)).expect("a gate");
    passes(&gate, &action, &tool, count / 10);

    let (passing, leaving, _) = passes(&gate, &action, &tool, count);
    println!("alone:                     {passing} ns to pass, {leaving} ns to leave ({count} times)");

    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let other = Gate::open(state.paths(), 2, Duration::from_secs(60)).expect("a gate");
        let (action, tool, over) = (&action, &tool, &over);
        scope.spawn(move || {
            while !over.load(Ordering::Relaxed) {
                passes(&other, action, tool, 1000);
            }
        });
        let (passing, leaving, shut) = passes(&gate, action, tool, count);
        println!("beside another writer:     {passing} ns to pass, {leaving} ns to leave; {shut} times shut");
        let mut shutting = Vec::with_capacity(1000);
        for _ in 0..1000 {
            let began = Instant::now();
            standing::shut(&state).expect("it shuts");
            shutting.push(began.elapsed());
        }
        shutting.sort();
        let at = |part: usize| shutting.get(part).copied().unwrap_or_default();
        println!(
            "to shut it, meanwhile:     {:?} in the middle, {:?} at p99, {:?} at most",
            at(500),
            at(990),
            at(999)
        );
        over.store(true, Ordering::Relaxed);
    });

    let store = state.reader().expect("a store");
    let began = Instant::now();
    for _ in 0..count {
        halts::active(&store).expect("halts");
    }
    println!("to read the halts, none:   {} ns", began.elapsed().as_nanos() / u128::from(count));
}
