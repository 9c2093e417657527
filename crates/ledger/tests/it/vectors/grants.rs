//! Vectors of what a grant stands for, but for its condition and its budget.

use super::approvals::{grant, key};
use super::approvers::{ADA, BOB, CAROL, EVE, registry, time};
use super::words::book;
use super::{bytes, each, expect, read, text};
use crate::fixture::entry;
use lastlook_ledger::approval::{Grant, Scope, SignedGrant};
use lastlook_ledger::{Digest, Entry, Kind};
use serde_json::{Value, json};

fn digest(byte: u8) -> Digest {
    Digest::from_bytes([byte; 32])
}

fn given() -> Grant {
    Grant { guards: vec![digest(0xbb), digest(0xbc)], time: time(40, 0), when: None, ..grant() }
}

fn stored(grant: Grant, signer: u8) -> String {
    String::from_utf8(grant.sign(&key(signer)).unwrap().to_bytes()).unwrap()
}

fn word(attempt: &str, word: &str, signed: Option<&str>) -> String {
    let mut more = json!({ "as": word });
    if let Some(signed) = signed {
        more["signed"] = json!(signed);
    }
    String::from_utf8(entry(Kind::Operator, attempt, more).to_payload().unwrap()).unwrap()
}

/// A grant that counts, on record, and an action it covers.
fn vector(name: &str, grant: Grant, signer: u8) -> Value {
    let mut vector = book();
    let (id, stored) = (grant.grant.clone(), stored(grant, signer));
    let more = json!({
        "name": name, "payloads": [word(&id, "granted", Some(&stored))], "stored": stored, "now": time(45, 0),
        "about": {
            "principal": "User::\"agent\"", "agent": null, "upstream": "shop", "tool": "refund",
            "definition": digest(0xcc).to_hex(), "epoch": 3, "guard": digest(0xbb).to_hex(),
            "on_tool": [digest(0xba).to_hex(), digest(0xbc).to_hex(), digest(0xbb).to_hex()],
            "by": "Role::\"adas\"", "resource": "Order::\"42\"",
        },
    });
    vector.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    vector
}

fn plain(name: &str) -> Value {
    vector(name, given(), ADA)
}

fn changed(name: &str, change: impl FnOnce(&mut Grant)) -> Value {
    let mut grant = given();
    change(&mut grant);
    vector(name, grant, ADA)
}

fn with(mut vector: Value, name: &str, value: impl Into<Value>) -> Value {
    vector[name] = value.into();
    vector
}

fn about(name: &str, member: &str, value: impl Into<Value>) -> Value {
    and(plain(name), member, value)
}

fn and(mut vector: Value, member: &str, value: impl Into<Value>) -> Value {
    vector["about"][member] = value.into();
    vector
}

/// Whose grant it is; else the code of the first check that fails. By the crate's own functions, in the order of the text.
fn found(vector: &Value) -> Result<String, &'static str> {
    let registry = registry(vector)?;
    let payloads = vector["payloads"].as_array().unwrap().iter();
    let entries: Result<Vec<_>, _> =
        payloads.map(|payload| Entry::from_payload(payload.as_str().unwrap().as_bytes())).collect();
    let entries = entries.map_err(|error| error.code())?;
    let signed = SignedGrant::from_bytes(&bytes(vector, "stored")).map_err(|error| error.code())?;
    let about = &vector["about"];
    let hash = |text: &Value| Digest::from_hex(text.as_str().unwrap()).unwrap();
    let guards: Vec<_> = about["on_tool"].as_array().unwrap().iter().map(hash).collect();
    let scope = Scope {
        principal: text(about, "principal"),
        agent: about["agent"].as_str(),
        upstream: text(about, "upstream"),
        tool: text(about, "tool"),
        definition: Some(hash(&about["definition"])),
        guards: &guards,
    };
    let said = signed.claimed();
    let giver = registry.verify_grant(&signed, about["epoch"].as_u64().unwrap(), text(vector, "now"));
    giver
        .and_then(|giver| {
            Grant::is_on_record(&signed, &entries)?;
            said.fits(&scope)?;
            registry.stands_for(
                said,
                &hash(&about["guard"]),
                text(about, "by"),
                about["resource"].as_str(),
            )?;
            Ok(giver.name.clone())
        })
        .map_err(|fault| fault.code())
}

pub fn grants() -> Value {
    let good = good().into_iter().map(|vector| {
        let approver = found(&vector).unwrap_or_else(|code| panic!("{}: {code}", vector["name"]));
        with(vector, "approver", approver)
    });
    let malformed = [no_word(), not_on_record(), out_of_scope()].concat();
    let malformed = malformed.into_iter().map(|(code, vector)| with(vector, "code", code));
    json!({ "good": good.collect::<Vec<_>>(), "malformed": malformed.collect::<Vec<_>>() })
}

