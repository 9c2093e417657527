//! Vectors of whose word an approval is.

use super::approvals::{key, statement};
use super::approvers::{
    ADA, BOB, CAROL, EVE, STATE, ada, bob, introduction, registry, removal, signed, time,
};
use super::{bytes, each, expect, read, text};
use lastlook_ledger::Digest;
use lastlook_ledger::approval::{About, Ruling, SignedStatement, Statement, Why};
use serde_json::{Value, json};

/// Ada and Bob are approvers; Carol, whom Ada introduced, is one no more.
pub fn book() -> Value {
    let carol = signed(introduction("carol", CAROL, "ada", time(11, 0)), ADA);
    json!({
        "state": STATE, "introductions": [ada(), bob(), carol],
        "removals": [removal("carol", "ada", time(30, 0), ADA)],
    })
}

fn digest(byte: u8) -> Digest {
    Digest::from_bytes([byte; 32])
}

fn said() -> Statement {
    Statement {
        guards: vec![digest(0xbb), digest(0xbc)],
        expires: Some(time(50, 0)),
        time: time(40, 0),
        ..statement()
    }
}

/// An approval by Ada, an instant at which it counts, and what it is about.
fn vector(name: &str, statement: Statement, signer: u8) -> Value {
    let mut vector = book();
    let stored = String::from_utf8(statement.sign(&key(signer)).unwrap().to_bytes()).unwrap();
    let more = json!({
        "name": name, "stored": stored, "now": time(45, 0), "request": said().request,
        "action": digest(0xaa).to_hex(), "guards": [digest(0xbb).to_hex(), digest(0xbc).to_hex()], "epoch": 3,
        "principal": "User::\"agent\"", "by": "Role::\"adas\"",
    });
    vector.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    vector
}

fn with(mut vector: Value, name: &str, value: impl Into<Value>) -> Value {
    vector[name] = value.into();
    vector
}

fn plain(name: &str) -> Value {
    vector(name, said(), ADA)
}

fn at(name: &str, said_at: &str, now: &str) -> Value {
    let statement = Statement { time: said_at.to_owned(), expires: None, ..said() };
    with(vector(name, statement, ADA), "now", now)
}

/// Who said what; else the code of the first check that fails. By the crate's own functions, in the order of the text.
fn found(vector: &Value) -> Result<Value, &'static str> {
    let registry = registry(vector)?;
    let signed = SignedStatement::from_bytes(&bytes(vector, "stored")).map_err(|error| error.code())?;
    let hash = |text: &Value| Digest::from_hex(text.as_str().unwrap()).unwrap();
    let guards: Vec<_> = vector["guards"].as_array().unwrap().iter().map(hash).collect();
    let about = About {
        request: text(vector, "request"),
        action: hash(&vector["action"]),
        guards: &guards,
        epoch: vector["epoch"].as_u64().unwrap(),
        principal: text(vector, "principal"),
    };
    let approver = registry.counts(&signed, &about, text(vector, "now")).map_err(|why| why.code())?;
    match registry.may(approver, text(vector, "by")) {
        true => Ok(json!({ "approver": approver.name, "decision": signed.claimed().decision.as_str() })),
        false => Err(Why::NotAsked(approver.name.clone()).code()),
    }
}

pub fn words() -> Value {
    let good = good().into_iter().map(|mut vector| {
        let found = found(&vector).unwrap_or_else(|code| panic!("{}: {code}", vector["name"]));
        vector.as_object_mut().unwrap().extend(found.as_object().unwrap().clone());
        vector
    });
    let malformed = [unproven(), about_something_else()].concat();
    let malformed = malformed.into_iter().map(|(code, vector)| with(vector, "code", code));
    json!({ "good": good.collect::<Vec<_>>(), "malformed": malformed.collect::<Vec<_>>() })
}

