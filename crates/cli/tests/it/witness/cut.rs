//! Records that were cut short, brought back from a copy, or made twice.

use serde_json::json;

use super::rig::{Witness, act, asked, key, ok, put, receipt_with, run, world};
use crate::records::rig::copy;

/// The whole state is brought back as it was: all that is in it verifies, and only somebody else can tell.
#[test]
fn a_record_that_was_cut_short_is_known_to_its_witness() {
    let mut world = world();
    // Nobody but the witness is to know.
    world.set("LASTLOOK_HEADS", "");
    let witness = Witness::start(&world, "w1");
    world.configure(&witness.section("kim"));
    let mut agent = world.agent();
    act(&mut agent, 6);
    agent.close();
    assert_eq!(asked(&world).0, 0);
    let back = world.at("back-up");
    copy(&world.at("state"), &back);
    let mut agent = world.agent();
    let id = act(&mut agent, 7);
    let later = put(&world, "later.json", &receipt_with(&world, &id, 1));
    agent.close();
    let key = key(&world);
    let witnessed = ["verify", "--key", &key, "--witness", &witness.key, "--older", &later];
    ok(&world, &witnessed);
    std::fs::remove_dir_all(world.at("state")).unwrap();
    copy(&back, &world.at("state"));
    // By itself it is a sound record, and an honest verifier says what it cannot know.
    let alone = ok(&world, &["verify", "--key", &key]);
    assert!(
        alone.replace("\n            ", " ").contains("without a witness, truncation is not detectable"),
        "{alone}"
    );
    run(&world, &witnessed).fails(1, "(log-cut-short)");
    let (code, said) = asked(&world);
    let stands = &said["witnesses"][0];
    assert_eq!((code, &stands["stands"]), (1, &json!("contradicts")), "{said}");
    assert!(stands["why"].as_str().unwrap().contains("was cut short"), "{said}");
    let doctor = run(&world, &["doctor"]);
    assert!(doctor.code == 1 && doctor.out.contains("contradicts"), "{doctor:?}");
    // It goes on, and hides the loss behind as many entries: the witness still knows.
    let mut agent = world.agent();
    for n in 8..12 {
        act(&mut agent, n);
    }
    agent.close();
    let (code, said) = asked(&world);
    assert_eq!((code, &said["witnesses"][0]["stands"]), (1, &json!("contradicts")), "{said}");
    run(&world, &witnessed).fails(1, "(log-replaced)");
    run(&world, &["log", "consistency", &later]).fails(1, "(log-replaced)");
    world.verifies();
}

/// Two logs under one origin, each signed by the one key: the witness signs one of them.
#[test]
fn of_two_logs_with_one_name_only_one_is_witnessed() {
    let mut world = world();
    // Nobody but the witness is to know.
    world.set("LASTLOOK_HEADS", "");
    let witness = Witness::start(&world, "w1");
    world.configure(&witness.section("kim"));
    let fork = world.at("fork");
    copy(&world.at("state"), &fork);
    let mut agent = world.agent();
    let shown = act(&mut agent, 6);
    let shown = put(&world, "shown.json", &receipt_with(&world, &shown, 1));
    agent.close();
    // The other view, made by whoever holds the key.
    let real = world.at("real");
    std::fs::rename(world.at("state"), &real).unwrap();
    std::fs::rename(&fork, world.at("state")).unwrap();
    let mut agent = world.agent();
    let hidden = act(&mut agent, 7);
    act(&mut agent, 8);
    agent.close();
    let file = put(&world, "hidden.json", &ok(&world, &["receipt", &hidden]));
    let key = key(&world);
    let verify = |file: &str, more: &[&str]| run(&world, &[&["verify", file, "--key", &key], more].concat());
    // Without a witness both are as good as each other.
    assert_eq!((verify(&file, &[]).code, verify(&shown, &[]).code), (0, 0));
    assert_eq!(verify(&shown, &["--witness", &witness.key]).code, 0);
    verify(&file, &["--witness", &witness.key]).fails(1, "(checkpoint-not-witnessed)");
    let (code, said) = asked(&world);
    assert_eq!((code, &said["witnesses"][0]["stands"]), (1, &json!("contradicts")), "{said}");
    // A cosignature of the one does not fit the other.
    let line = |file: &str| {
        let receipt: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        receipt["checkpoint"].as_str().unwrap().to_owned()
    };
    let cosignature = line(&shown).lines().last().unwrap().to_owned() + "\n";
    let mut receipt: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    receipt["checkpoint"] = json!(format!("{}{cosignature}", line(&file)));
    let grafted = put(&world, "grafted.json", &receipt.to_string());
    verify(&grafted, &["--witness", &witness.key]).fails(1, "(checkpoint-bad-cosignature)");
}