fn payloads(name: &str, payloads: &[String]) -> Value {
    with(plain(name), "payloads", json!(payloads))
}

fn good() -> Vec<Value> {
    let own = || word("grant-7c1e", "granted", Some(&stored(given(), ADA)));
    let another = || word("grant-7c1f", "grant-revoked", None);
    vec![
        plain("a grant"),
        with(plain("a nanosecond before its end"), "now", "2026-01-31T17:29:59.999999999Z"),
        changed("30 days", |it| it.expires = "2026-03-02T09:30:40.000000000Z".to_owned()),
        with(plain("five minutes ahead"), "now", "2026-01-31T09:25:40.000000000Z"),
        and(changed("a client that is named", |it| it.agent = Some("c".to_owned())), "agent", "c"),
        about("a client where none is named", "agent", "c"),
        about("another spelling of who acts", "principal", "User :: \"\\u{61}gent\""),
        and(changed("who acts is no entity", |it| it.principal = "root".to_owned()), "principal", "root"),
        about("another spelling of the resource", "resource", "Order :: \"\\x342\""),
        and(changed("any resource", |it| it.resources = vec![]), "resource", json!(null)),
        changed("one of several resources", |it| it.resources.insert(0, "Order::\"41\"".to_owned())),
        about("the other guard", "guard", digest(0xbc).to_hex()),
        about("asked by name", "by", "User::\"ada\""),
        payloads(
            "recorded twice, beside others",
            &[another(), own(), word("grant-7c1e", "accepted", None), own()],
        ),
        payloads("another's end", &[own(), another()]),
        {
            let bobs = vector("given by another", Grant { approver: "bob".to_owned(), ..given() }, BOB);
            and(bobs, "by", "User::\"bob\"")
        },
        changed("a condition is not looked at", |it| it.when = Some("no condition".to_owned())),
    ]
}

fn no_word() -> Vec<(&'static str, Value)> {
    let by = |name: &str, approver: &str, signer| {
        vector(name, Grant { approver: approver.to_owned(), ..given() }, signer)
    };
    let mut cases = vec![
        ("word-unknown", by("a stranger's", "eve", EVE)),
        ("word-removed", by("a removed approver's", "carol", CAROL)),
        ("approval-signature", by("signed by another approver", "ada", BOB)),
        ("word-before", {
            let early = Grant { approver: "bob".to_owned(), time: time(9, 999_999_999), ..given() };
            vector("before he was introduced", early, BOB)
        }),
        ("word-ahead", with(plain("more than five minutes ahead"), "now", "2026-01-31T09:25:39.999999999Z")),
        ("grant-state", changed("another state", |it| it.state = "lastlook/other".to_owned())),
        (
            "grant-lasting",
            changed("30 days and a nanosecond", |it| {
                it.expires = "2026-03-02T09:30:40.000000001Z".to_owned()
            }),
        ),
        ("grant-lasting", changed("years", |it| it.expires = "9999-12-31T00:00:00.000000000Z".to_owned())),
        ("grant-expired", with(plain("at its end"), "now", "2026-01-31T17:30:00.000000000Z")),
        ("grant-expired", with(plain("long after its end"), "now", "2027-01-31T17:30:00.000000000Z")),
        ("grant-epoch", about("a halt was lifted", "epoch", 4)),
        ("grant-epoch", about("an earlier epoch", "epoch", 2)),
        ("approval-format", {
            let plain = plain("an approval's format");
            let stored = text(&plain, "stored").replacen("lastlook/grant/v1", "lastlook/approval/v1", 1);
            with(plain, "stored", stored)
        }),
        ("approvers-state", with(plain("approvers of another state"), "state", "lastlook/other")),
    ];
    let own = [
        ("her own grant", "User::\"ada\""),
        ("her own grant, by her bare name", "ada"),
        ("her own grant, of another type", "Agent::\"ada\""),
        ("her own grant, in another spelling", "User :: \"\\u{61}da\""),
        ("her own grant, by what is no entity", "The User::\"ada\""),
    ];
    cases.extend(own.map(|(name, own)| {
        let changed = changed(name, |it| it.principal = own.to_owned());
        ("grant-own", and(changed, "principal", own))
    }));
    cases
}

