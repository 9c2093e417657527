//! Witnesses' keys, and checkpoints and receipts with cosignatures: enough of them, too few, and ones that do not hold.

use crate::fixture::{STATE, across, first, pinned, second};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use lastlook_ledger::{
    CosigningKey, SigningKey, VerifierKey, WitnessKey, Witnesses, open_witnessed, verify_receipt_witnessed,
};
use serde_json::{Value, json};

const TIME: u64 = 1_790_000_000;

fn witness(n: u8) -> CosigningKey {
    CosigningKey::from_seed(&format!("witness.example/w{n}"), &[200 + n; 32]).unwrap()
}

fn named(name: &str, seed: u8) -> CosigningKey {
    CosigningKey::from_seed(name, &[seed; 32]).unwrap()
}

/// Reads a vector as any implementation would.
pub fn found(vector: &Value) -> Result<Value, &'static str> {
    let texts = |name: &str| vector[name].as_array().unwrap().iter().map(|it| it.as_str().unwrap());
    let keys: Vec<VerifierKey> = texts("keys").map(|it| it.parse().unwrap()).collect();
    let witnesses: Vec<WitnessKey> = texts("witnesses").map(|it| it.parse().unwrap()).collect();
    let witnesses = Witnesses::new(witnesses, vector["quorum"].as_u64().unwrap() as usize).unwrap();
    let cosigned = match vector["note"].as_str() {
        Some(note) => open_witnessed(note, &keys, &witnesses).map_err(|error| error.code())?.1,
        None => {
            let file = vector["file"].as_str().unwrap().as_bytes();
            verify_receipt_witnessed(file, &keys, &witnesses).map_err(|error| error.code())?.witnessed
        }
    };
    Ok(cosigned.iter().map(|it| json!({"witness": it.witness, "time": it.time_s})).collect())
}

pub fn keys() -> Value {
    let good = |n: u8, name: &str| {
        let key = named(name, n).verifier();
        json!({
            "name": name, "vkey": key.to_string(), "key_name": key.name(), "id": hex::encode(key.id()),
            "public": hex::encode(key.public_bytes()),
        })
    };
    let vkey = witness(1).verifier().to_string();
    let parts: Vec<&str> = vkey.splitn(3, '+').collect();
    let [name, id, spelt] = parts[..] else { panic!("{vkey}") };
    let blob = STANDARD.decode(spelt).unwrap();
    let as_log = SigningKey::from_seed(name, &[201; 32]).unwrap().verifier();
    let of = |kind: u8, public: &[u8]| format!("{name}+{id}+{}", STANDARD.encode([&[kind], public].concat()));
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let malformed = [
        ("a log's key", as_log.to_string()),
        ("the type of a log's key", of(1, &blob[1..])),
        ("the type of ML-DSA-44", of(6, &blob[1..])),
        ("the id it would have as a log's key", format!("{name}+{}+{spelt}", hex::encode(as_log.id()))),
        ("another name", vkey.replacen("w1", "w2", 1)),
        ("an id in upper case", format!("{name}+{}+{spelt}", id.to_uppercase())),
        ("a key of 31 bytes", of(4, &blob[1..32])),
        ("a key of 33 bytes", of(4, &[&blob[1..], &[0]].concat())),
        ("no key", of(4, &[])),
        ("no bytes", format!("{name}+{id}+")),
        ("two parts", format!("{name}+{id}")),
        ("no name", format!("+{id}+{spelt}")),
        ("a point of small order", of(4, &neutral)),
        ("no point", of(4, &[0xff; 32])),
    ];
    let code = |vkey: &str| vkey.parse::<WitnessKey>().unwrap_err().code();
    json!({
        "good": [good(201, "witness.example/w1"), good(7, "w"), good(1, STATE)],
        "malformed": malformed.iter().map(|(name, vkey)| json!({
            "name": name, "vkey": vkey, "code": code(vkey),
        })).collect::<Vec<_>>(),
    })
}

