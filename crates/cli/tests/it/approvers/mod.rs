//! `lastlook approvers`, with the real program: who can become an approver, and who cannot.

mod rig;
mod terminal;

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use rig::{Rig, SECRET};

#[test]
fn approvers_are_added_listed_and_removed() {
    let rig = Rig::new();
    let said = rig.ok(&["list"]);
    assert!(said.contains("nobody is an approver"), "{said}");

    let said = rig.add("ada", &["--group", "Role::\"finance\"", "--group", "Role::\"ops\""]);
    assert!(said.code == 0 && said.out.contains("trusted on first use"), "{said:?}");
    let said = rig.add_by("bob", "ada", &["--group", "Role::\"finance\""]);
    assert!(said.code == 0 && said.out.contains("bob is an approver now, introduced by ada"), "{said:?}");

    let listed = rig.listed();
    let names: Vec<_> = listed.iter().map(|it| (&it["name"], &it["by"], &it["removed"])).collect();
    assert_eq!(
        names,
        [(&json!("ada"), &Value::Null, &Value::Null), (&json!("bob"), &json!("ada"), &Value::Null)]
    );
    assert_eq!(listed[0]["groups"], json!(["Role::\"finance\"", "Role::\"ops\""]));
    assert_ne!(listed[0]["key"], listed[1]["key"]);

    let said =
        rig.run(&["remove", "bob", "--by", "ada", "--reason", "left", "--by-passphrase-file", &rig.secret()]);
    assert!(said.code == 0 && said.out.contains("bob is not an approver any more"), "{said:?}");
    let removed = &rig.listed()[1]["removed"];
    assert_eq!((&removed["by"], &removed["reason"]), (&json!("ada"), &json!("left")));
    rig.add_by("bob", "ada", &[]).fails(1, "a name is never used twice");
    rig.add_by("carol", "bob", &[]).fails(1, "`bob` is not an approver");
    let text = rig.ok(&["list"]);
    assert!(text.contains("  removed ") && text.contains("by ada: left"), "{text}");

    // Each change is on record, in signed entries, and the whole record still verifies.
    let log = rig.world.log(&[]);
    let told: Vec<_> = log.iter().map(|line| (&line["kind"], line["outcome"].as_str().unwrap())).collect();
    let kind = json!("operator");
    assert_eq!(told, [(&kind, "approver-added"), (&kind, "approver-added"), (&kind, "approver-removed")]);
    let id = log[1]["receipt"].as_str().unwrap();
    assert!(id.starts_with("approver-"), "{id}");
    let shown: Value = serde_json::from_str(&rig.world.ok(&["show", id, "--json"])).unwrap();
    let approver = &shown["operator"]["approver"];
    assert_eq!((&approver["name"], &approver["by"]), (&json!("bob"), &json!("ada")));
    assert_eq!(approver["fingerprint"], listed[1]["fingerprint"]);
    assert!(rig.world.ok(&["show", id]).contains(listed[1]["fingerprint"].as_str().unwrap()));
    let state = rig.world.state().display().to_string();
    assert_eq!(rig.world.verify(&["--state", &state], b"").code, 0);
}

#[test]
fn only_the_first_is_trusted_without_anybodys_word() {
    let rig = Rig::new();
    rig.add_by("ada", "eve", &[]).fails(1, "`eve` is not an approver");
    assert!(!rig.key("ada").exists());
    assert_eq!(rig.add("ada", &[]).code, 0);
    let said = rig.add("eve", &[]);
    said.fails(1, "must be introduced by one of them");
    assert!(said.err.contains("--by NAME"), "{said:?}");
    rig.add_by("eve", "eve", &[]).fails(1, "`eve` is not an approver");
    assert!(!rig.key("eve").exists(), "nothing was made in vain");
    let ada_alone = ["remove", "ada", "--by", "ada", "--reason", "x", "--by-passphrase-file", &rig.secret()];
    rig.run(&ada_alone).fails(1, "the only approver");
    assert_eq!(rig.listed().len(), 1);
}

