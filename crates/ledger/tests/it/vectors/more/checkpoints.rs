//! Checkpoints: each line, each value of a byte, sizes and names at their limits, signatures that do not count.

use super::changes::{flips, lines};
use super::keys::numbered;
use crate::fixture::{STATE, first, forge, key, second};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use lastlook_ledger::{SigningKey, VerifierKey, open_checkpoint};
use serde_json::{Value, json};

const SEED: [u8; 32] = [1; 32];

fn root() -> String {
    STANDARD.encode(first().checkpoint().root.as_bytes())
}

fn text(origin: &str, size: &str, root: &str) -> String {
    format!("{origin}\n{size}\n{root}\n")
}

fn signed(text: &str) -> String {
    forge(STATE, &SEED, text)
}

fn keys() -> Vec<VerifierKey> {
    vec![key().verifier()]
}

fn pinned(keys: &[VerifierKey]) -> Vec<String> {
    keys.iter().map(ToString::to_string).collect()
}

/// Two keys with one name and, by search, one ID; and the checkpoint of the first log by each.
fn twins() -> [(VerifierKey, String); 2] {
    [69_205, 69_649].map(|number| {
        let key = SigningKey::from_seed(STATE, &numbered(number)).unwrap();
        (key.verifier(), key.sign_checkpoint(&first().checkpoint()).unwrap())
    })
}

pub fn good() -> Vec<Value> {
    let [(one, by_one), (other_twin, _)] = twins();
    assert_eq!(one.id(), other_twin.id());
    let origin = "lastlook/3f9a2c/1";
    let note = first().note();
    let stranger = "\u{2014} witness.example/w1 AAAAAQEBAQEBAQ==\n";
    let other = SigningKey::from_seed("lastlook/77", &[2; 32]).unwrap().verifier();
    let cases = [
        ("the largest size", signed(&text(origin, "18446744073709551615", &root())), keys()),
        ("the origin is the key's name", signed(&text(STATE, "11", &root())), keys()),
        (
            "an origin of 255 characters",
            signed(&text(&format!("{STATE}/{}", "o".repeat(239)), "11", &root())),
            keys(),
        ),
        ("64 signatures", format!("{note}{}", stranger.repeat(63)), keys()),
        (
            "a dash and a space in an extension line",
            signed(&format!("{}\u{2014} x\n", text(origin, "11", &root()))),
            keys(),
        ),
        (
            "another line separator in an extension line",
            signed(&format!("{}a\u{2028}b\u{7f}\n", text(origin, "11", &root()))),
            keys(),
        ),
        ("a good signature twice", format!("{note}{}", note.split_once("\n\n").unwrap().1), keys()),
        ("the second of the pinned keys", note.clone(), vec![other, key().verifier()]),
        ("one key pinned twice", note, [keys(), keys()].concat()),
        ("two keys with one name and one id, signed by the first", by_one, vec![one, other_twin]),
    ];
    cases
        .map(|(name, note, keys)| {
            let found = open_checkpoint(&note, &keys).unwrap_or_else(|error| panic!("{name}: {error}"));
            json!({
                "name": name, "keys": pinned(&keys), "note": note, "origin": found.origin, "size": found.size,
                "root": found.root.to_hex(),
            })
        })
        .to_vec()
}

pub fn malformed() -> Vec<Value> {
    let mut cases = [by_hand(), signatures(), texts()].concat();
    let note = first().note();
    cases.extend(lines(&note));
    let flipped = flips(note.as_bytes()).into_iter();
    cases.extend(flipped.filter_map(|(name, note)| Some((name, String::from_utf8(note).ok()?))));
    let [(one, _), (other, by_other)] = twins();
    let pair = json!({
        "name": "two keys with one name and one id, signed by the second", "keys": pinned(&[one, other]), "note": by_other,
        "code": "checkpoint-bad-signature",
    });
    cases
        .into_iter()
        .filter_map(|(name, note)| {
            let code = open_checkpoint(&note, &keys()).err()?.code();
            Some(json!({ "name": name, "keys": pinned(&keys()), "note": note, "code": code }))
        })
        .chain([pair])
        .collect()
}

type Case = (String, String);

fn by_hand() -> Vec<Case> {
    let note = first().note();
    let (body, line) = note.split_once("\n\n").unwrap();
    [
        ("signatures before the text", format!("{line}\n{body}\n")),
        ("no empty line", format!("{body}\n{line}")),
        ("two empty lines", format!("{body}\n\n\n{line}")),
        ("an empty line after the signature", format!("{note}\n")),
        ("an empty line before the text", format!("\n{note}")),
        ("only a signature", format!("\n{line}")),
        ("only a signature line", line.to_owned()),
        ("a carriage return at the end", format!("{note}\r\n")),
        ("a zero byte", note.replacen("lastlook", "lastlook\0", 1)),
        ("a tab", note.replacen("\n11\n", "\n11\t\n", 1)),
        ("a byte order mark", format!("\u{feff}{note}")),
        ("an older checkpoint's text", note.replacen(body, second().note().split_once("\n\n").unwrap().0, 1)),
    ]
    .map(|(name, note)| (name.to_owned(), note))
    .to_vec()
}