pub fn cosignatures() -> Value {
    let mut good = Vec::new();
    let mut malformed = Vec::new();
    for vector in notes().into_iter().chain(receipts()).chain(bytes()) {
        let (mut vector, found) = (vector.clone(), found(&vector));
        match found {
            Ok(cosigned) => {
                vector["cosigned"] = cosigned;
                good.push(vector);
            }
            Err(code) => {
                vector["code"] = json!(code);
                malformed.push(vector);
            }
        }
    }
    json!({"good": good, "malformed": malformed})
}

fn vector(name: &str, of: (&str, String), witnesses: &[&CosigningKey], quorum: usize) -> Value {
    let keys: Vec<String> = pinned().iter().map(ToString::to_string).collect();
    let witnesses: Vec<String> = witnesses.iter().map(|it| it.verifier().to_string()).collect();
    json!({"name": name, of.0: of.1, "keys": keys, "witnesses": witnesses, "quorum": quorum})
}

fn cosigned(note: &str, by: &[(&CosigningKey, u64)]) -> String {
    let lines: String = by.iter().map(|(key, time)| key.cosign(note, *time).unwrap()).collect();
    format!("{note}{lines}")
}

fn notes() -> Vec<Value> {
    let note = first().note();
    let [one, two, three] = [1, 2, 3].map(witness);
    let alias = named("witness.example/alias", 201);
    let own = named("witness.example/own", 1);
    let all = [&one, &two, &three];
    let both = cosigned(&note, &[(&one, TIME), (&two, TIME + 1)]);
    let case = |name: &str, note: &str, witnesses: &[&CosigningKey], quorum| {
        vector(name, ("note", note.to_owned()), witnesses, quorum)
    };
    let (body, line) = note.split_once("\n\n").unwrap();
    let older = second().note();
    let stranger = cosigned(&note, &[(&three, TIME)]);
    vec![
        case("one of one", &cosigned(&note, &[(&one, TIME)]), &[&one], 1),
        case("two of three", &both, &all, 2),
        case("one wanted, two there", &both, &all, 1),
        case("three wanted, two there", &both, &all, 3),
        case("nobody has cosigned", &note, &all, 1),
        case("only a stranger has", &stranger, &[&one, &two], 1),
        case("a stranger beside one of ours", &cosigned(&stranger, &[(&one, TIME)]), &[&one, &two], 1),
        case("at the beginning of time", &cosigned(&note, &[(&one, 0)]), &[&one], 1),
        case("at the end of time", &cosigned(&note, &[(&one, i64::MAX as u64)]), &[&one], 1),
        case(
            "twice by one, the later first",
            &cosigned(&note, &[(&one, TIME), (&one, TIME - 1)]),
            &[&one, &two],
            1,
        ),
        case("twice by one is once", &cosigned(&note, &[(&one, TIME), (&one, TIME - 1)]), &[&one, &two], 2),
        case(
            "one key under two names is one",
            &cosigned(&note, &[(&alias, TIME), (&one, TIME)]),
            &[&one, &alias, &two],
            2,
        ),
        case(
            "one key under two names, and another",
            &cosigned(&both, &[(&alias, TIME + 9)]),
            &[&alias, &one, &two],
            2,
        ),
        case("the log's own key does not count", &cosigned(&note, &[(&own, TIME)]), &[&own], 1),
        case(
            "the log's own key beside another",
            &cosigned(&note, &[(&own, TIME), (&one, TIME)]),
            &[&own, &one],
            1,
        ),
        case("one pinned twice", &cosigned(&note, &[(&one, TIME)]), &[&one, &one], 1),
        case(
            "before the log's signature",
            &format!("{body}\n\n{}{line}", one.cosign(&note, TIME).unwrap()),
            &[&one],
            1,
        ),
        case("of another checkpoint", &format!("{note}{}", one.cosign(&older, TIME).unwrap()), &[&one], 1),
        case("good and bad by one witness", &format!("{both}{}", one.cosign(&older, TIME).unwrap()), &all, 2),
        case(
            "without the log's signature",
            &format!("{body}\n\n{}", one.cosign(&note, TIME).unwrap()),
            &[&one],
            1,
        ),
        case(
            "a log's signature in the witness's name",
            &{
                let forged = SigningKey::from_seed("witness.example/w1", &[201; 32]).unwrap();
                let line = crate::fixture::forge(forged.verifier().name(), &[201; 32], &format!("{body}\n"));
                format!("{note}\u{2014}{}", line.rsplit_once('\u{2014}').unwrap().1)
            },
            &[&one],
            1,
        ),
        case("the first empty line is not the last", &note.replacen("\n\n", "\n\n\n", 1), &[&one], 1),
    ]
}

