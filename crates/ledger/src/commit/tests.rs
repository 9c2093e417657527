use super::*;

const SEED: [u8; 32] = [7; 32];

#[test]
fn salts_and_commitments_are_these_bytes() {
    // Computed by Python's hmac and hashlib from the formulas in spec/entry.md.
    let salt = Salt::derive(&SEED, "basis/0/was");
    assert_eq!(
        hex::encode(salt.as_bytes()),
        "1e17b147091d3a62a89ff76cd890b46cb16ab36c40fd082ae264b7cff7aa9bca"
    );
    assert_eq!(
        Commitment::of(&salt, b"{\"a\":1}").to_string(),
        "sha256:846b3d1abb4f700f58c5a109cec009e1d54fa9d0447d60f9543ca71ec974edba"
    );
}

#[test]
fn only_this_value_under_this_salt_opens_it() {
    let salt = Salt::derive(&SEED, "arguments");
    let commitment = Commitment::of(&salt, b"value");
    assert!(commitment.opens(&salt, b"value"));
    assert!(!commitment.opens(&salt, b"valuE"));
    assert!(!commitment.opens(&Salt::derive(&SEED, "answer"), b"value"));
    assert!(!commitment.opens(&Salt::derive(&[8; 32], "arguments"), b"value"));
}

#[test]
fn a_commitment_has_one_spelling() {
    let commitment = Commitment::of(&Salt::from_bytes(SEED), b"");
    assert_eq!(Commitment::from_json(&commitment.to_json()), Some(commitment));
    let hex = commitment.0.to_hex();
    for value in [
        json!(commitment.to_string()),
        json!({ "commitment": hex }),
        json!({ "commitment": format!("sha256:{}", hex.to_uppercase()) }),
        json!({ "commitment": format!("sha256:{hex}00") }),
        json!({ "commitment": format!("sha256:{hex}"), "value": 1 }),
        json!({ "commitment": null }),
        json!([]),
    ] {
        assert_eq!(Commitment::from_json(&value), None, "{value}");
    }
}

#[test]
fn a_salt_is_not_shown() {
    assert_eq!(format!("{:?}", Salt::from_bytes(SEED)), "Salt(…)");
}
