//! What the record says, as a stranger sees it: the log's lines, and receipts verified offline with a pinned key.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Output;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::rig::{Rig, succeeded};

/// A receipt that verified.
#[derive(Debug)]
pub struct Receipt {
    /// The attempt's id.
    pub id: String,
    /// The predicate of the entry that ended it.
    pub says: Value,
    /// The predicate of the entry that armed it.
    pub armed: Option<Value>,
    /// The arguments, as the opened commitment has them.
    pub arguments: Value,
}

impl Rig {
    /// The lines of `lastlook log --json`, oldest first.
    pub fn log(&self) -> Vec<Value> {
        self.log_with(&[])
    }

    /// The same with more options.
    pub fn log_with(&self, options: &[&str]) -> Vec<Value> {
        let printed = self.lastlook_ok(&[&["log", "--json"], options].concat());
        serde_json::Deserializer::from_slice(&printed).into_iter().map(Result::unwrap).collect()
    }

    /// Exports one receipt with its values and verifies it with nothing but the pinned key.
    pub fn receipt(&self, id: &str) -> Receipt {
        let exported = self.lastlook_ok(&["receipt", id, "--with-values"]);
        succeeded(&format!("verify {id}"), self.verify(&exported, &self.key()));
        let file: Value = serde_json::from_slice(&exported).unwrap();
        let predicate = |entry: &Value| statement(entry)["predicate"].clone();
        let values = file["values"].as_array().map(Vec::as_slice).unwrap_or_default();
        let arguments = values.iter().find(|value| value["label"] == "arguments");
        let arguments = arguments
            .map_or(Value::Null, |value| serde_json::from_str(value["value"].as_str().unwrap()).unwrap());
        let armed = file.get("armed").map(predicate);
        let receipt = Receipt { id: id.to_owned(), says: predicate(&file), armed, arguments };
        assert_eq!(receipt.says["attempt"], id);
        receipt
    }

    /// The receipt of every attempt in the log, in the order in which the attempts began to show.
    pub fn receipts(&self) -> Vec<Receipt> {
        let mut seen = BTreeSet::new();
        let mut ids: Vec<String> =
            self.log().iter().map(|line| line["receipt"].as_str().unwrap().to_owned()).collect();
        ids.retain(|id| seen.insert(id.clone()));
        ids.iter().map(|id| self.receipt(id)).collect()
    }

    /// I1: what the servers did and what the receipts say was done are the same, one to one. Every log verifies.
    ///
    /// Nothing may be unknown any more. Gives the receipts.
    #[track_caller]
    pub fn mediated(&self) -> Vec<Receipt> {
        self.lastlook_ok(&["verify"]);
        let receipts = self.receipts();
        let mut said: Vec<String> = receipts
            .iter()
            .filter(|receipt| receipt.succeeded())
            .map(|receipt| self.target(receipt))
            .collect();
        let mut done = self.effects();
        said.sort();
        done.sort();
        assert_eq!(said, done, "receipts say the left, the servers did the right\n{receipts:#?}");
        receipts.iter().for_each(Receipt::is_whole);
        receipts
    }

    fn target(&self, receipt: &Receipt) -> String {
        let arguments = &receipt.arguments;
        let path = arguments.get("destination").or(arguments.get("path")).and_then(Value::as_str);
        self.name(path.unwrap_or_else(|| panic!("no path: {receipt:?}")))
    }

    fn key(&self) -> Vec<u8> {
        self.lastlook_ok(&["keys", "export"])
    }

    /// Offline: no state, only the file and the key.
    fn verify(&self, receipt: &[u8], key: &[u8]) -> Output {
        let write = |name: &str, bytes: &[u8]| -> PathBuf {
            let file = self.beside("receipts").join(name);
            std::fs::write(&file, bytes).unwrap();
            file
        };
        let (receipt, key) = (write("receipt.json", receipt), write("key.pub", key));
        self.command().arg("verify").arg(receipt).arg("--key").arg(key).output().unwrap()
    }

    /// I28: whatever is changed in a receipt shows, and so does another key.
    pub fn cannot_be_forged(&self, id: &str) {
        let genuine: Value =
            serde_json::from_slice(&self.lastlook_ok(&["receipt", id, "--with-values"])).unwrap();
        let key = self.key();
        let refused = |what: &str, file: &Value, key: &[u8]| {
            let output = self.verify(&serde_json::to_vec(file).unwrap(), key);
            assert_eq!(output.status.code(), Some(1), "{what}: {output:?}");
        };
        for (what, member, lie) in [
            ("another verdict", "/predicate/verdict", json!("hold")),
            ("another attempt", "/predicate/attempt", json!("somebody else's")),
            ("another time", "/predicate/time", json!("2001-01-01T00:00:00.000000000Z")),
            ("another action", "/subject/0/digest/sha256", json!("0".repeat(64))),
        ] {
            let (mut file, mut told) = (genuine.clone(), statement(&genuine));
            *told.pointer_mut(member).unwrap() = lie;
            file["payload"] = json!(STANDARD.encode(told.to_string()));
            refused(what, &file, &key);
        }
        let mut file = genuine.clone();
        let opened = file.pointer_mut("/values/0/value").unwrap();
        *opened = json!(format!("{} ", opened.as_str().unwrap()));
        refused("another value", &file, &key);
        let mut file = genuine.clone();
        file["index"] = json!(file["index"].as_u64().unwrap() + 1);
        refused("another place", &file, &key);

        let stranger = Rig::new();
        drop(stranger.agent());
        refused("another key", &genuine, &stranger.key());
    }
}

impl Receipt {
    /// True when the record says that the effect happened.
    pub fn succeeded(&self) -> bool {
        self.says["outcome"] == "succeeded" || self.says["as"] == "succeeded"
    }

    /// I24, I25: what was sent was armed before, and says how wide the gap was.
    fn is_whole(&self) {
        let says = &self.says;
        match says["kind"].as_str().unwrap() {
            "refused" => {
                assert_eq!((&says["verdict"], &says["closure"]), (&json!("deny"), &Value::Null), "{self:?}")
            }
            "operator" => assert!(self.armed.is_some(), "{self:?}"),
            "outcome" => {
                assert!(self.armed.is_some(), "{self:?}");
                assert_ne!(says["outcome"], "unknown", "{self:?}");
                if says["settles"] != true {
                    self.gap_is_told();
                }
            }
            other => panic!("a receipt of kind `{other}`: {self:?}"),
        }
    }

    fn gap_is_told(&self) {
        let says = &self.says;
        assert_eq!(says["closure"], "adjacent", "{self:?}");
        assert!(says["decide_ns"].as_u64() > Some(0) && says["tail_ns"].as_u64() > Some(0), "{self:?}");
        let rested = !self.armed.as_ref().unwrap()["basis"].as_array().unwrap().is_empty();
        // Without a fact there is no moment from which a gap could be counted.
        assert_eq!(says["gap_ns"].as_u64().is_some(), rested, "{self:?}");
        if rested {
            assert!(says["gap_ns"].as_u64() > says["decide_ns"].as_u64(), "{self:?}");
        }
    }
}

fn statement(entry: &Value) -> Value {
    let payload = STANDARD.decode(entry["payload"].as_str().unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}