fn good() -> Vec<Value> {
    let bobs = Statement { approver: "bob".to_owned(), ..said() };
    let by_bob =
        |name: &str, time| with(vector(name, Statement { time, ..bobs.clone() }, BOB), "by", "User::\"bob\"");
    let lasting = Statement { expires: None, ..said() };
    vec![
        plain("an approval"),
        vector("a rejection", Statement { decision: Ruling::Reject, ..said() }, ADA),
        vector("no end", lasting, ADA),
        with(plain("a nanosecond before its end"), "now", time(49, 999_999_999)),
        with(plain("the clock is behind"), "now", time(39, 0)),
        by_bob("said as he was introduced", time(10, 0)),
        at("five minutes ahead", &time(40, 0), "2026-01-31T09:25:40.000000000Z"),
        at(
            "five minutes ahead, over midnight",
            "2026-02-01T00:04:59.999999999Z",
            "2026-01-31T23:59:59.999999999Z",
        ),
        at(
            "five minutes ahead, over the end of a year",
            "2028-01-01T00:03:00.000000000Z",
            "2027-12-31T23:58:00.000000000Z",
        ),
        at(
            "five minutes ahead, into a leap day",
            "2028-02-29T00:04:00.000000000Z",
            "2028-02-28T23:59:00.000000000Z",
        ),
        at(
            "five minutes ahead, out of a leap day",
            "2028-03-01T00:04:00.000000000Z",
            "2028-02-29T23:59:00.000000000Z",
        ),
        at(
            "five minutes ahead, a century without a leap day",
            "2100-03-01T00:04:00.000000000Z",
            "2100-02-28T23:59:00.000000000Z",
        ),
        at(
            "five minutes ahead, at the end of time",
            "9999-12-31T23:59:59.999999999Z",
            "9999-12-31T23:54:59.999999999Z",
        ),
        at("long ago", &time(40, 0), "2031-01-31T09:25:40.000000000Z"),
        with(plain("asked by name"), "by", "User::\"ada\""),
        with(plain("asked in another spelling"), "by", "Role :: \"\\u{61}das\" // of them"),
        with(plain("another's name in it"), "principal", "User::\"adam\""),
        with(plain("another's name as a type"), "principal", "ada::\"bob\""),
        with(plain("another case"), "principal", "User::\"Ada\""),
        with(plain("a principal that is no entity"), "principal", "agent"),
        with(plain("a principal that only looks like one"), "principal", "User::\"x::\\\"ada\\\"\""),
        {
            let none = Statement { guards: vec![], ..said() };
            with(vector("no guards", none, ADA), "guards", json!([]))
        },
    ]
}

fn unproven() -> Vec<(&'static str, Value)> {
    let by = |name: &str, approver: &str, time: String, signer| {
        let statement = Statement { approver: approver.to_owned(), time, ..said() };
        with(vector(name, statement, signer), "by", format!("User::\"{approver}\""))
    };
    let altered = |name: &str, from: &str, to: &str| {
        let plain = plain(name);
        let stored = text(&plain, "stored").replacen(from, to, 1);
        with(plain, "stored", stored)
    };
    let gone = |name: &str| {
        let none = json!([]);
        with(with(plain(name), "introductions", none.clone()), "removals", none)
    };
    let mut taken_out = plain("a removal that was taken out, and one that was put in");
    taken_out["removals"] = json!([removal("carol", "bob", time(10, 0), BOB)]);
    vec![
        ("word-unknown", by("a stranger's", "eve", time(40, 0), EVE)),
        ("word-unknown", gone("there are no approvers")),
        ("word-unknown", by("a name in another case", "Ada", time(40, 0), ADA)),
        ("word-removed", by("a removed approver's", "carol", time(40, 0), CAROL)),
        ("word-removed", by("a removed approver's, said before", "carol", time(20, 0), CAROL)),
        (
            "word-removed",
            by(
                "a removed approver's, signed by another: that they were removed is looked at first",
                "carol",
                time(20, 0),
                EVE,
            ),
        ),
        ("approval-signature", by("signed by another approver", "ada", time(40, 0), BOB)),
        ("approval-signature", by("signed by a stranger", "ada", time(40, 0), EVE)),
        ("approval-signature", altered("a rejection made of an approval", "\"approve\"", "\"reject\"")),
        ("approval-signature", altered("a longer life", "09:30:50", "09:30:55")),
        (
            "approval-signature",
            by("another's, and too early: the signature is looked at first", "bob", time(9, 0), EVE),
        ),
        ("word-before", by("a nanosecond before he was introduced", "bob", time(9, 999_999_999), BOB)),
        ("word-before", by("years before", "bob", "0000-02-29T00:00:00.000000000Z".to_owned(), BOB)),
        (
            "word-ahead",
            at(
                "five minutes and a nanosecond ahead",
                "2026-01-31T09:30:40.000000001Z",
                "2026-01-31T09:25:40.000000000Z",
            ),
        ),
        (
            "word-ahead",
            at(
                "more than five minutes ahead, over a leap day",
                "2028-03-01T00:00:00.000000000Z",
                "2028-02-28T23:59:00.000000000Z",
            ),
        ),
        (
            "word-ahead",
            at(
                "more than five minutes ahead, over the end of a year",
                "2028-01-01T00:04:00.000000000Z",
                "2027-12-31T23:58:59.999999999Z",
            ),
        ),
        ("word-ahead", at("years ahead", "9999-12-31T23:59:59.999999999Z", &time(45, 0))),
        ("approval-format", altered("a grant's format", "lastlook/approval/v1", "lastlook/grant/v1")),
        ("approval-member", altered("another word", "\"approve\"", "\"accept\"")),
        ("approval-not-canonical", altered("white space", ",\"", ", \"")),
        ("approvers-by", taken_out),
        ("approvers-state", with(plain("approvers of another state"), "state", "lastlook/other")),
    ]
}

