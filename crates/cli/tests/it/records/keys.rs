//! The signing key: replaced while boundaries run, encrypted, and killed in the middle of either.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use super::rig::{World, copy, edit, receipt};

impl World {
    /// Exports a receipt into a file.
    fn exported(&self, id: &str, name: &str) -> String {
        let file = self.ok(&["receipt", id]);
        self.file(name, file)
    }

    /// The key that signs now, in a file of its own.
    fn pinned(&self, name: &str) -> String {
        let key = self.ok(&["keys", "export"]);
        self.file(name, key)
    }

    fn keys(&self) -> Value {
        serde_json::from_str(&self.ok(&["keys", "list", "--json"])).unwrap()
    }

    /// How many edits the server has made, by its own word.
    fn effects(&self) -> usize {
        std::fs::read_to_string(self.path("effects.jsonl")).unwrap_or_default().lines().count()
    }

    /// A file whose first line is a passphrase.
    fn passphrase(&self, name: &str, text: &str) -> String {
        let file = self.file(name, format!("{text}\n"));
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        file
    }

    fn key_text(&self) -> String {
        std::fs::read_to_string(self.state().join("key")).unwrap()
    }

    fn verifies(&self, words: &[&str]) -> String {
        let said = self.verify(words, b"");
        assert_eq!(said.code, 0, "{words:?}: {said:?}");
        said.out
    }
}

#[test]
fn receipts_from_before_and_after_a_rotation_verify_and_boundaries_go_on() {
    let world = World::new();
    let (mut one, mut two) = (world.client(), world.client());
    let before = world.edited(&mut one, "a.md");
    let early = world.exported(&before, "before.json");
    let old = world.pinned("old.pub");
    assert!(world.edited(&mut two, "b.md") != before);
    let rotated = world.run(&["keys", "rotate", "--reason", "once a year"]);
    assert_eq!(rotated.code, 0, "{rotated:?}");
    let new = world.pinned("new.pub");
    assert_eq!(world.ok(&["keys", "export"]), rotated.out);
    // Both sessions are still there, and what they record now is under the new key.
    let after = world.edited(&mut one, "c.md");
    let other = world.edited(&mut two, "d.md");
    assert_eq!(world.effects(), 4);
    for (id, name) in [(&after, "after.json"), (&other, "other.json"), (&before, "again.json")] {
        let file = world.exported(id, name);
        world.verifies(&["--key", &new, "--no-follow", &file]);
        assert!(world.verifies(&["--key", &old, &file]).contains("followed  a handover"));
        world.verify(&["--key", &old, "--no-follow", &file], b"").fails(1, "checkpoint-unknown-key");
    }
    world.verifies(&["--key", &old, "--no-follow", &early]);
    for key in [&old, &new] {
        let said = world.ok(&["verify", "--key", key]);
        assert!(said.contains("verifies"), "{said}");
    }
    world.run(&["verify", "--key", &old, "--no-follow"]).fails(1, "checkpoint-unknown-key");
    let keys = world.keys();
    assert_eq!(keys["keys"][0]["ended"], "rotated");
    assert_eq!(keys["keys"][1]["until"], Value::Null);
    // All of them pinned, from the list that is published.
    let all = world.file("all.pub", world.ok(&["keys", "export", "--all"]));
    world.verifies(&["--key", &all, "--no-follow", &early, &world.path("after.json").display().to_string()]);
}