/// The two receipts of the one log, and one whose armed entry is in another log with a checkpoint of its own.
fn receipts() -> Vec<Value> {
    let one = witness(1);
    let file = |receipt: &lastlook_ledger::Receipt| String::from_utf8(receipt.to_json()).unwrap();
    let case = |name: &str, receipt: &lastlook_ledger::Receipt| {
        vector(name, ("file", file(receipt)), &[&one, &witness(2)], 1)
    };
    let plain = first().receipt(1);
    let mut witnessed = plain.clone();
    witnessed.checkpoint = cosigned(&plain.checkpoint, &[(&one, TIME)]);
    let mut bad = plain.clone();
    bad.checkpoint = format!("{}{}", plain.checkpoint, one.cosign(&second().note(), TIME).unwrap());
    let mut half = across();
    half.checkpoint = cosigned(&half.checkpoint, &[(&one, TIME)]);
    let mut whole = half.clone();
    let armed = whole.armed.as_mut().unwrap();
    armed.checkpoint = armed.checkpoint.as_ref().map(|note| cosigned(note, &[(&one, TIME + 5)]));
    let mut other_half = whole.clone();
    other_half.checkpoint = across().checkpoint;
    let mut elsewhere = witnessed.clone();
    elsewhere.entry.index = 0;
    vec![
        case("a receipt that is witnessed", &witnessed),
        case("a receipt that is not", &plain),
        case("a receipt with a cosignature of something else", &bad),
        case("a receipt and its armed entry, both witnessed", &whole),
        case("a receipt that is witnessed, and its armed entry not", &half),
        case("a receipt that is not witnessed, and its armed entry is", &other_half),
        case("a witnessed checkpoint that another index leads to", &elsewhere),
    ]
}

/// Every byte of a cosignature line changed, and its length.
fn bytes() -> Vec<Value> {
    let one = witness(1);
    let note = first().note();
    let line = one.cosign(&note, TIME).unwrap();
    let (head, spelt) = line.trim_end().rsplit_once(' ').unwrap();
    let blob = STANDARD.decode(spelt).unwrap();
    let with = |name: String, blob: &[u8]| {
        let note = format!("{note}{head} {}\n", STANDARD.encode(blob));
        vector(&name, ("note", note), &[&one], 1)
    };
    let flipped = (0..blob.len()).map(|at| {
        let mut flipped = blob.clone();
        flipped[at] ^= 1;
        with(format!("cosignature: byte {at} flipped"), &flipped)
    });
    let mut cases: Vec<Value> = flipped.collect();
    let zeroes = [&blob[..12], &[0; 64]].concat();
    let late = [&blob[..4], &(1_u64 << 63).to_be_bytes(), &blob[12..]].concat();
    cases.push(with("cosignature: 71 bytes".to_owned(), &blob[..75]));
    cases.push(with("cosignature: 73 bytes".to_owned(), &[&blob[..], &[0]].concat()));
    cases.push(with("cosignature: 64 bytes, no time".to_owned(), &[&blob[..4], &blob[12..]].concat()));
    cases.push(with("cosignature: a time alone".to_owned(), &blob[..12]));
    cases.push(with("cosignature: all zeroes".to_owned(), &zeroes));
    cases.push(with("cosignature: a time past the last one".to_owned(), &late));
    cases
}