fn about_something_else() -> Vec<(&'static str, Value)> {
    let hex = |byte| digest(byte).to_hex();
    let guards = |name: &str, guards: &[u8]| {
        with(plain(name), "guards", json!(guards.iter().map(|byte| hex(*byte)).collect::<Vec<_>>()))
    };
    let mut cases = vec![
        ("word-other", with(plain("another request"), "request", "5b1f0a2c9e")),
        ("word-other", with(plain("another action"), "action", hex(0xab))),
        ("word-other", with(plain("a halt was lifted"), "epoch", 4)),
        ("word-other", with(plain("an earlier epoch"), "epoch", 2)),
        ("word-other", guards("a guard fewer", &[0xbb])),
        ("word-other", guards("a guard more", &[0xbb, 0xbc, 0xbd])),
        ("word-other", guards("another guard", &[0xbb, 0xbd])),
        ("word-other", guards("another order of the guards", &[0xbc, 0xbb])),
        ("word-other", guards("no guard", &[])),
        (
            "word-other",
            with(
                with(plain("another request, and its end: the request is looked at first"), "request", "x"),
                "now",
                time(59, 0),
            ),
        ),
        ("word-expired", with(plain("at its end"), "now", time(50, 0))),
        ("word-expired", with(plain("after its end"), "now", time(50, 1))),
        (
            "word-expired",
            vector("it ended before it was said", Statement { expires: Some(time(39, 0)), ..said() }, ADA),
        ),
        (
            "word-expired",
            with(
                with(plain("its end, and her own action: the end is looked at first"), "principal", "ada"),
                "now",
                time(50, 0),
            ),
        ),
    ];
    let own = [
        ("her own action", "User::\"ada\""),
        ("her own action, by her bare name", "ada"),
        ("her own action, of another type", "Agent::\"ada\""),
        ("her own action, in another spelling", "User :: \"\\u{61}d\\x61\""),
        ("her own action, by what is no entity and ends as one", "Some User::\"ada\""),
    ];
    cases.extend(own.map(|(name, principal)| ("word-own", with(plain(name), "principal", principal))));
    let own = with(
        plain("her own action, and somebody else is asked: the action is looked at first"),
        "by",
        "User::\"bob\"",
    );
    cases.push(("word-own", with(own, "principal", "ada")));
    let asked = [
        ("another person is asked", "User::\"bob\""),
        ("another group is asked", "Role::\"bobs\""),
        ("a user of another type is asked", "App::User::\"ada\""),
        ("another case is asked", "Role::\"Adas\""),
        ("the bare name is asked", "ada"),
        ("everybody is asked", "Role::*"),
        ("nobody is asked", ""),
    ];
    cases.extend(asked.map(|(name, by)| ("word-not-asked", with(plain(name), "by", by))));
    cases
}

#[test]
fn words_count_as_the_vectors_say() {
    let file = read("words.json");
    each(&file["good"], |vector| {
        let found = found(vector)?;
        expect(&found["approver"], &vector["approver"])?;
        expect(&found["decision"], &vector["decision"])
    });
    each(&file["malformed"], |vector| expect(found(vector), Err(text(vector, "code"))));
}
