//! Keys, files of keys, and openings of commitments.

use crate::fixture::{self, key};
use crate::vectors::put_bytes;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use lastlook_ledger::{Commitment, Kind, Salt, SigningKey, VerifierKey, parse_keys};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A seed of zeroes that ends in a number.
pub fn numbered(number: u32) -> [u8; 32] {
    let mut seed = [0; 32];
    seed[28..].copy_from_slice(&number.to_be_bytes());
    seed
}

/// A key line with any name and bytes, and the id that these give.
fn line(name: &str, public: &[u8]) -> String {
    let id = Sha256::digest([name.as_bytes(), b"\n\x01", public].concat());
    format!("{name}+{}+{}", hex::encode(&id[..4]), STANDARD.encode([&[1], public].concat()))
}

/// Encodings that are no usable point: hex, little-endian.
const POINTS: [(&str, &str); 6] = [
    ("a point of order 2", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ("a point of order 4", "0000000000000000000000000000000000000000000000000000000000000000"),
    ("a point of order 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    ("no point", "0200000000000000000000000000000000000000000000000000000000000000"),
    ("a coordinate that is not reduced", "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ("a sign on zero", "0100000000000000000000000000000000000000000000000000000000000080"),
];

pub fn good() -> Vec<Value> {
    let longest = SigningKey::from_seed(&"n".repeat(255), &[1; 32]).unwrap().verifier();
    let all = SigningKey::from_seed("!\"#$%&'()*,-./:;<=>?@[\\]^_`{|}~", &[1; 32]).unwrap().verifier();
    let plus = SigningKey::from_seed("lastlook/x", &numbered(3)).unwrap().verifier();
    [("the longest name", longest), ("every sign in its name", all), ("a plus in its base64", plus)]
        .map(|(name, key)| {
            json!({
                "name": name, "vkey": key.to_string(), "key_name": key.name(), "id": hex::encode(key.id()),
                "public": hex::encode(key.public_bytes()),
            })
        })
        .to_vec()
}

pub fn malformed() -> Vec<Value> {
    let vkey = key().verifier().to_string();
    let public = *key().verifier().public_bytes();
    let (head, base64) = vkey.rsplit_once('+').unwrap();
    let mut cases = vec![
        ("nothing", String::new()),
        ("white space around it", format!(" {vkey}\n")),
        ("no base64", format!("{head}+")),
        ("no padding", format!("{head}+{}", STANDARD.encode([1; 32]).trim_end_matches('='))),
        ("url-safe base64", format!("{head}+{}", base64.replacen('/', "_", 1))),
        ("stray bits after the end", format!("{head}+AR==")),
        ("a type byte only", format!("{head}+AQ==")),
        ("31 bytes", line("lastlook/3f9a2c", &public[..31])),
        ("33 bytes", line("lastlook/3f9a2c", &[&public[..], &[0]].concat())),
        ("a name of 256 characters", line(&"n".repeat(256), &public)),
        ("a name beyond ASCII", line("lastlook/\u{e9}", &public)),
        ("a control character in the name", line("lastlook/\u{7f}", &public)),
        ("a shorter id", vkey.replacen("a4144cd8", "a4144c", 1)),
        ("no id", vkey.replacen("a4144cd8", "", 1)),
        ("an id with a space", vkey.replacen("a4144cd8", "a4144cd8 ", 1)),
        ("id of another key", vkey.replacen("a4144cd8", line("", &[0x66; 32]).split('+').nth(1).unwrap(), 1)),
    ];
    for (name, point) in POINTS {
        cases.push((name, line("lastlook/x", &hex::decode(point).unwrap())));
    }
    cases.push(("a bad name and no point", line("last look", &hex::decode(POINTS[3].1).unwrap())));
    cases.push(("a bad name and a sign on zero", line("last look", &hex::decode(POINTS[5].1).unwrap())));
    cases.push((
        "a bad name and a point of small order",
        line("last look", &hex::decode(POINTS[0].1).unwrap()),
    ));
    cases
        .into_iter()
        .map(|(name, vkey)| {
            let error = vkey.parse::<VerifierKey>().err().unwrap_or_else(|| panic!("{name} is a key"));
            json!({ "name": name, "vkey": vkey, "code": error.code() })
        })
        .collect()
}

/// Files of pinned keys.
pub fn key_files() -> Value {
    let [one, two] = [(fixture::STATE, 1), ("lastlook/77", 2)]
        .map(|(name, seed)| SigningKey::from_seed(name, &[seed; 32]).unwrap().verifier().to_string());
    let vector = |name: &str, file: &[u8]| {
        let mut vector = json!({ "name": name });
        put_bytes(&mut vector, "file", file);
        vector
    };
    let good = [
        ("one key", format!("{one}\n")),
        ("no newline at the end", one.clone()),
        ("two keys, a remark, empty lines", format!("# pinned in May\n\n{one}\n\n  {two}\t\n")),
        ("carriage returns", format!("{one}\r\n\r\n{two}\r\n")),
        ("one key twice", format!("{one}\n{one}\n")),
    ];
    let good = good.map(|(name, file)| {
        let mut vector = vector(name, file.as_bytes());
        let ids: Vec<_> =
            parse_keys(file.as_bytes()).unwrap().iter().map(|key| hex::encode(key.id())).collect();
        vector["ids"] = json!(ids);
        vector
    });
    let malformed = [
        ("empty", vec![], "key-file"),
        ("remarks only", b"# none\n\n \n".to_vec(), "key-file"),
        ("not UTF-8", [one.as_bytes(), b"\n\xff\n"].concat(), "key-file"),
        ("UTF-16", one.encode_utf16().flat_map(u16::to_le_bytes).collect(), "key-form"),
        ("a byte order mark", format!("\u{feff}{one}\n").into_bytes(), "key-name"),
        ("a remark after a key", format!("{one} # ours\n").into_bytes(), "key-form"),
        ("two keys on a line", format!("{one} {two}\n").into_bytes(), "key-form"),
        ("a no-break space", format!("\u{a0}{one}\n").into_bytes(), "key-name"),
        ("another line separator", format!("{one}\u{2028}{two}\n").into_bytes(), "key-form"),
        ("the second key is none", format!("{one}\nkey\n").into_bytes(), "key-form"),
        (
            "the first of two bad keys counts",
            format!("{}\nkey\n", one.replacen("3f9a2c", "3f9a2d", 1)).into_bytes(),
            "key-id",
        ),
        ("a receipt", fixture::first().receipt(fixture::EARLY).to_json(), "key-form"),
    ];
    let malformed = malformed.map(|(name, file, code)| {
        let mut vector = vector(name, &file);
        vector["code"] = json!(code);
        vector
    });
    json!({ "good": good, "malformed": malformed })
}

/// Salts and values that are not those of a commitment.
pub fn openings() -> Vec<Value> {
    let seed = fixture::seed("arguments", Kind::Armed);
    let salt = Salt::derive(&seed, "arguments");
    let committed = Commitment::of(&salt, fixture::ARGUMENTS);
    let changed = |at: usize, mask: u8| {
        let mut bytes = *salt.as_bytes();
        bytes[at] ^= mask;
        bytes
    };
    let text = |text: &str| text.as_bytes().to_vec();
    let given = String::from_utf8(fixture::ARGUMENTS.to_vec()).unwrap();
    let cases = [
        ("a bit of the salt", changed(0, 1), text(&given)),
        ("the last bit of the salt", changed(31, 0x80), text(&given)),
        ("the seed for the salt", seed, text(&given)),
        ("the salt of another label", *Salt::derive(&seed, "answer").as_bytes(), text(&given)),
        (
            "the salt of another entry",
            *Salt::derive(&fixture::seed("answer", Kind::Armed), "arguments").as_bytes(),
            text(&given),
        ),
        ("no salt", [0; 32], text(&given)),
        ("an empty value", *salt.as_bytes(), vec![]),
        ("a byte more", *salt.as_bytes(), text(&format!("{given}\n"))),
        ("a byte less", *salt.as_bytes(), text(&given[1..])),
        ("another spelling", *salt.as_bytes(), text(&given.replacen(':', ": ", 1))),
        ("the salt before the value", [0; 32], [&salt.as_bytes()[..], fixture::ARGUMENTS].concat()),
    ];
    cases
        .map(|(name, salt, value)| {
            assert!(!committed.opens(&Salt::from_bytes(salt), &value), "{name}");
            let mut vector = json!({
                "name": name, "salt": hex::encode(salt), "commitment": committed.to_json(), "code": "value-does-not-open",
            });
            put_bytes(&mut vector, "value", &value);
            vector
        })
        .to_vec()
}