#[test]
fn a_verifier_that_knows_of_the_handover_refuses_what_the_old_key_signs_later() {
    for word in ["rotated", "compromised"] {
        let world = World::new();
        let mut client = world.client();
        world.edited(&mut client, "a.md");
        let old = world.pinned("old.pub");
        drop(client);
        // Somebody copies the folder, key included, and goes on elsewhere after the handover.
        let thief = World::new();
        copy(&world.state(), &thief.state());
        let words: &[&str] = if word == "rotated" { &[] } else { &["--compromised"] };
        world.ok(&[&["keys", "rotate", "--reason", "a laptop was lost"], words].concat());
        let new = world.pinned("new.pub");
        let handovers = world.file("handovers", world.ok(&["keys", "handovers"]));
        let forged = thief.edited(&mut thief.client(), "b.md");
        let forged = thief.exported(&forged, "forged.json");
        let code = if word == "rotated" { "checkpoint-key-ended" } else { "checkpoint-key-compromised" };
        world.verify(&["--key", &old, "--handover", &handovers, &forged], b"").fails(1, code);
        world.verify(&["--key", &new, "--handover", &handovers, &forged], b"").fails(1, code);
        world.verify(&["--key", &new, &forged], b"").fails(1, "checkpoint-unknown-key");
        // Who never heard of it cannot know: that is what a pin of the new key is for.
        world.verifies(&["--key", &old, &forged]);
        // And what the new key signs: nobody follows a compromised key to it.
        let mut client = world.client();
        let file = world.edited(&mut client, "c.md");
        let file = world.exported(&file, "after.json");
        world.verifies(&["--key", &new, &file]);
        match word {
            "rotated" => assert!(world.verifies(&["--key", &old, &file]).contains("followed")),
            _ => world.verify(&["--key", &old, &file], b"").fails(1, "checkpoint-unknown-key"),
        }
        // The thief hands over as well: two handovers of one key, and nobody can say which is right.
        thief.ok(&["keys", "rotate", "--reason", "mine"]);
        let stolen = thief.file("stolen", thief.ok(&["keys", "handovers"]));
        world
            .verify(&["--key", &new, "--handover", &handovers, "--handover", &stolen, &file], b"")
            .fails(1, "handover-conflict");
        assert!(world.ok(&["verify", "--key", &new]).contains("verifies"));
    }
}

#[test]
fn killed_at_any_step_of_a_rotation_the_state_goes_on_with_one_key() {
    for (step, replaced) in
        [("key-drawn", false), ("key-signed", false), ("key-handed-over", true), ("key-moved", true)]
    {
        let world = World::new();
        let mut client = world.client();
        world.edited(&mut client, "a.md");
        let old = world.ok(&["keys", "export"]);
        let old_file = world.file("old.pub", &old);
        let mut dying = world.lastlook(&["keys", "rotate", "--reason", "due"]);
        let status = dying.env("LASTLOOK_CRASH_AT", format!("after:{step}")).output().unwrap().status;
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9), "{step}");
        // A boundary that was there all the time goes on, before anybody has tidied up.
        let id = world.edited(&mut client, "b.md");
        let now = world.ok(&["keys", "export"]);
        assert_eq!(now != old, replaced, "{step}");
        assert_eq!(world.keys()["keys"].as_array().unwrap().len(), 1 + usize::from(replaced), "{step}");
        assert!(!world.state().join("next-key").exists(), "{step}");
        let (file, key) = (world.exported(&id, "b.json"), world.pinned("now.pub"));
        world.verifies(&["--key", &key, "--no-follow", &file]);
        world.verifies(&["--key", &old_file, &file]);
        assert!(world.ok(&["verify", "--key", &old_file]).contains("verifies"), "{step}");
        // And the next rotation is a rotation like any other.
        world.ok(&["keys", "rotate", "--reason", "due"]);
        world.edited(&mut client, "c.md");
        assert!(world.ok(&["verify", "--key", &old_file]).contains("verifies"), "{step}");
        assert_eq!(world.effects(), 3, "{step}");
    }
}

