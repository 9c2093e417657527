//! Vectors of who is an approver, by introductions and removals, and of entities.

use super::{each, expect, read, text};
use lastlook_ledger::approval::{
    ApprovalError, Entity, Introduction, Registry, Removal, SignedIntroduction, SignedRemoval, same_principal,
};
use serde_json::{Value, json};

use super::approvals::key;

pub const STATE: &str = "lastlook/3f9a2c";
pub const ADA: u8 = 1;
pub const BOB: u8 = 2;
pub const CAROL: u8 = 3;
pub const EVE: u8 = 9;

/// A time so many seconds after half past nine, and so many nanoseconds.
pub fn time(second: u8, ns: u32) -> String {
    format!("2026-01-31T09:30:{second:02}.{ns:09}Z")
}

pub fn introduction(name: &str, own: u8, by: &str, time: String) -> Introduction {
    Introduction {
        name: name.to_owned(),
        key: key(own).public(),
        groups: vec![format!("Role::\"{name}s\"")],
        by: by.to_owned(),
        state: STATE.to_owned(),
        time,
    }
}

pub fn signed(introduction: Introduction, signer: u8) -> String {
    String::from_utf8(introduction.sign(&key(signer)).unwrap().to_bytes()).unwrap()
}

pub fn removal(name: &str, by: &str, time: String, signer: u8) -> String {
    removed_in(STATE, name, by, time, signer)
}

fn removed_in(state: &str, name: &str, by: &str, time: String, signer: u8) -> String {
    let (name, by, state) = (name.to_owned(), by.to_owned(), state.to_owned());
    let removal = Removal { name, reason: "left".to_owned(), by, state, time };
    String::from_utf8(removal.sign(&key(signer)).unwrap().to_bytes()).unwrap()
}

/// The first approver.
pub fn ada() -> String {
    signed(introduction("ada", ADA, "ada", time(0, 0)), ADA)
}

/// Whom she introduced.
pub fn bob() -> String {
    signed(introduction("bob", BOB, "ada", time(10, 0)), ADA)
}

/// Whom he introduced.
fn carol(at: String) -> String {
    signed(introduction("carol", CAROL, "bob", at), BOB)
}

fn book(name: &str, introductions: &[String], removals: &[String]) -> Value {
    json!({ "name": name, "state": STATE, "introductions": introductions, "removals": removals })
}

/// The registry of a vector; else the code of the first check that fails.
pub fn registry(vector: &Value) -> Result<Registry, &'static str> {
    let stored = |name: &str| -> Vec<Vec<u8>> {
        let texts = vector[name].as_array().unwrap().iter();
        texts.map(|text| text.as_str().unwrap().as_bytes().to_vec()).collect()
    };
    let code = |error: ApprovalError| error.code();
    let introductions: Result<Vec<_>, _> =
        stored("introductions").iter().map(|bytes| SignedIntroduction::from_bytes(bytes)).collect();
    let introductions = introductions.map_err(code)?;
    let removals: Result<Vec<_>, _> =
        stored("removals").iter().map(|bytes| SignedRemoval::from_bytes(bytes)).collect();
    let removals = removals.map_err(code)?;
    Registry::of(&introductions, &removals, Some(text(vector, "state"))).map_err(|fault| fault.code())
}

fn found(vector: &Value) -> Result<Value, &'static str> {
    let registry = registry(vector)?;
    let names = |names: Vec<&str>| json!(names);
    Ok(json!({
        "approvers": names(registry.active().map(|it| it.name.as_str()).collect()),
        "known": names(registry.all().map(|it| it.name.as_str()).collect()),
    }))
}

pub fn approvers() -> Value {
    let good = good().into_iter().map(|(name, introductions, removals)| {
        let mut vector = book(name, &introductions, &removals);
        let found = found(&vector).unwrap_or_else(|code| panic!("{name}: {code}"));
        vector.as_object_mut().unwrap().extend(found.as_object().unwrap().clone());
        vector
    });
    let malformed = malformed().into_iter().map(|(code, name, introductions, removals)| {
        let mut vector = book(name, &introductions, &removals);
        vector["code"] = json!(code);
        vector
    });
    json!({
        "good": good.collect::<Vec<_>>(), "malformed": malformed.collect::<Vec<_>>(),
        "entities": entities(), "principals": principals(),
    })
}

