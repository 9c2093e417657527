//! Vectors of what approvers sign.

use super::{bytes, put_bytes, text};
use lastlook_ledger::Digest;
use lastlook_ledger::approval::{
    ApprovalError, ApproverKey, ApproverPublic, Grant, Introduction, Removal, Ruling, SignedGrant,
    SignedIntroduction, SignedRemoval, SignedStatement, Statement,
};
use serde_json::{Value, json};

const TIME: &str = "2026-01-31T09:30:00.000000000Z";

pub fn key(seed: u8) -> ApproverKey {
    ApproverKey::from_seed(&[seed; 32])
}

pub fn statement() -> Statement {
    Statement {
        request: "5b1f0a2c9d".to_owned(),
        action: Digest::from_bytes([0xaa; 32]),
        decision: Ruling::Approve,
        reason: "I called the customer".to_owned(),
        guards: vec![Digest::from_bytes([0xbb; 32])],
        epoch: 3,
        expires: Some("2026-01-31T09:45:00.000000000Z".to_owned()),
        approver: "ada".to_owned(),
        time: TIME.to_owned(),
    }
}

pub fn introduction() -> Introduction {
    Introduction {
        name: "bob".to_owned(),
        key: key(2).public(),
        groups: vec!["Role::\"finance\"".to_owned()],
        by: "ada".to_owned(),
        state: "lastlook/3f9a2c".to_owned(),
        time: TIME.to_owned(),
    }
}

pub fn removal() -> Removal {
    Removal {
        name: "bob".to_owned(),
        reason: "left \u{1F44B}".to_owned(),
        by: "ada".to_owned(),
        state: "lastlook/3f9a2c".to_owned(),
        time: TIME.to_owned(),
    }
}

pub fn grant() -> Grant {
    Grant {
        grant: "grant-7c1e".to_owned(),
        approver: "ada".to_owned(),
        principal: "User::\"agent\"".to_owned(),
        agent: None,
        upstream: "shop".to_owned(),
        tool: "refund".to_owned(),
        definition: Digest::from_bytes([0xcc; 32]),
        resources: vec!["Order::\"42\"".to_owned()],
        when: Some("args.amount_cents <= 5000".to_owned()),
        uses: Some(5),
        sum: Some("/amount_cents".to_owned()),
        max: Some("100000".to_owned()),
        guards: vec![Digest::from_bytes([0xbb; 32])],
        epoch: 3,
        expires: "2026-01-31T17:30:00.000000000Z".to_owned(),
        reason: "small ones are fine".to_owned(),
        state: "lastlook/3f9a2c".to_owned(),
        time: TIME.to_owned(),
    }
}

/// The exact bytes that were signed, if the vector's key signed what it stores.
pub fn verified(vector: &Value) -> Result<String, &'static str> {
    let (stored, public) = (bytes(vector, "stored"), text(vector, "key").parse::<ApproverPublic>().unwrap());
    let read = match text(vector, "kind") {
        "approval" => SignedStatement::from_bytes(&stored).and_then(|it| it.verify(&public).map(|_| ())),
        "introduction" => {
            SignedIntroduction::from_bytes(&stored).and_then(|it| it.verify(&public).map(|_| ()))
        }
        "grant" => SignedGrant::from_bytes(&stored).and_then(|it| it.verify(&public).map(|_| ())),
        "removal" => SignedRemoval::from_bytes(&stored).and_then(|it| it.verify(&public).map(|_| ())),
        kind => panic!("{kind}"),
    };
    read.map_err(|error: ApprovalError| error.code())?;
    // By the specification, not by the code under test: the format, a newline, the statement as it is stored.
    let whole = String::from_utf8(stored).unwrap();
    let (_, statement) = whole.split_once("\"statement\":").unwrap();
    let format = &whole[r#"{"format":""#.len()..whole.find("\",\"signature\"").unwrap()];
    Ok(format!("{format}\n{}", &statement[..statement.len() - 1]))
}

pub fn vector(name: &str, kind: &str, stored: &[u8]) -> Value {
    let mut vector = json!({ "name": name, "kind": kind, "key": key(1).public().to_string() });
    put_bytes(&mut vector, "stored", stored);
    vector
}

