//! Witnesses that do what they should.

use serde_json::json;

use super::rig::{Witness, act, asked, checkpoint, key, ok, post, put, receipt_with, run, world};
use crate::records::rig::until;

#[test]
fn a_boundary_is_witnessed_while_it_runs_and_its_receipts_say_so() {
    let world = world();
    let (one, two) = (Witness::start(&world, "w1"), Witness::start(&world, "w2"));
    world.configure(&format!("{}{}", one.section("kim"), two.section("lee")));
    let mut agent = world.agent();
    let id = act(&mut agent, 6);
    let file = put(&world, "r.json", &receipt_with(&world, &id, 2));
    let key = key(&world);
    let pinned = ["verify", &file, "--key", &key, "--witness", &one.key, "--witness", &two.key];
    let said = ok(&world, &pinned);
    assert!(
        said.contains("witnessed by witness.example/w1 at 20") && said.contains("witness.example/w2 at"),
        "{said}"
    );
    // Who pins none is told what that means.
    let plain = ok(&world, &["verify", &file, "--key", &key]);
    assert!(
        plain.replace("\n            ", " ").contains("without a witness, truncation is not detectable"),
        "{plain}"
    );
    // The second verifier says the same.
    let witnesses = put(&world, "witnesses.pub", &format!("{}\n{}\n", one.key, two.key));
    let python = crate::real::tools::python();
    let package = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sdk/python");
    let second = |more: &[&str]| {
        let mut command = std::process::Command::new(&python);
        command.args(["-m", "lastlook_verify", &file, "--key", &key]).args(more).current_dir(package);
        crate::records::rig::Said::of(command.env("PYTHONDONTWRITEBYTECODE", "1").output().unwrap())
    };
    let theirs = second(&["--witness", &witnesses]);
    assert!(theirs.code == 0 && theirs.out.contains("witnessed by witness.example/w1"), "{theirs:?}");
    assert_eq!(second(&["--witness", &witnesses, "--quorum", "3"]).code, 2);
    // A stranger's word is none.
    let stranger = Witness::start(&world, "w3");
    let wants = |quorum: &str| {
        run(
            &world,
            &[
                "verify",
                &file,
                "--key",
                &key,
                "--witness",
                &witnesses,
                "--witness",
                &stranger.key,
                "--quorum",
                quorum,
            ],
        )
    };
    assert_eq!(wants("2").code, 0);
    wants("3").fails(1, "(checkpoint-not-witnessed)");
    wants("4").fails(2, "a quorum of 4 of 3");
    // Nothing of the end of the session is left unseen.
    act(&mut agent, 7);
    agent.close();
    let state = ok(&world, &["verify", "--key", &key, "--witness", &witnesses]);
    assert!(state.contains("witnessed all of them"), "{state}");
    let (code, said) = asked(&world);
    assert_eq!((code, &said["witnessed"], &said["quorum"]), (0, &said["size"], &json!(2)), "{said}");
    world.verifies();
}

#[test]
fn a_witness_that_was_away_is_asked_again_and_missed_meanwhile() {
    let world = world();
    let (one, two) = (Witness::start(&world, "w1"), Witness::start(&world, "w2"));
    world.configure(&format!("[witness]\nquorum = 1\n{}{}", one.section("kim"), two.section("lee")));
    let (port, witness_key) = (two.port, two.key.clone());
    two.kill();
    let mut agent = world.agent();
    let id = act(&mut agent, 6);
    receipt_with(&world, &id, 1);
    let (code, said) = asked(&world);
    assert_eq!((code, &said["witnesses"][1]["stands"]), (0, &json!("missing")), "{said}");
    assert!(said["witnesses"][1]["why"].as_str().unwrap().contains("no connection"), "{said}");
    let key = key(&world);
    let both = ["verify", "--key", &key, "--witness", &one.key, "--witness", &witness_key];
    run(&world, &both).fails(1, "(checkpoint-not-witnessed)");
    let again = Witness::start_at(&world, "w2", port, None);
    assert_eq!(again.key, witness_key);
    // The boundary itself asks again, by and by.
    receipt_with(&world, &id, 2);
    agent.close();
    assert!(ok(&world, &both).contains("witnessed"));
    let doctor = run(&world, &["doctor"]);
    assert!(doctor.out.contains("cosigned"), "{doctor:?}");
}