#[test]
fn of_several_who_would_be_first_one_is() {
    let rig = Rig::new();
    let names = ["ada", "bob", "carol", "eve"];
    let said: Vec<_> = std::thread::scope(|scope| {
        let tries = names.map(|name| scope.spawn(|| rig.add(name, &[])));
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let codes: Vec<_> = said.iter().map(|said| said.code).collect();
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{said:?}");
    let listed = rig.listed();
    assert_eq!(listed.len(), 1);
    // Whoever was not has no key either, that would be taken for one on record.
    let keys: Vec<_> = names.into_iter().filter(|name| rig.key(name).exists()).collect();
    assert_eq!(keys, [listed[0]["name"].as_str().unwrap()]);
}

/// An agent with a shell under the operator's own user id: it can read every file, and start every command.
#[test]
fn whoever_has_the_key_file_and_not_the_passphrase_can_do_nothing() {
    let rig = Rig::new();
    rig.add("ada", &[]);
    rig.add_by("bob", "ada", &[]);
    // The file has no key in the clear: no 32 bytes of it are one that the public key belongs to.
    let guesses = [
        rig.file("guess", "correct horse battery stapl"),
        rig.file("empty", ""),
        rig.file("short", "1234567"),
    ];
    let words = |guess: &str| {
        let add = rig.run(&[
            "add",
            "eve",
            "--by",
            "ada",
            "--by-passphrase-file",
            guess,
            "--passphrase-file",
            &rig.secret(),
        ]);
        let remove =
            rig.run(&["remove", "bob", "--by", "ada", "--reason", "x", "--by-passphrase-file", guess]);
        [add, remove]
    };
    for (guess, code, says) in
        [(&guesses[0], 1, "does not open"), (&guesses[1], 2, "is empty"), (&guesses[2], 2, "fewer than 8")]
    {
        words(guess).iter().for_each(|said| said.fails(code, says));
    }
    // A key of its own, said to be Ada's; or put in the place of hers.
    let forged = rig.world.path("forged.pem").display().to_string();
    let elsewhere = rig.world.path("elsewhere").display().to_string();
    let mut make =
        rig.world.bare(&["approvers", "add", "ada", "--key", &forged, "--passphrase-file", &rig.secret()]);
    assert_eq!(rig::said(make.args(["--state", &elsewhere])).code, 0);
    let by_forged = |given: &[&str]| {
        let words = ["remove", "bob", "--by", "ada", "--reason", "x", "--by-passphrase-file", &rig.secret()];
        rig.run(&[&words, given].concat())
    };
    by_forged(&["--by-key", &forged]).fails(1, "is not the key of `ada`");
    std::fs::copy(&forged, rig.key("ada")).unwrap();
    let said = by_forged(&[]);
    said.fails(1, "is not the key of `ada`");
    assert!(said.err.contains("its fingerprint is"), "{said:?}");
    assert_eq!(rig.listed().len(), 2);
    assert!(rig.listed().iter().all(|it| it["removed"].is_null()));
    // Without a terminal nobody is asked, and neither environment nor standard input is listened to.
    let mut silent = rig.world.lastlook(&["approvers", "remove", "bob", "--by", "bob", "--reason", "x"]);
    silent.env("LASTLOOK_PASSPHRASE", SECRET);
    rig.without_terminal(&silent, SECRET.as_bytes()).fails(2, "no terminal to ask");
}

#[test]
fn files_that_others_can_read_are_refused() {
    let rig = Rig::new();
    rig.add("ada", &[]);
    let set =
        |path: &str, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    let secret = rig.secret();
    set(&secret, 0o644);
    rig.add_by("bob", "ada", &[]).fails(2, "can be read or written by others (mode 644)");
    set(&secret, 0o600);
    let key = rig.key("ada").display().to_string();
    set(&key, 0o640);
    let said = rig.add_by("bob", "ada", &[]);
    said.fails(2, "can be read or written by others (mode 640)");
    assert!(said.err.contains("chmod 600"), "{said:?}");
    set(&key, 0o600);
    assert_eq!(rig.add_by("bob", "ada", &[]).code, 0);
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&rig.key("bob")), mode(rig.key("bob").parent().unwrap())), (0o600, 0o700));
}

