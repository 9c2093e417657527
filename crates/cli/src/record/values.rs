//! The values beside an entry: shown only when they are the ones the entry committed to.

use lastlook_canon::{Limits, scan};
use lastlook_engine::text_of;
use lastlook_ledger::{Kind, Salt, commit::Commitment};
use lastlook_store::{Store, StoreError, Values};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Placed, Record, commits};

/// Values of one entry, as far as they are still kept.
#[derive(Debug)]
pub struct Kept<'a> {
    placed: &'a Placed,
    values: Option<Values>,
    /// Whether it is the only entry of its kind about its attempt: the store tells values apart by attempt and kind.
    alone: bool,
}

/// One value that an entry commits to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// The entry says nothing of such a value.
    Nothing,
    /// The value itself.
    Value(Vec<u8>),
    /// Only its digest was kept: it was too large.
    Digest(String),
    /// It is not kept any more.
    Pruned,
    /// It may be kept, but another entry of the same kind stands before it.
    NotAtHand,
    /// What is kept is not what the entry committed to.
    Altered,
}

impl Record {
    /// The values beside one entry.
    pub fn values_of<'a>(&self, placed: &'a Placed) -> Result<Kept<'a>, StoreError> {
        let entries = self.store.entries_of(&placed.entry.attempt)?;
        self.values_among(placed, entries.iter().map(|entry| (entry.kind, entry.payload.as_slice())))
    }

    /// The values beside one entry, when all entries of its attempt are at hand.
    pub fn values_among<'a, 'b>(
        &self,
        placed: &'a Placed,
        entries: impl Iterator<Item = (Kind, &'b [u8])>,
    ) -> Result<Kept<'a>, StoreError> {
        let (attempt, kind) = (&placed.entry.attempt, placed.entry.kind);
        // What only settles an outcome commits to nothing, and hides nothing: what is kept is the other's.
        let commit = entries.filter(|(of, payload)| *of == kind && commits(payload)).count();
        let (alone, others) = (commit <= 1, commit > 0 && !placed.commits());
        let values = if others { None } else { self.store.values(attempt, kind)? };
        Ok(Kept { placed, values, alone })
    }
}

impl Kept<'_> {
    /// The value at this label, checked against its commitment.
    pub fn get(&self, label: &str) -> Shown {
        let Some(commitment) = self.placed.entry.commitment(label) else { return Shown::Nothing };
        let found = self.values.as_ref().and_then(|values| {
            let (_, value) = values.rows.iter().find(|(name, _)| name == label)?;
            Some(checked(&commitment, &Salt::derive(&values.seed, label), value))
        });
        match found {
            Some(shown @ (Shown::Value(_) | Shown::Digest(_))) => shown,
            None | Some(_) if !self.alone => Shown::NotAtHand,
            None => Shown::Pruned,
            Some(shown) => shown,
        }
    }

    /// Labels, salts and values of everything that is kept and is what the entry committed to.
    pub fn opened(&self) -> Vec<(String, Salt, Vec<u8>)> {
        let Some(Values { seed, rows }) = &self.values else { return Vec::new() };
        let opened =
            rows.iter().map(|(label, value)| (label.clone(), Salt::derive(seed, label), value.clone()));
        opened.filter(|(label, salt, value)| self.opens(label, salt, value)).collect()
    }

    /// The labels of what is kept and is not what the entry committed to.
    pub fn altered(&self) -> Vec<&str> {
        let Some(Values { seed, rows }) = self.values.as_ref().filter(|_| self.alone) else {
            return Vec::new();
        };
        let altered =
            rows.iter().filter(|(label, value)| !self.opens(label, &Salt::derive(seed, label), value));
        altered.map(|(label, _)| label.as_str()).collect()
    }

    /// Whether nothing is kept of what the entry commits to.
    pub fn is_pruned(&self) -> bool {
        self.values.is_none() && self.alone && self.placed.commits()
    }

    fn opens(&self, label: &str, salt: &Salt, value: &[u8]) -> bool {
        self.placed.entry.commitment(label).is_some_and(|commitment| commitment.opens(salt, value))
    }
}