/// Between making a checkpoint its last one and answering, and before: it never answers two things.
#[test]
fn a_witness_that_is_killed_remembers_what_it_may_have_said() {
    for at in ["witness:remember", "witness:answer"] {
        let world = world();
        let first = Witness::start(&world, "w1");
        world.configure(&first.section("kim"));
        world.agent().close();
        let mut agent = world.agent();
        act(&mut agent, 6);
        agent.close();
        let short = checkpoint(&world);
        let port = first.port;
        assert_eq!(asked(&world).0, 0);
        first.kill();
        let mut dying = Witness::start_at(&world, "w1", port, Some(at));
        let mut agent = world.agent();
        act(&mut agent, 7);
        dying.died();
        agent.close();
        drop(dying);
        let (code, said) = asked(&world);
        assert_eq!((code, said["witnesses"][0]["stands"].as_str()), (1, Some("missing")), "{said}");
        let again = Witness::start_at(&world, "w1", port, None);
        // What is older than what it may have answered is refused, whoever asks.
        let (status, size) = again.add(&format!("old 0\n\n{short}"));
        assert_eq!(status, 409, "{size}");
        let (code, said) = asked(&world);
        assert_eq!((code, &said["witnessed"]), (0, &said["size"]), "{at}: {said}");
        world.verifies();
    }
}

#[test]
fn a_witness_answers_what_the_protocol_says() {
    let world = world();
    let witness = Witness::start(&world, "w1");
    let mut agent = world.agent();
    act(&mut agent, 6);
    agent.close();
    let note = checkpoint(&world);
    let other = super::rig::world();
    let mut agent = other.agent();
    act(&mut agent, 6);
    agent.close();
    let foreign = checkpoint(&other);
    let forged = note.replacen("\n2\n", "\n3\n", 1);
    assert_ne!(forged, note);
    for (body, status) in [
        ("", 400),
        ("old 0\n\n", 403),
        (&format!("old x\n\n{note}"), 400),
        (&format!("old 3\n\n{note}"), 400),
        (&format!("old 0\n\n{foreign}"), 404),
        (&format!("old 0\n\n{forged}"), 403),
        (&format!("old 1\n\n{note}"), 409),
        (&format!("old 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n{note}"), 422),
        (&format!("old 0\n\n{note}"), 200),
        (&format!("old 0\n\n{note}"), 409),
        (&format!("old 2\n\n{note}"), 200),
    ] {
        let (found, answer) = witness.add(body);
        assert_eq!(found, status, "{body:.60}: {answer}");
        match status {
            200 => assert!(answer.starts_with("\u{2014} witness.example/w1 "), "{answer}"),
            409 => assert!(answer == "2\n" || answer == "0\n", "{answer}"),
            _ => assert!(answer.len() > 10 && !answer.contains("::"), "{answer}"),
        }
    }
    assert_eq!(witness.add(&"x".repeat(1 << 20)).0, 413);
    assert_eq!(post(witness.port, "/", b"").0, 404);
    // A second one on the same folder would sign what the first does not know of.
    let second = Witness::command(&world, "w1").args(["--listen", "127.0.0.1:0"]).output().unwrap();
    crate::records::rig::Said::of(second).fails(4, "another witness runs on");
    drop(witness);
    let renamed = Witness::command(&world, "w1").args(["--name", "witness.example/w9"]).output().unwrap();
    assert!(!renamed.status.success());
    // What it remembers was altered: it signs nothing.
    let file = std::fs::read_dir(world.at("w1/logs")).unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("\n2\n", "\n1\n", 1)).unwrap();
    let witness = Witness::start(&world, "w1");
    assert_eq!(witness.add(&format!("old 2\n\n{note}")).0, 500);
    std::fs::write(&file, text).unwrap();
    until("it can remember again", || (witness.add(&format!("old 2\n\n{note}")).0 == 200).then_some(()));
}

#[test]
fn a_consistency_proof_is_one_of_the_older_checkpoint() {
    let world = world();
    let mut agent = world.agent();
    act(&mut agent, 6);
    let older = put(&world, "older.txt", &checkpoint(&world));
    for n in 7..10 {
        act(&mut agent, n);
    }
    agent.close();
    let said: serde_json::Value =
        serde_json::from_str(&ok(&world, &["log", "consistency", &older, "--json"])).unwrap();
    assert_eq!((&said["old_size"], &said["new_size"]), (&json!(2), &json!(8)), "{said}");
    let hash = |text: &str| {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        lastlook_ledger::Hash::from_slice(&STANDARD.decode(text).unwrap()).unwrap()
    };
    let proof: Vec<_> =
        said["proof"].as_array().unwrap().iter().map(|it| hash(it.as_str().unwrap())).collect();
    let root = |name: &str| {
        let bytes: Vec<u8> = (0..32)
            .map(|at| u8::from_str_radix(&said[name].as_str().unwrap()[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        lastlook_ledger::Hash::from_slice(&bytes).unwrap()
    };
    assert!(lastlook_ledger::tree::verify_consistency(2, &root("old_root"), 8, &root("new_root"), &proof));
    assert!(ok(&world, &["log", "consistency", &older]).contains("8 entries continue the first 2"));
    let newer = put(&world, "newer.txt", &checkpoint(&world));
    ok(&world, &["log", "consistency", &older, &newer]);
    run(&world, &["log", "consistency", &newer, &older]).fails(1, "(log-cut-short)");
}