#[test]
fn an_altered_record_of_approvers_is_trusted_in_nothing() {
    let cases = [
        // Another key, other groups, another name in Bob's place; a forged removal; one taken back; rows taken out.
        (
            "UPDATE approvers SET detail = CAST(replace(CAST(detail AS TEXT), 'finance', 'anybody') AS BLOB) WHERE name = 'bob'",
            "was altered",
        ),
        (
            "UPDATE approvers SET detail = (SELECT detail FROM approvers WHERE name = 'ada') WHERE name = 'bob'",
            "is another's",
        ),
        ("UPDATE approvers SET name = 'eve' WHERE name = 'bob'", "is another's"),
        ("UPDATE approvers SET removed_ns = 1 WHERE name = 'bob'", "nobody signed their removal"),
        ("UPDATE approvers SET removed_ns = NULL WHERE name = 'carol'", "does not say so"),
        ("DELETE FROM approvers WHERE name = 'bob'", "as many as"),
        (
            "DELETE FROM marks WHERE name = 'approver-removal/carol'; UPDATE approvers SET removed_ns = NULL WHERE name = 'carol'",
            "as many as",
        ),
    ];
    let rig = Rig::new();
    rig.add("ada", &[]);
    rig.add_by("bob", "ada", &["--group", "Role::\"finance\""]);
    rig.add_by("carol", "ada", &[]);
    let gone = ["remove", "carol", "--by", "ada", "--reason", "x", "--by-passphrase-file", &rig.secret()];
    assert_eq!(rig.run(&gone).code, 0);
    let database = std::fs::read(rig.world.state().join("lastlook.db")).unwrap();
    for (sql, says) in cases {
        rig.world.tamper(&format!("{sql}; PRAGMA wal_checkpoint(TRUNCATE);"));
        rig.run(&["list"]).fails(1, says);
        rig.add_by("dan", "ada", &[]).fails(1, says);
        for rest in ["lastlook.db-wal", "lastlook.db-shm"] {
            let _ = std::fs::remove_file(rig.world.state().join(rest));
        }
        std::fs::write(rig.world.state().join("lastlook.db"), &database).unwrap();
        assert_eq!(rig.listed().len(), 3, "{sql}");
    }
}

#[test]
fn names_and_groups_are_checked_before_anybody_is_asked() {
    let rig = Rig::new();
    for name in ["", "a b", "../ada", "a/b", &"a".repeat(65), "é"] {
        rig.run(&["add", name]).fails(2, "cannot be an approver's name");
    }
    for group in ["finance", "Role::finance", "User::\"ada\"", ""] {
        rig.run(&["add", "ada", "--group", group]).fails(2, "is no group");
    }
    rig.run(&["remove", "ada", "--by", "ada"]).fails(2, "--reason");
    rig.run(&["remove", "ada", "--reason", "x"]).fails(2, "--by");
    assert!(!rig.world.path("home").exists());
}

#[test]
fn a_key_that_is_there_is_used_in_another_state_too() {
    let rig = Rig::new();
    rig.add("ada", &[]);
    let key = rig.listed()[0]["key"].clone();
    let other = rig.world.path("other").display().to_string();
    let again = |secret: &str| {
        let mut command = rig.world.bare(&["approvers", "add", "ada", "--json", "--passphrase-file", secret]);
        rig::said(command.args(["--state", &other]))
    };
    again(&rig.file("wrong", "another passphrase")).fails(1, "does not open");
    let said = again(&rig.secret());
    let told: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &told["key"], &told["first"]), (0, &key, &json!(true)));
    // In one state, a key is one person's.
    let path = rig.key("ada").display().to_string();
    rig.add_by("twin", "ada", &["--key", &path]).fails(1, "the key of approver `ada`");
    assert!(rig.key("ada").exists(), "a key that was there stays");
}