fn not_on_record() -> Vec<(&'static str, Value)> {
    let own = || stored(given(), ADA);
    let granted = |signed: &str| word("grant-7c1e", "granted", Some(signed));
    let gone = || word("grant-7c1e", "grant-revoked", Some(&own()));
    let wider = stored(Grant { uses: Some(6), ..given() }, ADA);
    vec![
        ("grant-unrecorded", payloads("nothing on record", &[])),
        (
            "grant-unrecorded",
            payloads("another grant's record", &[word("grant-7c1f", "granted", Some(&own()))]),
        ),
        ("grant-unrecorded", payloads("recorded in other bytes", &[granted(&wider)])),
        (
            "grant-unrecorded",
            payloads("recorded with white space", &[granted(&own().replacen(',', ", ", 1))]),
        ),
        (
            "grant-unrecorded",
            payloads("recorded without what was signed", &[word("grant-7c1e", "granted", None)]),
        ),
        (
            "grant-unrecorded",
            payloads("another word about it", &[word("grant-7c1e", "accepted", Some(&own()))]),
        ),
        ("grant-revoked", payloads("taken back", &[granted(&own()), gone()])),
        ("grant-revoked", payloads("taken back, in another writer's log", &[gone(), granted(&own())])),
        ("grant-revoked", payloads("taken back and put back", &[granted(&own()), gone(), granted(&own())])),
        ("grant-revoked", payloads("taken back, and never given", &[gone()])),
        ("entry-json", payloads("an entry that cannot be read", &[granted(&own()), "{".to_owned()])),
        (
            "grant-unrecorded",
            and(payloads("not on record, and out of scope: the record is looked at first", &[]), "tool", "x"),
        ),
    ]
}

fn out_of_scope() -> Vec<(&'static str, Value)> {
    let hex = |byte| digest(byte).to_hex();
    let on_tool = |name: &str, guards: &[u8]| {
        about(name, "on_tool", json!(guards.iter().map(|byte| hex(*byte)).collect::<Vec<_>>()))
    };
    let named =
        |name: &str, agent: Value| and(changed(name, |it| it.agent = Some("c".to_owned())), "agent", agent);
    vec![
        ("grant-scope", about("another principal", "principal", "User::\"other\"")),
        ("grant-scope", about("a principal of another type", "principal", "Agent::\"agent\"")),
        ("grant-scope", about("a principal that is no entity", "principal", "agent")),
        (
            "grant-scope",
            and(changed("a grant to no entity", |it| it.principal = "root".to_owned()), "principal", "Root"),
        ),
        ("grant-scope", about("another upstream", "upstream", "shop2")),
        ("grant-scope", about("another tool", "tool", "refunds")),
        ("grant-scope", about("another definition", "definition", hex(0xcd))),
        ("grant-scope", named("another client", json!("d"))),
        ("grant-scope", named("a client that does not say", json!(null))),
        ("grant-scope", named("a client in another case", json!("C"))),
        ("grant-guards", on_tool("a guard is gone", &[0xbb, 0xba])),
        ("grant-guards", on_tool("no guards", &[])),
        ("grant-guards", on_tool("a guard says something else", &[0xbb, 0xbd])),
        ("grant-other-guard", about("a guard it was not given under", "guard", hex(0xba))),
        (
            "grant-other-guard",
            and(changed("given under no guard", |it| it.guards = vec![]), "guard", hex(0xbb)),
        ),
        ("word-not-asked", about("another person is asked", "by", "User::\"bob\"")),
        ("word-not-asked", about("another group is asked", "by", "Role::\"bobs\"")),
        ("word-not-asked", about("whoever is asked is no entity", "by", "ada")),
        ("grant-scope", about("another resource", "resource", "Order::\"43\"")),
        ("grant-scope", about("a resource of another type", "resource", "Orders::\"42\"")),
        ("grant-scope", about("no resource", "resource", json!(null))),
        ("grant-scope", about("a resource that is no entity", "resource", "42")),
        (
            "grant-scope",
            and(
                changed("the same text, and no entity", |it| it.resources = vec!["42".to_owned()]),
                "resource",
                "42",
            ),
        ),
        (
            "word-not-asked",
            and(
                about("not asked, and another resource: who is asked is looked at first", "by", "ada"),
                "resource",
                "x",
            ),
        ),
        (
            "grant-scope",
            and(on_tool("another tool, and its guards: the tool is looked at first", &[]), "tool", "x"),
        ),
    ]
}

#[test]
fn grants_stand_for_what_the_vectors_say() {
    let file = read("grants.json");
    each(&file["good"], |vector| expect(found(vector)?.as_str(), text(vector, "approver")));
    each(&file["malformed"], |vector| expect(found(vector), Err(text(vector, "code"))));
}