#[test]
fn an_encrypted_key_signs_only_with_its_passphrase() {
    let world = World::new();
    let id = world.edited(&mut world.client(), "a.md");
    let seed = world.key_text().lines().nth(1).unwrap().strip_prefix("seed ").unwrap().to_owned();
    let right = world.passphrase("right", "correct horse");
    let wrong = world.passphrase("wrong", "battery staple");
    world.run(&["keys", "encrypt"]).fails(2, "no terminal");
    world.ok(&["keys", "encrypt", "--new-passphrase-file", &right]);
    let text = world.key_text();
    assert!(text.contains("BEGIN ENCRYPTED PRIVATE KEY") && !text.contains(&seed), "{text}");
    let files = std::fs::read_dir(world.state()).unwrap().map(|file| file.unwrap().path());
    for file in files.filter(|path| path.is_file()) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(seed.len()).any(|part| part == seed.as_bytes()), "{}", file.display());
    }
    // What only looks needs no passphrase.
    for words in
        [&["log"][..], &["verify"], &["receipt", &id], &["keys", "list"], &["keys", "export"], &["show", &id]]
    {
        world.ok(words);
    }
    // What signs does, and says so; nothing was sent.
    let begin = |passphrase: Option<&str>| {
        let mut command = world.boundary(&[]);
        passphrase.map(|file| command.env("LASTLOOK_PASSPHRASE_FILE", file));
        command
    };
    let refused =
        |passphrase, code, says| super::rig::Said::of(begin(passphrase).output().unwrap()).fails(code, says);
    refused(None, 2, "LASTLOOK_PASSPHRASE_FILE");
    refused(Some(wrong.as_str()), 1, "does not open the signing key");
    refused(Some("/nowhere"), 2, "there is no file");
    std::fs::set_permissions(&right, std::fs::Permissions::from_mode(0o644)).unwrap();
    refused(Some(right.as_str()), 2, "by others");
    std::fs::set_permissions(&right, std::fs::Permissions::from_mode(0o600)).unwrap();
    world.run(&["keys", "decrypt"]).fails(2, "LASTLOOK_PASSPHRASE_FILE");
    world.run(&["keys", "rotate", "--reason", "due"]).fails(2, "LASTLOOK_PASSPHRASE_FILE");
    assert_eq!(world.effects(), 1);
    // With it everything goes on, through a rotation too; the new key is under the same passphrase.
    let mut client = world.client_of(begin(Some(&right)));
    world.edited(&mut client, "b.md");
    let with = |words: &[&str], file: &str| {
        let mut command = world.lastlook(words);
        super::rig::Said::of(command.env("LASTLOOK_PASSPHRASE_FILE", file).output().unwrap())
    };
    with(&["keys", "rotate", "--reason", "due"], &wrong).fails(1, "does not open");
    let rotated = with(&["keys", "rotate", "--reason", "due"], &right);
    assert_eq!(rotated.code, 0, "{rotated:?}");
    assert!(world.key_text().contains("BEGIN ENCRYPTED") && world.key_text().contains(rotated.out.trim()));
    world.edited(&mut client, "c.md");
    // A boundary that cannot have the next key any more stops acting, and its agent is told.
    assert_eq!(with(&["keys", "rotate", "--reason", "due"], &right).code, 0);
    std::fs::rename(&right, world.path("away")).unwrap();
    world.put("d.md", "a line\nold\n");
    client.call("read_note", json!({"path": "d.md"}));
    let answer = client.call("edit_note", edit("d.md", "old", "new"));
    assert_eq!(answer["isError"], true, "{answer}");
    let said = answer.to_string();
    assert!(said.contains("store-unavailable"), "{answer}");
    assert!(said.contains("An operator must look at the signing key"), "{answer}");
    // Its operator reads which key it is, what is wrong, and the way out.
    let complaint = client.complaints();
    let complaint = complaint
        .lines()
        .find(|line| line.contains("signing-failed"))
        .unwrap_or_else(|| panic!("{complaint}"));
    for part in [
        world.state().join("key").to_str().unwrap(),
        "there is no file",
        "hint: ",
        "LASTLOOK_PASSPHRASE_FILE",
    ] {
        assert!(complaint.contains(part), "{part}: {complaint}");
    }
    assert_eq!(world.effects(), 3);
    // Until the passphrase is there again.
    std::fs::rename(world.path("away"), &right).unwrap();
    receipt(&client.call("edit_note", edit("d.md", "old", "new")));
    assert_eq!(world.effects(), 4);
    assert_eq!(with(&["keys", "decrypt"], &right).code, 0);
    assert!(world.key_text().contains("\nseed "));
    world.edited(&mut world.client(), "e.md");
    assert!(world.ok(&["verify"]).contains("verifies"));
}

#[test]
fn killed_while_a_key_is_encrypted_there_is_one_key_that_opens() {
    for (step, encrypted) in [("key-opened", false), ("key-written", true)] {
        let world = World::new();
        world.edited(&mut world.client(), "a.md");
        let passphrase = world.passphrase("passphrase", "correct horse");
        let mut dying = world.lastlook(&["keys", "encrypt", "--new-passphrase-file", &passphrase]);
        let status = dying.env("LASTLOOK_CRASH_AT", format!("after:{step}")).output().unwrap().status;
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9), "{step}");
        assert_eq!(world.keys()["encrypted"], encrypted, "{step}");
        assert!(!world.state().join("key.new").exists(), "{step}");
        let mut command = world.boundary(&[]);
        command.env("LASTLOOK_PASSPHRASE_FILE", &passphrase);
        world.edited(&mut world.client_of(command), "b.md");
        assert!(world.ok(&["verify"]).contains("verifies"));
    }
}