fn checked(commitment: &Commitment, salt: &Salt, value: &[u8]) -> Shown {
    if !commitment.opens(salt, value) {
        return Shown::Altered;
    }
    let digest = std::str::from_utf8(value).ok().filter(|text| {
        let hex = text.strip_prefix("sha256:");
        hex.is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
    });
    digest.map_or_else(|| Shown::Value(value.to_vec()), |digest| Shown::Digest(digest.to_owned()))
}

impl Shown {
    /// As text a person can read; what is said in place of a value that is not there stands in brackets.
    pub fn text(&self) -> String {
        match self {
            Shown::Nothing => String::new(),
            Shown::Value(value) => text_of(answer_in(value).unwrap_or(value)),
            Shown::Digest(digest) => format!("[too large to be kept; {digest}]"),
            Shown::Pruned => "[pruned]".to_owned(),
            Shown::NotAtHand => "[not at hand: another outcome was recorded since]".to_owned(),
            Shown::Altered => "[altered: what is kept is not what the entry committed to]".to_owned(),
        }
    }
}

/// The result inside a whole JSON-RPC answer.
fn answer_in(frame: &[u8]) -> Option<&[u8]> {
    let members = scan(frame, &Limits::default()).ok()?;
    members.get("jsonrpc")?;
    members.get("result").or_else(|| members.get("error"))
}

/// `{"kept": "value", "value": …}`, with JSON as it was written; `null` when there is nothing to keep.
impl Serialize for Shown {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Form<'a> {
            kept: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            value: Option<Box<RawValue>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            digest: Option<&'a str>,
        }
        let form = |kept, value, digest| Some(Form { kept, value, digest });
        match self {
            Shown::Nothing => None,
            Shown::Value(value) => form("value", raw(value), None),
            Shown::Digest(digest) => form("digest", None, Some(digest)),
            Shown::Pruned => form("pruned", None, None),
            Shown::NotAtHand => form("not-at-hand", None, None),
            Shown::Altered => form("altered", None, None),
        }
        .serialize(serializer)
    }
}

/// The value as JSON: its own bytes when it is JSON, else a string of them.
fn raw(value: &[u8]) -> Option<Box<RawValue>> {
    let text = String::from_utf8_lossy(value);
    let own = serde_json::from_str::<Box<RawValue>>(text.trim()).ok().filter(|own| !own.get().contains('\n'));
    own.or_else(|| serde_json::value::to_raw_value(&*text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_shown_only_if_it_opens_its_commitment() {
        let salt = Salt::derive(&[7; 32], "arguments");
        let commitment = Commitment::of(&salt, b"{}");
        assert_eq!(checked(&commitment, &salt, b"{}"), Shown::Value(b"{}".to_vec()));
        assert_eq!(checked(&commitment, &salt, b"{ }"), Shown::Altered);
        assert_eq!(checked(&commitment, &Salt::derive(&[7; 32], "answer"), b"{}"), Shown::Altered);
        let digest = format!("sha256:{}", "0a".repeat(32));
        let commitment = Commitment::of(&salt, digest.as_bytes());
        assert_eq!(checked(&commitment, &salt, digest.as_bytes()), Shown::Digest(digest));
    }

    #[test]
    fn answers_and_readings_are_shown_by_their_text() {
        let answer = br#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"done"}]}}"#;
        assert_eq!(Shown::Value(answer.to_vec()).text(), "done\n");
        let error = br#"{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"no"}}"#;
        assert_eq!(Shown::Value(error.to_vec()).text(), "{\"code\":-1,\"message\":\"no\"}\n");
        assert_eq!(Shown::Value(b"\xff".to_vec()).text(), "\u{fffd}\n");
    }

    #[test]
    fn json_keeps_what_a_value_was() {
        let json = |shown: &Shown| serde_json::to_string(shown).unwrap();
        assert_eq!(json(&Shown::Value(b"{\"n\":1.0}\n".to_vec())), r#"{"kept":"value","value":{"n":1.0}}"#);
        assert_eq!(json(&Shown::Value(b"a\x1bb".to_vec())), "{\"kept\":\"value\",\"value\":\"a\\u001bb\"}");
        assert_eq!(json(&Shown::Pruned), r#"{"kept":"pruned"}"#);
        assert_eq!(json(&Shown::Nothing), "null");
    }
}
