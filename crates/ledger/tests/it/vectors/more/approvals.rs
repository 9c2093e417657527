//! Statements of approvers: each member of each kind, each value of a byte, names, keys and numbers at their limits.

use super::changes::{STRANGE_JSON, flips, members};
use crate::vectors::approvals::{grant, introduction, key, removal, statement, vector, verified};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::Signer as _;
use serde_json::{Value, json};

/// Whatever it says, signed with the first key, in canonical form.
fn signed(kind: &str, statement: &Value) -> Vec<u8> {
    let format = format!("lastlook/{kind}/v1");
    let inner = serde_json_canonicalizer::to_vec(statement).unwrap();
    let bytes = [format.as_bytes(), b"\n", &inner].concat();
    let signature = ed25519_dalek::SigningKey::from_bytes(&[1; 32]).sign(&bytes).to_bytes();
    serde_json_canonicalizer::to_vec(
        &json!({ "format": format, "signature": STANDARD.encode(signature), "statement": statement }),
    )
    .unwrap()
}

fn inner(stored: Vec<u8>) -> Value {
    serde_json::from_slice::<Value>(&stored).unwrap()["statement"].take()
}

fn kinds() -> [(&'static str, Value); 4] {
    [
        ("approval", inner(statement().sign(&key(1)).unwrap().to_bytes())),
        ("introduction", inner(introduction().sign(&key(1)).unwrap().to_bytes())),
        ("removal", inner(removal().sign(&key(1)).unwrap().to_bytes())),
        ("grant", inner(grant().sign(&key(1)).unwrap().to_bytes())),
    ]
}

fn with(whole: &Value, name: &str, value: Value) -> Value {
    let mut changed = whole.clone();
    changed[name] = value;
    changed
}

pub fn good() -> Vec<Value> {
    let [(_, approval), (_, introduction), (_, removal), (_, grant)] = kinds();
    let cases = [
        ("the largest epoch", "approval", with(&approval, "epoch", json!(9_007_199_254_740_991_i64))),
        ("epoch zero, no guards", "approval", with(&with(&approval, "epoch", json!(0)), "guards", json!([]))),
        (
            "a clock at the beginning of time",
            "approval",
            with(&approval, "time", json!("0000-01-01T00:00:00.000000000Z")),
        ),
        (
            "it expired before it was said",
            "approval",
            with(&approval, "expires", json!("0001-01-01T00:00:00.000000000Z")),
        ),
        (
            "the longest request and name",
            "approval",
            with(&with(&approval, "request", json!("r".repeat(128))), "approver", json!("n".repeat(64))),
        ),
        ("a reason of 4096 bytes", "approval", with(&approval, "reason", json!("\u{e9}".repeat(2048)))),
        (
            "64 groups",
            "introduction",
            with(&introduction, "groups", (0..64).map(|n| json!(format!("Role::\"{n}\""))).collect()),
        ),
        ("a group of 512 bytes", "introduction", with(&introduction, "groups", json!(["g".repeat(512)]))),
        ("a reason of one byte", "removal", with(&removal, "reason", json!(" "))),
        ("the most uses", "grant", with(&grant, "uses", json!(9_007_199_254_740_991_i64))),
        ("a limit of 40 bytes", "grant", with(&grant, "max", json!(format!("{}.5", "1".repeat(38))))),
        ("64 resources", "grant", with(&grant, "resources", (0..64).map(|n| json!(n.to_string())).collect())),
    ];
    cases
        .map(|(name, kind, statement)| {
            let mut vector = vector(name, kind, &signed(kind, &statement));
            vector["seed"] = json!(hex::encode([1; 32]));
            vector["signed"] = json!(verified(&vector).unwrap_or_else(|code| panic!("{name}: {code}")));
            vector
        })
        .to_vec()
}

pub fn malformed() -> Vec<Value> {
    [each_member(), nearly(), spelt()]
        .concat()
        .into_iter()
        .filter_map(|(name, kind, stored)| {
            let mut vector = vector(&format!("{kind}: {name}"), kind, &stored);
            vector["code"] = json!(verified(&vector).err()?);
            Some(vector)
        })
        .collect()
}

type Case = (String, &'static str, Vec<u8>);

fn each_member() -> Vec<Case> {
    let mut cases = Vec::new();
    for (kind, whole) in kinds() {
        cases.extend(members(&whole, "").into_iter().map(|(name, it)| (name, kind, signed(kind, &it))));
        let stored: Value = serde_json::from_slice(&signed(kind, &whole)).unwrap();
        cases.extend(members(&stored, "").into_iter().map(|(name, it)| {
            (format!("beside it, {name}"), kind, serde_json_canonicalizer::to_vec(&it).unwrap())
        }));
        cases.push(("a member more".to_owned(), kind, signed(kind, &with(&whole, "more", json!(null)))));
        for (other, _) in kinds().iter().filter(|(other, _)| *other != kind) {
            cases.push((format!("in the format of {other}"), kind, signed(other, &whole)));
        }
    }
    cases
}

/// Values that are nearly right, signed as they are.
fn nearly() -> Vec<Case> {
    let [approval, introduction, removal, grant] = kinds();
    let mut cases = Vec::new();
    let mut put = |(kind, whole): &(&'static str, Value), name: &str, values: Vec<Value>| {
        for (n, value) in values.into_iter().enumerate() {
            cases.push((
                format!("{name}, nearly right ({n})"),
                *kind,
                signed(kind, &with(whole, name, value)),
            ));
        }
    };
    let names = || {
        vec![
            json!(""),
            json!("-a"),
            json!("_a"),
            json!("a b"),
            json!("a/b"),
            json!("\u{e9}"),
            json!("n".repeat(65)),
            json!("a\n"),
        ]
    };
    let times = || {
        vec![
            json!(""),
            json!("2026-01-31"),
            json!("2026-02-30T09:30:00.000000000Z"),
            json!("2026-01-31T09:30:60.000000000Z"),
            json!("2026-01-31T09:30:00.000000000+00:00"),
        ]
    };
    put(&approval, "approver", names());
    put(&approval, "time", times());
    put(&approval, "expires", times());
    put(&approval, "request", vec![json!(""), json!("a b"), json!("a/b"), json!("r".repeat(129))]);
    put(
        &approval,
        "action",
        vec![json!(""), json!("a".repeat(63)), json!("A".repeat(64)), json!("g".repeat(64))],
    );
    put(
        &approval,
        "guards",
        vec![
            json!([null]),
            json!(["b"]),
            json!([["b".repeat(64)]]),
            json!({}),
            json!(vec!["b".repeat(64); 257]),
        ],
    );
    put(&approval, "epoch", vec![json!(-1), json!(1.5), json!("3")]);
    put(&approval, "decision", vec![json!(""), json!("approved"), json!("REJECT"), json!(true)]);
    put(&approval, "reason", vec![json!("r".repeat(4097)), json!("\u{e9}".repeat(2049))]);
    put(&introduction, "name", names());
    put(
        &introduction,
        "groups",
        vec![
            json!([""]),
            json!(["a", "a"]),
            json!(["g".repeat(513)]),
            json!([1]),
            (0..65).map(|n| json!(n.to_string())).collect(),
        ],
    );
    put(
        &introduction,
        "state",
        vec![json!(""), json!("a+b"), json!("a b"), json!("\u{e9}"), json!("s".repeat(256))],
    );
    let point = |hex: &str| json!(STANDARD.encode(hex::decode(hex).unwrap()));
    put(
        &introduction,
        "key",
        vec![
            json!(""),
            json!("AAAA"),
            json!(STANDARD.encode([1; 33])),
            json!(hex::encode([1; 32])),
            json!(key(2).public().to_string().trim_end_matches('=')),
            point("0100000000000000000000000000000000000000000000000000000000000000"),
            point("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
            point("0200000000000000000000000000000000000000000000000000000000000000"),
            point("f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
            point("0100000000000000000000000000000000000000000000000000000000000080"),
        ],
    );
    put(&grant, "uses", vec![json!(0), json!(-1), json!(1.5), json!("3")]);
    put(
        &grant,
        "sum",
        vec![json!(""), json!("amount"), json!(null), json!(format!("/{}", "s".repeat(1024)))],
    );
    let amounts = ["", ".5", "5.", "+5", "-5", "1e3", "1 ", "0x1", "1.2.3", "\u{661}"].map(|max| json!(max));
    put(&grant, "max", [&amounts[..], &[json!(null), json!(5), json!("1".repeat(41))]].concat());
    put(&grant, "expires", times());
    put(
        &grant,
        "expires",
        vec![grant.1["time"].clone(), json!("0001-01-01T00:00:00.000000000Z"), json!(null)],
    );
    put(&grant, "principal", vec![json!(""), json!("p".repeat(1025))]);
    put(&grant, "agent", vec![json!(""), json!("a".repeat(1025)), json!([])]);
    put(&grant, "when", vec![json!(""), json!("w".repeat(16385)), json!(true)]);
    put(
        &grant,
        "resources",
        vec![json!([""]), json!(["a", "a"]), json!({}), (0..65).map(|n| json!(n.to_string())).collect()],
    );
    put(&removal, "by", names());
    put(&removal, "reason", vec![json!(""), json!("r".repeat(4097))]);
    cases
}

fn spelt() -> Vec<Case> {
    let [(kind, whole), ..] = kinds();
    let text = String::from_utf8(signed(kind, &whole)).unwrap();
    let put = |what: &str| text.replacen("\"epoch\":3", &format!("\"epoch\":{what}"), 1).into_bytes();
    let raw = |name: &str, stored: Vec<u8>| (name.to_owned(), kind, stored);
    let mut cases: Vec<_> =
        STRANGE_JSON.iter().map(|(name, json)| raw(&format!("JSON: {name}"), put(json))).collect();
    let digits = "9".repeat(400);
    for number in ["-0", "3.0", "3e0", "1e400", "9007199254740993", "18446744073709551616", &digits] {
        cases.push(raw(&format!("the epoch {number:.30}"), put(number)));
    }
    let mut signature = serde_json::from_str::<Value>(&text).unwrap()["signature"]
        .as_str()
        .map(|it| STANDARD.decode(it).unwrap())
        .unwrap();
    let resigned = |bytes: &[u8]| {
        let mut whole: Value = serde_json::from_str(&text).unwrap();
        whole["signature"] = json!(STANDARD.encode(bytes));
        serde_json_canonicalizer::to_vec(&whole).unwrap()
    };
    cases.push(raw("no signature", resigned(&[])));
    cases.push(raw("a signature of zeroes", resigned(&[0; 64])));
    cases.push(raw("a signature of 63 bytes", resigned(&signature[..63])));
    cases.push(raw("a signature of 65 bytes", resigned(&[&signature[..], &[0]].concat())));
    signature.rotate_left(32);
    cases.push(raw("R and S exchanged", resigned(&signature)));
    let nested = format!("{}{}", "[".repeat(7), "]".repeat(7));
    cases.extend([
        raw("nothing", vec![]),
        raw("null", b"null".to_vec()),
        raw("an array", b"[]".to_vec()),
        raw("an empty object", b"{}".to_vec()),
        raw("8 levels", put(&nested[1..13])),
        raw("9 levels", put(&nested)),
        raw("a byte order mark", format!("\u{feff}{text}").into_bytes()),
        raw("a newline at the end", format!("{text}\n").into_bytes()),
        raw("two of them", format!("{text}{text}").into_bytes()),
        raw("invalid UTF-8", [&text.as_bytes()[..9], b"\xff", &text.as_bytes()[9..]].concat()),
        raw("members in another order", text.replacen("\"action\"", "\"zction\"", 1).into_bytes()),
        raw(
            "format stands twice",
            text.replacen("{\"format\":", "{\"format\":0,\"format\":", 1).into_bytes(),
        ),
        raw(
            "the statement is a text",
            text.replacen("\"statement\":{", "\"statement\":\"\",\"x\":{", 1).into_bytes(),
        ),
    ]);
    cases.extend(flips(text.as_bytes()).into_iter().map(|(name, stored)| (name, kind, stored)));
    cases
}
