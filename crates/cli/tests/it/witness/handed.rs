//! A key that was replaced, and what witnesses saw of the logs before.

use serde_json::Value;

use super::rig::{Witness, act, asked, key, ok, put, receipt_with, run, world};
use crate::real::tools;
use crate::records::rig::Said;

/// What the second verifier says.
fn second(file: &str, more: &[&str]) -> Said {
    let mut command = std::process::Command::new(tools::python());
    command.args(["-m", "lastlook_verify", file]).args(more).env("PYTHONDONTWRITEBYTECODE", "1");
    Said::of(command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../sdk/python")).output().unwrap())
}

#[test]
fn what_witnesses_saw_under_one_key_counts_under_the_next() {
    let world = world();
    let witness = Witness::start(&world, "w1");
    world.configure(&witness.section("kim"));
    let mut agent = world.agent();
    let id = act(&mut agent, 6);
    receipt_with(&world, &id, 1);
    let witnesses = put(&world, "witnesses.pub", &format!("{}\n", witness.key));
    let old = key(&world);
    let tiles = world.at("tiles").display().to_string();
    ok(&world, &["log", "export", &tiles]);
    ok(&world, &["keys", "rotate", "--reason", "due"]);
    let new = put(&world, "new.pub", &ok(&world, &["keys", "export"]));
    let handovers = put(&world, "handovers.txt", &ok(&world, &["keys", "handovers"]));

    // The receipt carries both, and both verifiers follow it to what was witnessed.
    let file = put(&world, "r.json", &receipt_with(&world, &id, 1));
    let receipt: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(receipt["extensions"]["handovers"].as_array().map(Vec::len), Some(1));
    for pinned in [&old, &new] {
        let ours = ok(&world, &["verify", &file, "--key", pinned, "--witness", &witnesses]);
        assert!(ours.contains("witnessed by witness.example/w1"), "{ours}");
        let theirs = second(&file, &["--key", pinned, "--witness", &witnesses]);
        assert!(theirs.code == 0 && theirs.out.contains("witnessed by witness.example/w1"), "{theirs:?}");
    }
    let strict = ["--key", &new, "--witness", &witnesses, "--no-follow"];
    run(&world, &[&["verify", &file], &strict[..]].concat()).fails(1, "(checkpoint-unknown-key)");
    second(&file, &strict).fails(1, "(checkpoint-unknown-key)");

    // An export goes on under the new key.
    ok(&world, &["log", "export", &tiles]);
    let export = ["verify", "--tiles", &tiles, "--key", &old];
    run(&world, &export).fails(1, "(checkpoint-unknown-key)");
    ok(&world, &[&export[..], &["--handover", &handovers]].concat());
    // What is made for others is signed by the key that signs now.
    let dsse: Value = serde_json::from_str(&ok(&world, &["receipt", &id, "--as", "dsse"])).unwrap();
    let name = std::fs::read_to_string(&new).unwrap();
    assert!(name.starts_with(dsse["signatures"][0]["keyid"].as_str().unwrap()), "{dsse}");
    assert!(ok(&world, &["keys", "export", "--pem"]).starts_with("-----BEGIN PUBLIC KEY-----\n"));

    // A witness that was given the new key goes on where it was.
    let port = witness.port;
    witness.kill();
    let _witness = Witness::start_at(&world, "w1", port, None);
    act(&mut agent, 7);
    agent.close();
    let (code, said) = asked(&world);
    assert_eq!((code, &said["witnessed"]), (0, &said["size"]), "{said}");
    ok(&world, &["verify", "--key", &old, "--witness", &witnesses]);
}