/// Texts that no checkpoint has, signed as they are.
fn texts() -> Vec<Case> {
    let (origin, root) = ("lastlook/3f9a2c/1", root());
    let mut cases = Vec::new();
    for size in [
        "",
        "-1",
        "+11",
        " 11",
        "11 ",
        "0x0b",
        "1e1",
        "1_1",
        "00",
        "18446744073709551616",
        "99999999999999999999",
        &"9".repeat(400),
        "\u{661}\u{661}",
        "11.0",
    ] {
        cases.push((format!("signed: the size `{size:.24}`"), signed(&text(origin, size, &root))));
    }
    for name in ["", "a b", "a+b", "lastlook/\u{e9}", "lastlook/\u{7f}", &"o".repeat(256)] {
        cases.push((format!("signed: the origin `{name:.24}`"), signed(&text(name, "11", &root))));
    }
    for name in ["lastlook/3f9a2", "lastlook/3f9a2cc", "lastlook/3f9a2c.1", "Lastlook/3f9a2c/1", "lastlook"] {
        cases.push((format!("signed: the foreign origin `{name}`"), signed(&text(name, "11", &root))));
    }
    let bytes = STANDARD.decode(&root).unwrap();
    for (name, spelt) in [
        ("empty", String::new()),
        ("without padding", root.trim_end_matches('=').to_owned()),
        ("with stray bits", root.replacen("Nc=", "Nd=", 1)),
        ("url-safe", root.replace('/', "_")),
        ("in hexadecimal", hex::encode(&bytes)),
        ("of 33 bytes", STANDARD.encode([&bytes[..], &[0]].concat())),
        ("with a space after it", format!("{root} ")),
    ] {
        cases.push((format!("signed: a root {name}"), signed(&text(origin, "11", &spelt))));
    }
    cases.push(("signed: two lines".to_owned(), signed(&format!("{origin}\n11\n"))));
    cases.push(("signed: nothing".to_owned(), signed("\n")));
    cases.push((
        "signed: a space for an extension line is one, an empty one is none".to_owned(),
        signed(&format!("{}\nmore\n", text(origin, "11", &root))),
    ));
    cases
}

/// Signature lines that do not count, or spoil the rest.
fn signatures() -> Vec<Case> {
    let note = first().note();
    let (body, line) = note.split_once("\n\n").unwrap();
    let (head, spelt) = line.trim_end().rsplit_once(' ').unwrap();
    let blob = STANDARD.decode(spelt).unwrap();
    let with = |line: &str| format!("{body}\n\n{line}\n");
    let bytes = |blob: &[u8]| with(&format!("{head} {}", STANDARD.encode(blob)));
    let part = |id: &[u8], r: &[u8], s: &[u8]| bytes(&[id, r, s].concat());
    let (id, r, s) = (&blob[..4], &blob[4..36], &blob[36..]);
    let mut identity = [0; 32];
    identity[0] = 1;
    let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let mut sum = [0; 32];
    let mut carry = 0;
    for (at, slot) in sum.iter_mut().enumerate() {
        let total = u16::from(s[at]) + u16::from(order[at]) + carry;
        (*slot, carry) = ((total & 0xff) as u8, total >> 8);
    }
    let not_reduced =
        hex::decode("f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f").unwrap();
    let cases = [
        ("a hyphen for the dash", with(&line.trim_end().replacen('\u{2014}', "-", 1))),
        ("an en dash", with(&line.trim_end().replacen('\u{2014}', "\u{2013}", 1))),
        ("no space after the dash", with(&line.trim_end().replacen("\u{2014} ", "\u{2014}", 1))),
        ("two spaces after the dash", with(&line.trim_end().replacen("\u{2014} ", "\u{2014}  ", 1))),
        ("two spaces before the signature", with(&format!("{head}  {spelt}"))),
        ("a space after the signature", with(&format!("{head} {spelt} "))),
        ("no name", with(&format!("\u{2014} {spelt}"))),
        ("a plus in the name", with(&format!("\u{2014} a+b {spelt}"))),
        ("a no-break space in the name", with(&format!("\u{2014} a\u{a0}b {spelt}"))),
        ("an ideographic space in the name", with(&format!("\u{2014} a\u{3000}b {spelt}"))),
        ("a zero-width space in the name of a stranger", with(&format!("\u{2014} a\u{200b}b {spelt}"))),
        ("no signature after the name", with(head)),
        ("url-safe base64", with(&format!("{head} {}", spelt.replace('/', "_")))),
        ("no padding", with(&format!("{head} {}", spelt.trim_end_matches('=')))),
        ("an id only", bytes(id)),
        ("an id and a byte", bytes(&blob[..5])),
        ("63 bytes", bytes(&blob[..67])),
        ("65 bytes", bytes(&[&blob[..], &[0]].concat())),
        ("all zeroes", part(id, &[0; 32], &[0; 32])),
        ("R is the neutral element, S zero", part(id, &identity, &[0; 32])),
        ("R is not reduced", part(id, &not_reduced, s)),
        ("R is no point", part(id, &[&[2][..], &[0; 31]].concat(), s)),
        ("S and R exchanged", part(id, s, r)),
        ("S past the group order", part(id, r, &sum)),
        ("S is the group order", part(id, r, &order)),
        ("the name in upper case", with(&line.trim_end().to_uppercase())),
        ("our id under another name", with(&format!("\u{2014} stranger {spelt}"))),
        (
            "a bad signature before a good one",
            format!("{body}\n\n{head} {}\n{line}", STANDARD.encode([id, s, r].concat())),
        ),
        ("another text between two good signatures", format!("{note}\nx\n\n{line}")),
        ("signed without the last newline", {
            let short = forge(STATE, &SEED, body);
            format!(
                "{body}\n\n{}",
                short.split_once("\u{2014}").map(|(_, line)| format!("\u{2014}{line}")).unwrap()
            )
        }),
        ("signed with the empty line", {
            let long = forge(STATE, &SEED, &format!("{body}\n\n"));
            format!("{body}\n\n\u{2014}{}", long.rsplit_once('\u{2014}').unwrap().1)
        }),
    ];
    cases.map(|(name, note)| (name.to_owned(), note)).to_vec()
}