type Case = (&'static str, Vec<String>, Vec<String>);

fn good() -> Vec<Case> {
    let groups = |groups: &[&str]| {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        vec![signed(Introduction { groups, ..introduction("ada", ADA, "ada", time(0, 0)) }, ADA)]
    };
    let beside = |name: &str, own| signed(introduction(name, own, "ada", time(10, 0)), ADA);
    vec![
        ("nobody", vec![], vec![]),
        ("the first alone", vec![ada()], vec![]),
        ("one whom the first introduced", vec![ada(), bob()], vec![]),
        ("the first stands last", vec![carol(time(20, 0)), bob(), ada()], vec![]),
        ("introduced a nanosecond after whoever signs", vec![ada(), bob(), carol(time(10, 1))], vec![]),
        ("two at one instant", vec![ada(), beside("bob", BOB), beside("dan", 4)], vec![]),
        ("removed by the first", vec![ada(), bob()], vec![removal("bob", "ada", time(30, 0), ADA)]),
        ("the first is removed", vec![ada(), bob()], vec![removal("ada", "bob", time(30, 0), BOB)]),
        ("their own removal", vec![ada(), bob()], vec![removal("bob", "bob", time(30, 0), BOB)]),
        (
            "their own removal a nanosecond after they began",
            vec![ada(), bob()],
            vec![removal("bob", "bob", time(10, 1), BOB)],
        ),
        ("the only one removes herself", vec![ada()], vec![removal("ada", "ada", time(30, 0), ADA)]),
        (
            "introduced a nanosecond before whoever signs is removed",
            vec![ada(), bob(), carol(time(29, 999_999_999))],
            vec![removal("bob", "ada", time(30, 0), ADA)],
        ),
        (
            "removed a nanosecond before whoever signs is removed",
            vec![ada(), bob(), carol(time(20, 0))],
            vec![
                removal("carol", "bob", time(29, 999_999_999), BOB),
                removal("bob", "ada", time(30, 0), ADA),
            ],
        ),
        (
            "all are removed, the last by herself",
            vec![ada(), bob()],
            vec![removal("ada", "ada", time(31, 0), ADA), removal("bob", "ada", time(30, 0), ADA)],
        ),
        ("no group", groups(&[]), vec![]),
        (
            "groups in other spellings",
            groups(&[
                "Role :: \"fin\\u{61}nce\"",
                "Corp::User::\"ada\"",
                "user::\"x\"",
                " // all\n A::\"\" ",
            ]),
            vec![],
        ),
        ("one group spelt in two ways", groups(&["Role::\"a\"", "Role::\"\\u{61}\""]), vec![]),
    ]
}

fn malformed() -> Vec<(&'static str, &'static str, Vec<String>, Vec<String>)> {
    let mut cases = vec![];
    cases.extend(names_states_firsts());
    cases.extend(groups_keys_removals());
    cases.extend(signers());
    cases
}

fn names_states_firsts() -> Vec<(&'static str, &'static str, Vec<String>, Vec<String>)> {
    let gone = || removal("bob", "ada", time(15, 0), ADA);
    let again = || signed(introduction("bob", 7, "ada", time(20, 0)), ADA);
    let elsewhere = |name: &str, own, by: &str, second, signer| {
        let other = introduction(name, own, by, time(second, 0));
        signed(Introduction { state: "lastlook/other".to_owned(), ..other }, signer)
    };
    let circle = |name: &str, own, by: &str, signer| signed(introduction(name, own, by, time(20, 0)), signer);
    let eve = || signed(introduction("eve", EVE, "eve", time(0, 0)), EVE);
    vec![
        ("approvers-name", "the same introduction twice", vec![ada(), bob(), bob()], vec![]),
        ("approvers-name", "a name used again with another key", vec![ada(), bob(), again()], vec![]),
        ("approvers-name", "a name used again after its removal", vec![ada(), bob(), again()], vec![gone()]),
        ("approvers-state", "all of another state", vec![elsewhere("ada", ADA, "ada", 0, ADA)], vec![]),
        (
            "approvers-state",
            "one of another state",
            vec![ada(), elsewhere("bob", BOB, "ada", 10, ADA)],
            vec![],
        ),
        (
            "approvers-state",
            "a removal of another state",
            vec![ada(), bob()],
            vec![removed_in("lastlook/other", "bob", "ada", time(30, 0), ADA)],
        ),
        ("approvers-first", "nobody is the first", vec![bob()], vec![]),
        ("approvers-first", "two are the first", vec![ada(), eve()], vec![]),
        ("approvers-first", "a removal and nobody", vec![], vec![gone()]),
        (
            "approvers-first",
            "two who introduced each other",
            vec![circle("x", 5, "y", 6), circle("y", 6, "x", 5)],
            vec![],
        ),
        (
            "approvers-name",
            "a name twice, and two first ones: the name is looked at first",
            vec![ada(), ada(), eve()],
            vec![],
        ),
        (
            "approvers-state",
            "another state, and nobody is the first: the state is looked at first",
            vec![elsewhere("bob", BOB, "ada", 10, ADA)],
            vec![],
        ),
        ("approval-format", "a removal among the introductions", vec![ada(), gone()], vec![]),
        ("approval-format", "an introduction among the removals", vec![ada()], vec![bob()]),
        ("approval-json", "an introduction that is cut off", vec![ada(), "{".to_owned()], vec![]),
        (
            "approval-not-canonical",
            "an introduction with white space",
            vec![ada(), bob().replacen(',', ", ", 1)],
            vec![],
        ),
        (
            "approval-member",
            "an introduction is read before a removal, whatever is wrong",
            vec![bob().replacen("\"by\":\"ada\"", "\"by\":\".\"", 1)],
            vec!["{".to_owned()],
        ),
    ]
}

fn groups_keys_removals() -> Vec<(&'static str, &'static str, Vec<String>, Vec<String>)> {
    let in_group = |group: &str| {
        let groups = vec!["Role::\"ok\"".to_owned(), group.to_owned()];
        vec![ada(), signed(Introduction { groups, ..introduction("bob", BOB, "ada", time(10, 0)) }, ADA)]
    };
    let same_key = || vec![ada(), bob(), signed(introduction("dan", BOB, "ada", time(20, 0)), ADA)];
    let gone = |second| removal("bob", "ada", time(second, 0), ADA);
    let mut cases = vec![
        ("approvers-key", "two with one key", same_key(), vec![]),
        ("approvers-key", "the key of whoever was removed", same_key(), vec![gone(15)]),
        (
            "approvers-key",
            "the key of the first",
            vec![ada(), signed(introduction("dan", ADA, "ada", time(20, 0)), ADA)],
            vec![],
        ),
        ("approvers-removal", "a removal of somebody unknown", vec![ada()], vec![gone(20)]),
        ("approvers-removal", "two removals of one", vec![ada(), bob()], vec![gone(20), gone(21)]),
        ("approvers-removal", "the same removal twice", vec![ada(), bob()], vec![gone(20), gone(20)]),
    ];
    let groups = [
        ("a user as a group", "User::\"ada\""),
        ("a user in another spelling", "User /**/ ::\"ada\""),
        ("a user with white space", " User\n::\t\"\\x61da\" "),
        ("a group that is plain text", "finance"),
        ("a group of no type", "::\"finance\""),
        ("a group of a reserved type", "Role::in::\"finance\""),
        ("a group without quotes", "Role::finance"),
        ("a group whose escape is none", "Role::\"\\q\""),
        ("a group with something after it", "Role::\"finance\" x"),
    ];
    cases.extend(groups.map(|(name, group)| ("approvers-group", name, in_group(group), vec![])));
    cases
}

fn signers() -> Vec<(&'static str, &'static str, Vec<String>, Vec<String>)> {
    let no = "approvers-by";
    let bad = "approval-signature";
    let gone = |name: &str, by: &str, second, signer| removal(name, by, time(second, 0), signer);
    let eve = |by: &str, at, signer| signed(introduction("eve", EVE, by, at), signer);
    let circle = |name: &str, own, by: &str, signer| signed(introduction(name, own, by, time(20, 0)), signer);
    let altered = |from: &str, to: &str| {
        assert!(bob().contains(from), "{from}");
        vec![ada(), bob().replacen(from, to, 1)]
    };
    let end = gone("bob", "ada", 30, ADA).replacen("left", "lost", 1);
    vec![
        (no, "introduced by somebody unknown", vec![ada(), eve("dan", time(20, 0), EVE)], vec![]),
        (no, "introduced at the instant of whoever signs", vec![ada(), bob(), carol(time(10, 0))], vec![]),
        (no, "introduced before whoever signs", vec![ada(), bob(), carol(time(9, 999_999_999))], vec![]),
        (
            no,
            "introduced at the instant at which whoever signs is removed",
            vec![ada(), bob(), carol(time(20, 0))],
            vec![gone("bob", "ada", 20, ADA)],
        ),
        (
            no,
            "introduced by one who was removed",
            vec![ada(), bob(), carol(time(20, 1))],
            vec![gone("bob", "ada", 20, ADA)],
        ),
        (
            no,
            "introduced by one who had removed himself",
            vec![ada(), bob(), carol(time(20, 1))],
            vec![gone("bob", "bob", 20, BOB)],
        ),
        (
            no,
            "introduced by himself at the instant of his own removal",
            vec![ada(), bob(), carol(time(20, 0))],
            vec![gone("bob", "bob", 20, BOB)],
        ),
        (
            no,
            "two who introduced each other, beside the first",
            vec![ada(), circle("x", 5, "y", 6), circle("y", 6, "x", 5)],
            vec![],
        ),
        (no, "removed by somebody unknown", vec![ada(), bob()], vec![gone("bob", "eve", 20, EVE)]),
        (
            no,
            "removed as they are introduced, by themselves",
            vec![ada(), bob()],
            vec![gone("bob", "bob", 10, BOB)],
        ),
        (
            no,
            "removed before they are introduced, by themselves",
            vec![ada(), bob()],
            vec![gone("bob", "bob", 9, BOB)],
        ),
        (no, "removed by one who was none yet", vec![ada(), bob()], vec![gone("ada", "bob", 10, BOB)]),
        (
            no,
            "two who removed each other at one instant",
            vec![ada(), bob()],
            vec![gone("ada", "bob", 20, BOB), gone("bob", "ada", 20, ADA)],
        ),
        (
            no,
            "removed by one who is removed at that instant",
            vec![ada(), bob(), carol(time(15, 0))],
            vec![gone("carol", "bob", 20, BOB), gone("bob", "ada", 20, ADA)],
        ),
        (
            bad,
            "the first, signed by another",
            vec![signed(introduction("ada", ADA, "ada", time(0, 0)), EVE)],
            vec![],
        ),
        (bad, "signed by nobody's key", vec![ada(), eve("ada", time(20, 0), 77)], vec![]),
        (bad, "signed by the newcomer", vec![ada(), eve("ada", time(20, 0), EVE)], vec![]),
        (bad, "signed by another approver", vec![ada(), bob(), eve("ada", time(20, 0), BOB)], vec![]),
        (bad, "other groups than were signed", altered("bobs", "adas"), vec![]),
        (bad, "another time than was signed", altered("09:30:10", "09:30:11"), vec![]),
        (bad, "another name than was signed", altered("\"name\":\"bob\"", "\"name\":\"bab\""), vec![]),
        (
            bad,
            "another key than was signed",
            altered(&key(BOB).public().to_string(), &key(EVE).public().to_string()),
            vec![],
        ),
        (bad, "a removal by another key", vec![ada(), bob()], vec![gone("bob", "ada", 20, EVE)]),
        (bad, "a removal by another approver's key", vec![ada(), bob()], vec![gone("bob", "ada", 20, BOB)]),
        (bad, "another reason than was signed", vec![ada(), bob()], vec![end]),
        (
            no,
            "no approver then, and not theirs: the time is looked at first",
            vec![ada(), bob(), signed(introduction("carol", CAROL, "bob", time(10, 0)), EVE)],
            vec![],
        ),
    ]
}

fn entities() -> Vec<Value> {
    let texts = [
        "User::\"ada\"",
        "A::B::C::\"\"",
        "_::\"x\"",
        "_a9::\"x\"",
        "User::\"\\u{61}d\\x61\"",
        "User::\"\\n\\r\\t\\0\\\\\\'\\\"\"",
        "User::\"\\u{1F_4_4B_}\"",
        "User::\"\\u{10FFFF}\\u{000061}\\x7F\\x7f\"",
        "User::\"it's\"",
        "User::\"line\nbreak\ttab\u{1F44B}\u{0}\"",
        " User :: \"a\" ",
        "\u{9}\u{b}\u{c}\u{85}\u{a0}\u{1680}\u{2000}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}User::\"a\"",
        "// one\nUser// two\r::// three\r\n\"a\"// four",
        "User::\"// no comment\"",
        "principal::action::when::\"x\"",
        "True::iff::\"x\"",
        // None of these is one.
        "",
        "ada",
        "\"ada\"",
        "::\"ada\"",
        "User::",
        "User::ada",
        "User:\"ada\"",
        "User: :\"ada\"",
        "User:::\"ada\"",
        "User::::\"ada\"",
        "User\"ada\"",
        "User::\"ada",
        "User::\"ada\\\"",
        "User::\"ada\"\"",
        "User::\"ada\" x",
        "User::\"ada\";",
        "User::'ada'",
        "User::\"a\rb\"",
        "User::\"\\\n\"",
        "User::\"\\x80\"",
        "User::\"\\x6\"",
        "User::\"\\x+1\"",
        "User::\"\\q\"",
        "User::\"\\*\"",
        "User::\"\\N\"",
        "User::\"\\u61\"",
        "User::\"\\u{}\"",
        "User::\"\\u{_61}\"",
        "User::\"\\u{0000061}\"",
        "User::\"\\u{110000}\"",
        "User::\"\\u{D800}\"",
        "User::\"\\u{61\"",
        "User::\"\\u{6g}\"",
        "9a::\"x\"",
        "\u{e9}::\"x\"",
        "A-B::\"x\"",
        "A.B::\"x\"",
        "true::\"x\"",
        "A::false::\"x\"",
        "if::A::\"x\"",
        "then::\"x\"",
        "else::\"x\"",
        "in::\"x\"",
        "is::\"x\"",
        "has::\"x\"",
        "like::\"x\"",
        "__cedar::\"x\"",
        "A::__cedar::B::\"x\"",
        "User::{id: \"x\"}",
        "/* a */User::\"x\"",
        "/ User::\"x\"",
        "\u{feff}User::\"x\"",
        "\u{200b}User::\"x\"",
        "\u{1c}User::\"x\"",
        "User\u{1f}::\"x\"",
        "?principal::\"x\"",
    ];
    let entity = |text: &str| Entity::parse(text).map(|it| json!({ "type": it.kind, "id": it.id }));
    texts.iter().map(|text| json!({ "name": text, "text": text, "entity": entity(text) })).collect()
}

fn principals() -> Vec<Value> {
    let pairs = [
        ("User::\"a\"", "User :: \"\\u{61}\""),
        ("User::\"a\"", "User::\"b\""),
        ("User::\"a\"", "Agent::\"a\""),
        ("A::User::\"a\"", "User::\"a\""),
        ("User::\"a\"", "user::\"a\""),
        ("User::\"a\"", "a"),
        ("a", "a"),
        ("a", "a "),
        ("a", "A"),
        ("User :: a", "User::a"),
        ("User::\"\u{e9}\"", "User::\"e\u{301}\""),
    ];
    let pair = |(one, other): (&str, &str)| {
        let same = same_principal(one, other);
        json!({ "name": format!("{one} {other}"), "principals": [one, other], "same": same })
    };
    pairs.into_iter().map(pair).collect()
}

#[test]
fn approvers_are_those_of_the_vectors() {
    let file = read("approvers.json");
    each(&file["good"], |vector| {
        let found = found(vector)?;
        expect(&found["approvers"], &vector["approvers"])?;
        expect(&found["known"], &vector["known"])
    });
    each(&file["malformed"], |vector| expect(found(vector), Err(text(vector, "code"))));
}

/// In whatever order the statements stand, the answer is one; only what cannot be read is told in the order it stands in.
#[test]
fn the_order_of_the_statements_says_nothing() {
    let file = read("approvers.json");
    for list in ["good", "malformed"] {
        each(&file[list], |vector| {
            let mut turned = vector.clone();
            for name in ["introductions", "removals"] {
                turned[name].as_array_mut().unwrap().reverse();
            }
            expect(found(&turned), found(vector))
        });
    }
}