pub fn approvals() -> Value {
    let reject = Statement {
        decision: Ruling::Reject,
        reason: String::new(),
        guards: vec![],
        expires: None,
        ..statement()
    };
    let unbounded = Grant {
        agent: Some("a client".to_owned()),
        resources: vec![],
        when: None,
        uses: None,
        sum: None,
        max: None,
        guards: vec![],
        ..grant()
    };
    let first =
        Introduction { name: "ada".to_owned(), key: key(1).public(), groups: vec![], ..introduction() };
    let good = [
        ("an approval", "approval", statement().sign(&key(1)).unwrap().to_bytes()),
        ("a rejection that never expires", "approval", reject.sign(&key(1)).unwrap().to_bytes()),
        ("the first approver introduces herself", "introduction", first.sign(&key(1)).unwrap().to_bytes()),
        ("an introduction", "introduction", introduction().sign(&key(1)).unwrap().to_bytes()),
        ("a removal", "removal", removal().sign(&key(1)).unwrap().to_bytes()),
        ("a grant", "grant", grant().sign(&key(1)).unwrap().to_bytes()),
        ("a grant without bounds but its end", "grant", unbounded.sign(&key(1)).unwrap().to_bytes()),
    ];
    let good = good.map(|(name, kind, stored)| {
        let mut vector = vector(name, kind, &stored);
        vector["seed"] = json!(hex::encode([1; 32]));
        vector["signed"] = json!(verified(&vector).unwrap());
        vector
    });
    let text = String::from_utf8(statement().sign(&key(1)).unwrap().to_bytes()).unwrap();
    let with = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    };
    let hers = String::from_utf8(statement().sign(&key(2)).unwrap().to_bytes()).unwrap();
    let malformed = [
        ("another decision", with("\"approve\"", "\"reject\""), "approval-signature"),
        ("another request", with("5b1f0a2c9d", "5b1f0a2c9e"), "approval-signature"),
        ("another epoch", with("\"epoch\":3", "\"epoch\":4"), "approval-signature"),
        ("signed by another key", hers, "approval-signature"),
        ("a member twice", with("\"epoch\":3", "\"epoch\":3,\"epoch\":3"), "approval-json"),
        ("another version", with("approval/v1", "approval/v2"), "approval-format"),
        ("another kind", with("approval/v1", "removal/v1"), "approval-format"),
        ("an unknown member", with("\"epoch\":3", "\"epoch\":3,\"extra\":null"), "approval-member"),
        (
            "an unknown member beside the statement",
            with("{\"format\"", "{\"a\":1,\"format\""),
            "approval-member",
        ),
        ("a member is missing", with("\"epoch\":3,", ""), "approval-member"),
        ("an epoch that is text", with("\"epoch\":3", "\"epoch\":\"3\""), "approval-member"),
        ("an epoch past 2^53 - 1", with("\"epoch\":3", "\"epoch\":9007199254740992"), "approval-member"),
        ("a decision of another word", with("\"approve\"", "\"Approve\""), "approval-member"),
        ("a name that begins with a dot", with("\"ada\"", "\".ada\""), "approval-member"),
        ("a time without fraction", with(TIME, "2026-01-31T09:30:00Z"), "approval-member"),
        ("a digest in upper case", with(&"aa".repeat(32), &"AA".repeat(32)), "approval-member"),
        ("a signature that is short", with("\"signature\":\"", "\"signature\":\"AAAA"), "approval-member"),
        ("white space", with("\"statement\":{", "\"statement\": {"), "approval-not-canonical"),
        ("an escape that is not needed", with("\"ada\"", "\"\\u0061da\""), "approval-not-canonical"),
    ];
    let malformed = malformed.map(|(name, stored, code)| ("approval", name, stored, code));
    let malformed = malformed.into_iter().chain(malformed_grants()).map(|(kind, name, stored, code)| {
        let mut vector = vector(name, kind, stored.as_bytes());
        vector["code"] = json!(code);
        vector
    });
    let malformed: Vec<Value> = malformed.collect();
    json!({ "good": good, "malformed": malformed })
}

fn malformed_grants() -> Vec<(&'static str, &'static str, String, &'static str)> {
    let text = String::from_utf8(grant().sign(&key(1)).unwrap().to_bytes()).unwrap();
    let with = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    };
    let malformed = [
        ("a grant for more uses", with("\"uses\":5", "\"uses\":6"), "approval-signature"),
        ("a grant that lasts longer", with("T17:30", "T18:30"), "approval-signature"),
        ("a grant for any resource", with("[\"Order::\\\"42\\\"\"]", "[]"), "approval-signature"),
        (
            "an approval taken for a grant",
            with("lastlook/grant/v1", "lastlook/approval/v1"),
            "approval-format",
        ),
        ("a grant without an end", with("\"2026-01-31T17:30:00.000000000Z\"", "null"), "approval-member"),
        ("a grant that ends as it begins", with("T17:30", "T09:30"), "approval-member"),
        ("a grant for no use", with("\"uses\":5", "\"uses\":0"), "approval-member"),
        ("a sum without a limit", with("\"max\":\"100000\"", "\"max\":null"), "approval-member"),
        ("a limit with a sign", with("\"100000\"", "\"-100000\""), "approval-member"),
        ("a limit that is a number", with("\"100000\"", "100000"), "approval-member"),
        ("a sum of the whole", with("\"/amount_cents\"", "\"amount_cents\""), "approval-member"),
        ("a condition without text", with("\"args.amount_cents <= 5000\"", "\"\""), "approval-member"),
        ("a grant to nobody", with("\"User::\\\"agent\\\"\"", "\"\""), "approval-member"),
        ("a grant without a reason", with("\"small ones are fine\"", "\"\""), "approval-member"),
        (
            "a resource twice",
            with("[\"Order::\\\"42\\\"\"]", "[\"Order::\\\"42\\\"\",\"Order::\\\"42\\\"\"]"),
            "approval-member",
        ),
        ("a member of a grant is missing", with("\"agent\":null,", ""), "approval-member"),
    ];
    malformed.map(|(name, stored, code)| ("grant", name, stored, code)).into()
}
