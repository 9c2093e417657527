use super::*;
use lastlook_canon::{Limits, parse};

const SEED: [u8; 32] = [7; 32];

fn json(text: &str) -> Json {
    parse(text.as_bytes(), &Limits::default()).unwrap()
}

fn fields(text: &str, sealed: &[&str]) -> Fields {
    let mut fields = Fields::default();
    let sealed: Vec<String> = sealed.iter().map(|pointer| (*pointer).to_owned()).collect();
    fields.add(&SEED, "arguments", &json(text), &sealed);
    fields.sorted()
}

#[test]
fn every_scalar_and_every_empty_container_is_a_field() {
    let fields = fields(r#"{"b":[1,{"c":null}],"a/~":"x","e":{},"f":[]}"#, &[]);
    let labels: Vec<_> = fields.labels().collect();
    let expected = ["arguments/a~1~0", "arguments/b/0", "arguments/b/1/c", "arguments/e", "arguments/f"];
    assert_eq!(labels, expected);
    let mut whole = Fields::default();
    whole.add(&SEED, "snapshot/0/now", &json("5"), &[]);
    assert_eq!(whole.labels().collect::<Vec<_>>(), ["snapshot/0/now"]);
    assert_eq!(Fields::default().head(), None);
}

#[test]
fn a_field_is_proven_as_what_it_was_and_where_it_was() {
    let fields = fields(r#"{"amount":1.0,"email":"a@b","note":"a@b"}"#, &[]);
    let head = fields.head().unwrap();
    let salt = Salt::derive(&SEED, "arguments/email");
    let (_, proof) = fields.prove("arguments/email").unwrap();
    assert!(head.has("arguments/email", &salt, b"\"a@b\"", &proof));
    assert!(!head.has("arguments/note", &salt, b"\"a@b\"", &proof), "under another name");
    assert!(!head.has("arguments/email", &salt, b"\"a@c\"", &proof), "another value");
    let other = Salt::derive(&SEED, "arguments/note");
    assert!(!head.has("arguments/email", &other, b"\"a@b\"", &proof), "another salt");
    let elsewhere = FieldProof { index: 2, ..proof.clone() };
    assert!(!head.has("arguments/email", &salt, b"\"a@b\"", &elsewhere), "another place");
    let more = FieldsHead { size: head.size + 2, ..head };
    assert!(!more.has("arguments/email", &salt, b"\"a@b\"", &proof), "among others");
    assert_eq!(fields.prove("arguments/nothing"), None);
    assert_eq!(FieldsHead::from_json(&head.to_json()), Some(head));
}

#[test]
fn what_is_sealed_is_a_field_by_its_own_commitment_and_only_where_it_was_sealed() {
    let whole = fields(r#"{"email":"a@b","note":"x"}"#, &[]);
    let commitment = Commitment::of(&Salt::derive(&SEED, "arguments/email"), b"\"a@b\"");
    let text = format!(r#"{{"email":{{"commitment":"{commitment}"}},"note":"x"}}"#);
    assert_eq!(fields(&text, &["/email"]), whole, "the field can be opened by whoever has the value");
    let wild = fields(&text, &[]);
    assert!(wild.labels().any(|label| label == "arguments/email/commitment"));
    assert_ne!(wild, whole);
}
